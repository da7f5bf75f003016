"""The team's huddle: its card, the promises made at it, and the notes in its thread."""
