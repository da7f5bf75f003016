"""What chats are asked about people: who leads, what they are called, who does not want to be disturbed."""
