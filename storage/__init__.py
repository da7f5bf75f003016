"""The memory: the tables and the queries on them. Functions here never commit and never await."""
