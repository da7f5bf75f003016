"""Data operations for ops: backup, export, import, erasure, and the move to another database."""
