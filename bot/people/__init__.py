"""What chats are asked about people: who leads, what they are called, and who must not be disturbed."""
