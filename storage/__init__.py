"""The memory: tables and the questions asked of them. Functions here never commit and never await."""
