"""A person's own data, its erasure, and the evidence of anonymity."""
