"""What is said when a promise is late, to whom and when: the ladder, its look at the clock, and what one person is told at once."""
