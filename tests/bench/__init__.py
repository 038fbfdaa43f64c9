"""Speed, memory and start beside plain peers, as ratios measured in one run."""
