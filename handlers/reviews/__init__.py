"""The monthly review of lost customers, the lists behind its figures, and each person's own month."""
