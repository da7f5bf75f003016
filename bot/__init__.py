"""Everything that talks to the outside: hears from chats and survey tools, and posts to chats."""
