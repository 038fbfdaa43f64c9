"""Refusals: what the organisation's rules say no to. Each carries the key of a text and the values in it."""

from typing import Any


class Refused(Exception):  # noqa: N818  (a refusal is an answer, not a fault)
    """Said to the person who acted, in their language; the transaction is rolled back.

    ``key`` names a text in ``handlers/locales``, ``values`` fill its named places.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class NotFound(Refused):
    """It does not exist, or is none of this person's business: strangers cannot tell which."""

    def __init__(self, key: str = "not-found", **values: Any) -> None:
        super().__init__(key, **values)


class NotAllowed(Refused):
    """The person may see it but not do this to it."""

    def __init__(self, key: str = "not-allowed", **values: Any) -> None:
        super().__init__(key, **values)


class Stale(Refused):
    """The button or card is older than the world: say so and show the fresh one."""

    def __init__(self, key: str = "stale", **values: Any) -> None:
        super().__init__(key, **values)
