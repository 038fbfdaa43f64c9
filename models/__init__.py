"""What the organisation knows and may do: models know."""
