"""The benchmark: each figure beside its yardstick, in one run."""
