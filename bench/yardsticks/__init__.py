"""What the figures are measured against: the least code that could do the same."""
