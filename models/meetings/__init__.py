"""Meetings, invitations with their answers, and attendance."""
