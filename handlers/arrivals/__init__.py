"""What comes in besides a new answer: later words, old customers, the directory, what is collected, kept or passed on."""
