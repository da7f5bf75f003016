"""The commands of the terminal, one file per subject. Each imports its dependencies when it runs, so that `hero` starts fast."""
