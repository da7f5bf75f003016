"""Tools that do not send are asked, and what others only named is fetched."""
