"""The program as it runs, killed and starved at random, and what was lost, doubled or left unanswered by it."""
