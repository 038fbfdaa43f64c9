"""Results in chat, on paper and as sheets."""
