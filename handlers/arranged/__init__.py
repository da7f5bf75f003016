"""What ops arrange in chat: teams, routes, sources and who is ops; each change can be undone."""
