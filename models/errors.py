"""Refusals: actions that the organisation's rules forbid. Each has the key of a text and the values in it."""

from typing import Any


class Refused(Exception):  # noqa: N818  (a refusal is an answer, not a bug)
    """Shown to the person who acted, in their language. The transaction is rolled back.

    ``key`` names a text in ``handlers/locales``; ``values`` fill its named places.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class NotFound(Refused):
    """It does not exist or this person has no access to it. The answer is the same, so that nobody learns which."""

    def __init__(self, key: str = "not-found", **values: Any) -> None:
        super().__init__(key, **values)


class NotAllowed(Refused):
    """The person may see it but not do this."""

    def __init__(self, key: str = "not-allowed", **values: Any) -> None:
        super().__init__(key, **values)


class Stale(Refused):
    """The button or card shows an outdated state: the answer says so and shows the current one."""

    def __init__(self, key: str = "stale", **values: Any) -> None:
        super().__init__(key, **values)
