"""Measures speed, memory and start beside plain peers, as ratios within one run."""
