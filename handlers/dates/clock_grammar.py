"""Times as people type them: "klo 9-12", "9.00–12.30", "kl. 13", "at 2 pm", "9 to 12". Parsed, not checked."""

import re
from dataclasses import dataclass

_HALF = r"[ap]\.?m\.?(?!\w)|[aif]p(?!\w)|[ef]m(?!\w)"
_TIME = re.compile(
    r"(?P<lead>(?:klockan|kello|klo|kl|at|from|från|between|mellan)(?!(?-i:[^\W\d_]))\.?:?\s*(?:klo\.?|kl\.?)?\s*)?"
    rf"(?P<hour>\d{{1,2}})(?:[.:](?P<minute>\d{{2}}))?(?:\s?(?P<half>{_HALF}))?"
    # "klo 9 to 9.4." is Thursday the 9th, not a span.
    r"(?:\s*(?:[-‐‑‒–—−]|till|tills|until|and|och|to(?!\s*\d{1,2}\.\d{1,2}\.))\s*(?:klo|kl|at)?\.?\s*"
    rf"(?P<hour2>\d{{1,2}})(?:[.:](?P<minute2>\d{{2}}))?(?:\s?(?P<half2>{_HALF}))?)?"
    r"(?!\w|[.:/]\d|\s?[-‐‑‒–—−]\s?\d)",
    re.IGNORECASE,
)
_MORNING = re.compile(r"a\.?m|[af]p|fm", re.IGNORECASE)

Clock = tuple[int, int]


@dataclass(frozen=True)
class ParsedTime:
    """Hours and minutes as typed (25:61 is possible here). ``stop`` is the position after them in the text.

    ``explicit`` is False for a number alone, which may be a count.
    """

    start: Clock
    end: Clock | None
    explicit: bool
    stop: int


def match_time(text: str, position: int) -> ParsedTime | None:
    """The time that begins at this position."""
    match = _TIME.match(text, position)
    if match is None:
        return None
    start = _clock(match["hour"], match["minute"], match["half"])
    end = _clock(match["hour2"], match["minute2"], match["half2"]) if match["hour2"] else None
    if end and match["half2"] and not match["half"]:
        start = _same_half(start, end)
    explicit = any(match[name] for name in ("lead", "minute", "half", "hour2"))
    return ParsedTime(start, end, explicit, match.end())


def _clock(hour: str, minute: str | None, half: str | None) -> Clock:
    hours = int(hour)
    if half and 1 <= hours <= 12:
        hours = hours % 12 + (0 if _MORNING.match(half) else 12)
    return hours, int(minute or 0)


def _same_half(start: Clock, end: Clock) -> Clock:
    """The start of "2-4 pm" and of "10-2 pm": in the afternoon if that is still before the end."""
    later = (start[0] % 12 + 12, start[1])
    return later if end[0] >= 12 and start[0] <= 12 and later < end else start
