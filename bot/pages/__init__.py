"""What people and machines open in a browser."""
