"""Commands of the terminal, a file per subject. Each imports what it needs when it runs and nothing before."""
