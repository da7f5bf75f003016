"""What is looked back on: the weekly post and its heroes, and the digest of who leads."""
