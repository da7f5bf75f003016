"""The monthly review of lost customers, what stands behind its figures, and each person's own month."""
