"""What the figures are measured against: the least that could do the same thing."""
