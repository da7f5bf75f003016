"""The team's huddle: its card, what is promised at it, and the notes of its thread."""
