"""What coordinators read of releases, and what they note about it."""
