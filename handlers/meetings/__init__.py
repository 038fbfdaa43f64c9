"""Calling meetings, invitations, and attendance."""
