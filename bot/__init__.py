"""Everything with a wire in it: hears from chats and survey tools, speaks to chats."""
