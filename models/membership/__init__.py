"""Rosters, joining, claiming, roles, and how people leave them."""
