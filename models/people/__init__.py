"""People, workgroups, roles, and who may do what."""
