"""What keeps happening: raised from a follow-up, shown to those who lead the team, decided by them."""
