"""The proof of anonymity: what an attacker with the whole database can tell. `python -m tests.anonymity` prints it."""
