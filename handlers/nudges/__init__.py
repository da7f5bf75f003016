"""Reminders about late promises: the ladder, the clock's look at follow-ups, and private reminders."""
