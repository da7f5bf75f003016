"""What people do with a follow-up: a file a verb, each a decision."""
