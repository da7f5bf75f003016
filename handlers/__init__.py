"""Decides what happens on each event: plain synchronous functions over a transaction. No network, no SQL dialect."""
