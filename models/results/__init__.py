"""The results of releases that coordinators read, and what they write about them."""
