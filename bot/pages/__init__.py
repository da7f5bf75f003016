"""The HTTP pages, for people and for machines."""
