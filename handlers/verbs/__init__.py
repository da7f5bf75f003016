"""What people do with a follow-up: one file per verb, each a pure decision."""
