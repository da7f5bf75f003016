"""What is looked back on: the weekly post and its heroes, the digest of who leads, the monthly review, the huddle."""
