"""What the chats show of a follow-up: its card, its buttons, the lines in its thread."""
