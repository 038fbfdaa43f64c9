"""Measures how many answers an attacker with the whole database can link to people: `python -m tests.anonymity`."""
