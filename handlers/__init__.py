"""What happens when something happens: plain synchronous functions over a transaction. No wire, no SQL dialect."""
