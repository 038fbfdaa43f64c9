"""Ids that are counted up."""

from dataclasses import dataclass


@dataclass
class Numbers:
    """An iterator over the integers from ``following`` on. Unlike `itertools.count` it can be pickled."""

    following: int = 1

    def __next__(self) -> int:
        self.following += 1
        return self.following - 1
