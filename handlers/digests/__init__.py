"""Looking back: the weekly post with its customer action heroes, and the leader's digest."""
