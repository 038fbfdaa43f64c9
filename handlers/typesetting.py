"""Templates as PDF, tagged as PDF/UA-1 asks, and their pages as pictures.

It forbids characters that no font has, so those are replaced by a mark.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from handlers.charts import TEMPLATES, Inputs

MARK = "□"
PLAIN = range(0x20, 0x250)
"""Our font has the letters among these; of all others it is asked."""
MOST_ASKED = 500
"""Characters that are asked about for one paper: each takes milliseconds, and more come from nobody's language here."""
MOST_MARKS = 10
"""That stand for letters in a row."""
LONG = 30
"""A word longer than this may be broken anywhere, or it would run off the page."""
JOINERS = "\u200d\ufe0e\ufe0f"
BREAK = "\u200b"
PAGE_PPI = 144
"""Of a page as a picture: A4 becomes 1,191 pixels wide."""
ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def pdf(template: str, inputs: Inputs, *, at: datetime) -> bytes:
    """A template as PDF that says it was made ``at`` a moment. Takes tenths of a second: call it in a thread."""
    import typst

    content = typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=[str(TEMPLATES / "fonts")],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=at.replace(microsecond=0),  # it takes whole seconds alone
        sys_inputs={"data": json.dumps(inputs)},
    )
    assert isinstance(content, bytes)
    return content


def pages(template: str, inputs: Inputs, *, at: datetime) -> list[bytes]:
    """The same pages as PNG."""
    import typst

    content = typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=[str(TEMPLATES / "fonts")],
        ignore_system_fonts=True,
        format="png",
        ppi=PAGE_PPI,
        timestamp=at.replace(microsecond=0),  # it takes whole seconds alone
        sys_inputs={"data": json.dumps(inputs)},
    )
    return content if isinstance(content, list) else [content]


def found(template: str, inputs: Inputs, label: str) -> Any:
    """The value that a template leaves under a label: what only setting it tells."""
    import typst

    return json.loads(
        typst.query(
            str(TEMPLATES / f"{template}.typ"),
            label,
            field="value",
            one=True,
            root=str(TEMPLATES),
            font_paths=[str(TEMPLATES / "fonts")],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(inputs)},
        )
    )


def unknown(told: object) -> frozenset[str]:
    """The characters somewhere in some texts that no font has."""
    doubtful = sorted(set("".join(_texts(told))) - set(map(chr, PLAIN)) - set(JOINERS))
    asked = [character for character in doubtful[:MOST_ASKED] if not _has_glyph(character)]
    return frozenset([*asked, *doubtful[MOST_ASKED:]])


def _texts(told: object) -> list[str]:
    if isinstance(told, str):
        return [told]
    inner = told.values() if isinstance(told, Mapping) else told if isinstance(told, Sequence) else ()
    return [text for one in inner for text in _texts(one)]


@cache
def _has_glyph(character: str) -> bool:
    """Asks by setting it: fonts that come with the library stand in for what ours lacks."""
    import typst

    try:
        pdf("glyph", {"text": character}, at=ANY_DAY)
    except typst.TypstError:
        return False
    return True


def settable(told: Any, lacking: frozenset[str]) -> Any:
    """The same with every text made settable: marks for what is lacking, endless words breakable."""
    if isinstance(told, str):
        return _settable(told, lacking)
    if isinstance(told, Mapping):
        return {name: settable(one, lacking) for name, one in told.items()}
    return [settable(one, lacking) for one in told] if isinstance(told, list | tuple) else told


def _settable(text: str, lacking: frozenset[str]) -> str:
    if lacking:
        either = re.escape("".join(sorted(lacking)))
        text = re.sub(f"[{either}][{either}{JOINERS}]*", lambda run: MARK * _marks(run[0]), text)
    return re.sub(rf"\S{{{LONG},}}", lambda word: re.sub(r"(.{10})(?=.)", rf"\1{BREAK}", word[0]), text)


def _marks(run: str) -> int:
    """One for each letter, so that a word is seen to be one; a row of signs, as an emoji may be made of, has one."""
    return min(max(sum(map(str.isalnum, run)), 1), MOST_MARKS)
