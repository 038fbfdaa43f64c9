"""Reads a form's text: its questions, or all that is wrong with it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from handlers.forms.notation.faults import QUOTED, Fault, Trouble, Unreadable
from handlers.forms.notation.parentheses import has_words, is_list, parse_content
from handlers.forms.notation.words import LISTS, OwnWords, folded
from models.forms.items import Background, Item, QuestionKind, identity_of
from models.people.people import tidy

LARGEST = 100_000
"""Characters of a form's text; more than the other limits allow."""
LONGEST_LINE = 3_000
"""Characters."""
MOST_QUESTIONS = 30
LINES_READ = 100
"""If a text has far too many lines, only so many are checked."""
TEXT_LENGTH, NAME_LENGTH = 200, 60
"""Characters of a question and of a form's name."""

NAME = re.compile(r"(?:nimi|namn|name)\s*:\s*(.*)", re.IGNORECASE)
_MARK = re.compile(r"[-–—•*·◦▪●□☐]\s+|[-–—•*·◦▪●□☐](?!\d)|\d{1,3}[.)](?!\d)\s*|[a-zA-Z]\)\s+")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_CLOSED = re.compile(r"\)([^\w()]*)$")
_ASKS = re.compile(r"\?[^\w)?]*$")


@dataclass(frozen=True)
class Written:
    """What a form's text says."""

    name: str | None
    items: tuple[Item, ...]


def read(text: str, *, own_words: OwnWords) -> Written:
    """Reads a form's text. Raises `Unreadable` with all that is wrong with it."""
    if len(text) > LARGEST:
        raise Unreadable([Fault(None, "notation-size", {"n": len(text), "most": LARGEST})])
    lines = [(number, cleaned(raw)) for number, raw in enumerate(text.splitlines(), 1) if raw.strip()]
    lines = [(number, line) for number, line in lines if line]
    name, faults = None, list[Fault]()
    if lines and (match := NAME.fullmatch(lines[0][1])):
        number, line = lines.pop(0)
        name = match[1] or None
        faults += _faults(number, line, _wrong_name(match[1]))
    lines = [(number, rest) for number, line in lines if (rest := unmarked(line))]
    if not lines:
        faults.insert(0, Fault(None, "notation-none"))
    elif len(lines) > MOST_QUESTIONS:
        faults.insert(0, Fault(None, "notation-too-many", {"n": len(lines), "most": MOST_QUESTIONS}))
    items, wrong = _questions(lines[:LINES_READ], own_words)
    if faults := [*faults, *wrong]:
        raise Unreadable(faults)
    return Written(name, tuple(items))


def cleaned(raw: str) -> str:
    """A line without invisible characters, and with full-width characters replaced by usual ones."""
    if len(raw) > LONGEST_LINE:
        return raw[: LONGEST_LINE + 1]  # too long is a fault, whatever else is in it
    seen = tidy(raw.translate(_WIDE), LONGEST_LINE)
    return tidy(seen, LONGEST_LINE)  # once more: letters and accents may have been apart


def unmarked(line: str) -> str:
    """A line without the number or mark of a list; a line that is too long is not changed."""
    mark = _MARK.match(line)
    return line[mark.end() :] if mark and len(line) <= LONGEST_LINE else line


def _faults(number: int, line: str, troubles: Iterable[Trouble]) -> list[Fault]:
    """The faults of a line, without repetitions: two options may be wrong in the same way."""
    beginning, faults = tidy(line[: 3 * QUOTED], 2 * QUOTED), list[Fault]()
    for key, values in troubles:
        if (fault := Fault(number, key, values, beginning)) not in faults:
            faults.append(fault)
    return faults


def _wrong_name(name: str) -> Iterator[Trouble]:
    if len(name) > NAME_LENGTH:
        yield "notation-name-long", {"n": len(name), "most": NAME_LENGTH}
    elif name and not has_words(name):
        yield "notation-name-wordless", {}


def _questions(lines: list[tuple[int, str]], own: OwnWords) -> tuple[list[Item], list[Fault]]:
    items, faults = list[Item](), list[Fault]()
    seen: dict[str, int] = {}
    for number, line in lines:
        if len(line) > LONGEST_LINE:
            faults += _faults(number, line, [("notation-line-long", {"most": LONGEST_LINE})])
            continue
        item, troubles = question(line, own)
        first = seen.setdefault(item.identity, number) if item.identity else number
        if first != number:
            key = "notation-background-twice" if item.background else "notation-question-twice"
            troubles.append((key, {"first": first}))
        items.append(item)
        faults += _faults(number, line, troubles)
    return items, faults


def question(line: str, own: OwnWords) -> tuple[Item, list[Trouble]]:
    """The question of one line, and what is wrong with it."""
    text, item, troubles = _cut(line, own)
    if not text and item.background is None:
        return item, [*troubles, ("notation-text-missing", {})]
    if text and not has_words(text):
        return item, [*troubles, ("notation-text-wordless", {})]
    if len(text) > TEXT_LENGTH:
        troubles = [*troubles, ("notation-text-long", {"n": len(text), "most": TEXT_LENGTH})]
    words = identity_of(text)
    known = own.statements.get(words)
    if item.background is not None:
        return replace(item, text=None if not text or known == item.identity else text), troubles
    if known and known not in set(Background):
        return replace(item, identity=known), troubles
    return replace(item, text=text, identity=words), troubles


def _cut(line: str, own: OwnWords) -> tuple[str, Item, list[Trouble]]:
    """The words of a line, the question that its last parentheses describe, and what is wrong with them."""
    plain = line, _usual(line), list[Trouble]()
    wrong = line, _usual(line), [("notation-parentheses", dict[str, object]())]
    if not (closed := _CLOSED.search(line)):
        return wrong if _unclosed(line) else plain
    tail = closed[1]
    start = _opening(line, closed.start())
    if start is None:
        return plain if tail else wrong
    text = line[:start].rstrip()
    if "?" in tail and text and not _ASKS.search(text):
        text += "?"
    content = line[start + 1 : closed.start()].strip()
    item, troubles = parse_content(content, _usual(text), own)
    if troubles and not is_list(content):
        if tail:  # punctuation after them: the parentheses belong to the sentence
            return plain
        if _unclosed(text):
            return wrong
    return text, item, troubles


def _opening(line: str, end: int) -> int | None:
    """The position of the parenthesis that is closed at ``end``."""
    depth = 0
    for position in range(end, -1, -1):
        depth += (line[position] == ")") - (line[position] == "(")
        if not depth:
            return position
    # The options may be numbered "a)", "b)": then the last word for a list follows the parenthesis.
    heads = (match for match in re.finditer(r"\(([^():]{1,20}):", line) if folded(match[1]) in LISTS)
    return max((match.start() for match in heads), default=None)


def _unclosed(line: str) -> bool:
    """Whether a parenthesis is opened and not closed."""
    depth = 0
    for c in reversed(line):
        depth += (c == ")") - (c == "(")
        if depth < 0:
            return True
    return False


def _usual(text: str) -> Item:
    """The kind of a line without parentheses: open if it is a question, otherwise a statement with a scale."""
    return Item(QuestionKind.OPEN) if _ASKS.search(text) else Item(QuestionKind.SCALE, low=1, high=5)
