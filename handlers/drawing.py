"""Pictures and papers: typst templates filled with JSON and made into PNG or PDF.

Everything reaches a template as one JSON input, so that a title is shown and never run as code. Making takes tens to
hundreds of milliseconds: call it in a thread, as `screen.Screen.draws` is.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from handlers.figures import decimal
from handlers.screen import File
from handlers.texts import Texts, texts
from models.valid_figures import Mean

TEMPLATES = Path(__file__).parent / "templates"
POINTS = 360
"""Width of a picture in the templates' points: one is a pixel of a phone's 360."""
PICTURE_PPI = 72 * 1080 / POINTS
"""Pixels per inch of a picture: it becomes 1,080 pixels wide."""
PAGE_PPI = 144
"""Pixels per inch of a paper's page as a picture: A4 becomes 1,191 pixels wide."""

Inputs = dict[str, Any]


def picture_file(name: str, template: str, inputs: Inputs) -> File:
    """A picture to send. ``inputs`` have the language and the notes below the picture."""
    return File(name, draw(template, printable_picture(inputs)), is_picture=True)


def draw(template: str, inputs: Inputs) -> bytes:
    """A template of one page as PNG."""
    return _compile(template, inputs, format="png", ppi=PICTURE_PPI)[0]


def pdf(template: str, inputs: Inputs, *, at: datetime) -> bytes:
    """A template as PDF, tagged as PDF/UA-1 asks, that says it was made ``at`` a moment.

    Raises TypstError for characters that no font has: PDF/UA-1 forbids them. `printable` replaces them.
    """
    return _compile(template, inputs, format="pdf", pdf_standards=["ua-1"], timestamp=_whole_second(at))[0]


def pages(template: str, inputs: Inputs, *, at: datetime) -> list[bytes]:
    """The pages of the same PDF, each as PNG."""
    return _compile(template, inputs, format="png", ppi=PAGE_PPI, timestamp=_whole_second(at))


def metadata(template: str, inputs: Inputs, label: str) -> Any:
    """The value that a template leaves under a label, such as the numbers of the pages where sections begin."""
    import typst

    source, options = _source(template, inputs)
    return json.loads(typst.query(source, label, field="value", one=True, **options))


def _compile(template: str, inputs: Inputs, **output: Any) -> list[bytes]:
    """A template with its inputs as one file, or one for each page."""
    import typst

    source, options = _source(template, inputs)
    content = typst.compile(source, **options, **output)
    if isinstance(content, list):
        return content
    assert isinstance(content, bytes)
    return [content]


def _source(template: str, inputs: Inputs) -> tuple[str, dict[str, Any]]:
    """A template's path, and where typst may read and what."""
    return str(TEMPLATES / f"{template}.typ"), {
        "root": str(TEMPLATES),
        "font_paths": [str(TEMPLATES / "fonts")],
        "ignore_system_fonts": True,
        "sys_inputs": {"data": json.dumps(inputs)},
    }


def _whole_second(at: datetime) -> datetime:
    """Typst takes no fractions of a second."""
    return at.replace(microsecond=0)


# Figures as templates take them


def drawn_mean(t: Texts, mean: Mean) -> Inputs:
    """A mean as printed, how far along its scale it is, and how many points that has."""
    points = mean.high - mean.low + 1
    return {"mean": decimal(mean, t.language), "share": float(mean.along), "points": points}


# Characters that no font has

MARK = "□"
"""Stands in place of characters that no font has."""
KNOWN = range(0x20, 0x250)
"""Code points known to be in our font. All others are checked by setting them in a PDF."""
MOST_CHECKED = 500
"""Characters checked for one paper, at most: each takes milliseconds. The rest counts as missing."""
MOST_MARKS = 10
"""Marks printed in a row, at most."""
LONG_WORD = 30
"""Letters of a word from which on it may be broken anywhere, or it would run off the page."""
JOINERS = "\u200d\ufe0e\ufe0f"
BREAK = "\u200b"
ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def printable_picture(inputs: Inputs) -> Inputs:
    """A picture's inputs made printable, with a note where characters are missing."""
    missing = missing_characters(inputs)
    if missing:
        note = texts(inputs["language"])("chart-missing", mark=MARK).unescape()
        inputs = {**inputs, "notes": [*inputs["notes"], note]}
    made: Inputs = printable(inputs, missing)
    return made


def missing_characters(value: object) -> frozenset[str]:
    """The characters somewhere in the texts of a value that no font has."""
    doubtful = sorted(set("".join(_texts_in(value))) - set(map(chr, KNOWN)) - set(JOINERS))
    missing = [character for character in doubtful[:MOST_CHECKED] if not _has_glyph(character)]
    return frozenset([*missing, *doubtful[MOST_CHECKED:]])


def _texts_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, Sequence) else ()
    return [text for part in inner for text in _texts_in(part)]


@cache
def _has_glyph(character: str) -> bool:
    """Whether a PDF can have it: fonts that come with typst stand in for what ours lacks."""
    import typst

    try:
        pdf("glyph", {"text": character}, at=ANY_DAY)
    except typst.TypstError:
        return False
    return True


def printable(value: Any, missing: frozenset[str]) -> Any:
    """The same value with every text made printable: marks for missing characters, endless words breakable."""
    if isinstance(value, str):
        return _printable(value, missing)
    if isinstance(value, Mapping):
        return {name: printable(part, missing) for name, part in value.items()}
    return [printable(part, missing) for part in value] if isinstance(value, list | tuple) else value


def _printable(text: str, missing: frozenset[str]) -> str:
    if missing:
        either = re.escape("".join(sorted(missing)))
        text = re.sub(f"[{either}][{either}{JOINERS}]*", lambda run: MARK * _marks(run[0]), text)
    return re.sub(rf"\S{{{LONG_WORD},}}", lambda word: re.sub(r"(.{10})(?=.)", rf"\1{BREAK}", word[0]), text)


def _marks(run: str) -> int:
    """One for each letter, so that a word is recognised as one; one for a row of signs, such as an emoji's parts."""
    return min(max(sum(map(str.isalnum, run)), 1), MOST_MARKS)
