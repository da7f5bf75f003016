"""The benchmark: each figure is measured next to its yardstick, in one run."""
