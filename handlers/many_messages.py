"""One reply to many messages that a person sent at once: what was done with each of them."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from handlers.texts import Texts
from models.errors import Refused

MOST_RANGES = 8
"""The most ranges of message numbers in one line."""
MOST_REASONS = 5
"""The most reasons of refusals that are told."""
MOST_HANDLED = 50
"""The most updates of one person that are handled of a queue at Telegram; further ones are only counted."""


class Fate(enum.StrEnum):
    """What was done with a message or tap."""

    DONE = "done"
    REFUSED = "refused"
    UNASKED = "unasked"
    """Nothing waited for it, and nothing of it was stored."""
    FAILED = "failed"
    UNREAD = "unread"
    """One of more than `MOST_HANDLED`, so that it was not handled."""


@dataclass
class Part:
    """The messages that had the same fate for the same reason."""

    fate: Fate
    refusal: Refused | None
    count: int = 0
    ranges: list[list[int]] = field(default_factory=list)
    """First and last number of each range. At most `MOST_RANGES`; ``count`` goes on."""


class Tally:
    """Counts messages, in their order, by what was done with them. Its size is bounded."""

    def __init__(self) -> None:
        self.count = 0
        self._parts: dict[tuple[Fate, str], Part] = {}

    def add(self, fate: Fate, refusal: Refused | None = None) -> None:
        self.count += 1
        reason = f"{refusal.key} {refusal.values}" if refusal else ""
        reasons = sum(part.refusal is not None for part in self._parts.values())
        if refusal and (fate, reason) not in self._parts and reasons >= MOST_REASONS:
            refusal, reason = None, ""
        part = self._parts.setdefault((fate, reason), Part(fate, refusal))
        part.count += 1
        if part.ranges and part.ranges[-1][1] == self.count - 1:
            part.ranges[-1][1] = self.count
        elif len(part.ranges) < MOST_RANGES:
            part.ranges.append([self.count, self.count])

    def text(self, t: Texts) -> Markup:
        """The tally in words: a line for each part, with the numbers of its messages."""
        lines = [t("many-heading", n=self.count)]
        for part in self._parts.values():
            reason = t(part.refusal.key, **part.refusal.values) if part.refusal else Markup("")
            which = t("many-one" if part.count == 1 else "many-several", numbers=_numbers(t, part))
            lines.append(t(f"many-{part.fate}", which=which, reason=reason, most=MOST_HANDLED))
        return Markup("\n").join(lines)


def _numbers(t: Texts, part: Part) -> str | Markup:
    """The numbers of a part's messages, such as "1–3, 7"."""
    shown = sum(last - first + 1 for first, last in part.ranges)
    numbers = ", ".join(_ranges(part.ranges))
    return numbers if shown == part.count else t("many-numbers", numbers=numbers, n=part.count - shown)


def _ranges(ranges: Iterable[list[int]]) -> Iterable[str]:
    return (f"{first}–{last}" if first != last else f"{first}" for first, last in ranges)
