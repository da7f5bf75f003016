"""The names by which programs on one computer call one another."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""As hosts: in an address, `::1` stands in brackets."""
