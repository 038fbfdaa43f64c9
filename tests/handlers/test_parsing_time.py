"""No typed line and no file makes a parser slow: processor time grows with the length, not with its square.

Each parser reads texts of the largest size that can arrive: runs of characters between pieces that its grammar knows.
The limits are far above what is needed (a tenth of a second); a pattern with nested repetition takes far longer.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from bot.receiving.fetching import MAX_FILE_BYTES
from handlers import dates
from handlers.forms import notation
from handlers.forms.notation import Unreadable
from handlers.forms.notation.words import own_words
from handlers.meetings import meeting_line
from handlers.results import check
from models.errors import Refused
from models.membership import roster_file
from models.people.people import tidy

MESSAGE = 4096
"""The most characters of a Telegram message."""
RUNS = (*" \t\n\r\"';,.-–()/:?!+%_*", "\u00a0", "\u200b", "\u0301", "\ufdfa", "😀", "a", "ä", "1", "12 ")
RUNS += (
    "klo ",
    "ke ",
    "9-",
    "7.4.",
    "ensi ",
    "the ",
    "on ",
    "to ",
    "1/",
    "5%",
    "n=",
    "http://",
    "a@",
    "(1-5",
    ';"',
    '"\n',
)
PIECES = (
    "",
    "ke",
    "klo",
    "klo 9",
    "9-",
    "7.4.",
    "ensi",
    "7.4. klo 9",
    "Nimi:",
    "A (",
    "(a/b",
    "x;",
    'a"',
    'x; "',
    "n=",
    "5 %",
)
ENDS = ("", "x", "9", ")", '"', "ke", "%", ";")
WHEN = {"now": datetime(2026, 11, 30, 12, tzinfo=UTC), "zone": ZoneInfo("Europe/Helsinki"), "language": "fi"}

TYPED: dict[str, Callable[[str], object]] = {
    "a date in a line": partial(dates.find_when, **WHEN),
    "a date": partial(dates.read_when, **WHEN),
    "a time": dates.read_time,
    "the rest of a meeting's line": meeting_line.after_date,
    "figures": check.read,
    "a name": tidy,
}
FILES: dict[str, Callable[[str], object]] = {
    "a roster": roster_file.read,
    "a roster's bytes": lambda text: roster_file.decode(text[: MAX_FILE_BYTES // 2].encode("utf-16-le")),
    "a form": lambda text: notation.read(text, own_words=own_words()),
}


def hostile(seed: str, size: int, count: int) -> list[str]:
    """Texts of this size: a piece, a run of one or two things, and an end."""
    choice = random.Random(seed).choice
    texts = []
    for _ in range(count):
        begin, end, run = choice(PIECES), choice(ENDS), choice(RUNS) + (choice(RUNS) if choice((True, False)) else "")
        texts.append((begin + run * (size // len(run) + 1))[: size - len(end)] + end)
    return texts


def processor_seconds(parser: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    with suppress(Refused, Unreadable):
        parser(text)
    return time.process_time() - began


@pytest.mark.parametrize("name", TYPED)
def test_a_message_is_read_in_half_a_second_at_most(name: str) -> None:
    for piece in PIECES:
        for space in (" ", "\n", "\u00a0"):
            text = f"{piece}{space * (MESSAGE - 20)}x"
            assert processor_seconds(TYPED[name], text) < 0.5, (piece, space)
    for text in hostile(name, MESSAGE, 100):
        assert processor_seconds(TYPED[name], text) < 0.5, text[:30]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_largest_size_is_read_in_a_second_at_most(name: str) -> None:
    size = MAX_FILE_BYTES if "roster" in name else notation.LARGEST
    for text in hostile(name, size, 12):
        assert processor_seconds(FILES[name], text) < 1, text[:30]


@pytest.mark.parametrize("text", ['a"' + "\t" * 512_000, ('a"' + "\t" * 60_000 + "\n") * 8, 'Bo;"' + " " * 512_000])
def test_a_roster_of_blanks_with_an_odd_quotation_mark_takes_no_longer(text: str) -> None:
    assert processor_seconds(roster_file.read, text) < 1


def test_options_of_letters_that_decompose_into_many_take_no_longer() -> None:
    line = f"Kysymys (yksi: {chr(0xFDFA) * 2_900}, b)"
    text = "\n".join(f"{number} {line}" for number in range(30))
    assert processor_seconds(FILES["a form"], text) < 0.5
