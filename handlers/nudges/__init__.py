"""Reminders of late promises, to whom and when: the ladder, the clock's look at follow-ups, and private reminders."""
