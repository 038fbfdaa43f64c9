"""Deliveries out: claimed, rendered, sent, recorded."""
