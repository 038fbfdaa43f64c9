"""How many statements are presented as the strongest and the weakest, in digests and in lists of results."""

ENDS = 2
"""The largest number of statements presented as the strongest, and as the weakest."""


def strong_and_weak(count: int, most: int = ENDS) -> tuple[int, int]:
    """The numbers of strongest and of weakest among ``count`` statements. None is both; a single one is strong."""
    strong = min(most, (count + 1) // 2)
    return strong, min(most, count - strong)
