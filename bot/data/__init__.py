"""What becomes of the data on request: backup, export, import, erasure, another database."""
