"""How people come to a roster or a role, and how they leave it."""
