"""Writing forms and choosing among them."""
