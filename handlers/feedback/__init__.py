"""Answering forms, and sending them."""
