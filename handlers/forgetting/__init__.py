"""Forgets who wants to be forgotten, and what is older than app.yaml allows."""
