"""What every request passes on its way in: limits of size and time, strict headers, and the doors for machines."""
