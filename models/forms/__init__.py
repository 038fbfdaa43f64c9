"""Forms, their versions and questions."""
