"""Updates in: fetched, applied, answered, acknowledged."""
