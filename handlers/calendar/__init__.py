"""Opening hours, promises, weeks and months, in a team's own calendar. Pure."""
