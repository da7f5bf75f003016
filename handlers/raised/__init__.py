"""What keeps happening: raised from a follow-up, shown to the team's leaders, decided by them."""
