"""How many statements are presented as the strongest and the weakest, in digests and in lists of results."""

ENDS = 2
"""Statements that are the strongest, at most, and as many the weakest."""


def strong_and_weak(count: int, most: int = ENDS) -> tuple[int, int]:
    """Of so many statements, how many are the strongest and how many the weakest: none is both, one alone is strong."""
    strong = min(most, (count + 1) // 2)
    return strong, min(most, count - strong)
