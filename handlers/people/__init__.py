"""Starting, groups, rosters, roles, settings and privacy."""
