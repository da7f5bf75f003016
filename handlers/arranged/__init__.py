"""What ops arrange in chat: teams, routes, sources and who may; each change can be undone."""
