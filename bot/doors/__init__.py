"""What every request passes on its way in: bounds of size and time, careful headers, and the doors for machines."""
