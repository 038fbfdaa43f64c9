"""Reads the parentheses at the end of a line: a scale, options, or a word for the kind of question."""

import re
from collections.abc import Iterable
from dataclasses import replace

from handlers.forms.notation.faults import Trouble, quoted
from handlers.forms.notation.words import DONT_KNOW, FIXED, LISTS, OTHER, REQUIRED, OwnWords, folded
from models.forms.items import Choice, Item, QuestionKind, identity_of

MOST_POINTS = 10
"""Of a scale."""
FEWEST_OPTIONS, MOST_OPTIONS = 2, 12
OPTION_LENGTH, END_LENGTH = 200, 60
"""Characters of an option, and of the meaning of a scale's end."""

_DASH = "[-‐‑‒–—―−﹘﹣]"
_BETWEEN = rf"(?:{_DASH}+|…|\.{{2,}}|/)"
_SCALE = r"(?:(?:asteikko|skala|scale)[\s:]*)?"
_RANGE = re.compile(rf"{_SCALE}([0-9]{{1,4}})\s*{_BETWEEN}\s*([0-9]{{1,4}})(?![0-9])[\s,:;=]*(.*)", re.IGNORECASE)
_SPACED = re.compile(rf"\s+{_BETWEEN}\s+")
_UNSPACED = (re.compile(r"…|\.{2,}"), re.compile("/"), re.compile(_DASH))
MARKS = re.compile(r"^(?:[-–—•*·◦▪●]\s+|(?:[0-9]{1,2}|[a-zA-Z])\)\s*)+")
"""Marks that options begin with in a list: "a)", "1)", "-". Not "1.", which may be an ordinal number."""


def is_list(content: str) -> bool:
    """Whether it is a list of options, with or without faults."""
    head, colon, _ = content.partition(":")
    return bool(colon) and folded(head) in LISTS


def has_words(text: str) -> bool:
    """Whether a text has a visible letter or digit."""
    return any(c.isalnum() and c not in "\u115f\u1160\u3164\uffa0" for c in text)


def balanced(text: str) -> bool:
    """Whether every parenthesis is opened and closed."""
    depth = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if depth < 0:
            return False
    return depth == 0


def parse_content(content: str, usual: Item, own: OwnWords) -> tuple[Item, list[Trouble]]:
    """The question that the parentheses describe, without its words, and what is wrong with it.

    ``usual`` is the question without parentheses.
    """
    if is_list(content):
        head, _, options = content.partition(":")
        return _choice(Item(LISTS[folded(head)]), options.strip(), own)
    if (scale := _RANGE.fullmatch(content)) and folded(scale[3]) in REQUIRED | DONT_KNOW:
        content = f"{scale[1]}-{scale[2]}, {scale[3]}"  # the comma was forgotten
    content, modifiers = _modifiers(content, REQUIRED | DONT_KNOW)
    item, troubles = _shape(content, usual)
    dont_know = not modifiers.isdisjoint(DONT_KNOW)
    if dont_know and item.kind is not QuestionKind.SCALE and not troubles:
        troubles = [("notation-dont-know", {})]
    return replace(item, required=not modifiers.isdisjoint(REQUIRED), dont_know=dont_know), troubles


def _modifiers(content: str, known: frozenset[str]) -> tuple[str, set[str]]:
    """Splits off the known words before the first comma and after the last commas; returns the rest and those words."""
    modifiers: set[str] = set()
    while True:
        first, comma, rest = content.partition(",")
        if comma and folded(first) in known:
            modifiers.add(folded(first))
            content = rest
            continue
        rest, _, last = content.rpartition(",")
        if not set(last).isdisjoint(";/") or folded(last) not in known:
            return content.strip(" ,"), modifiers
        modifiers.add(folded(last))
        content = rest


def _shape(content: str, usual: Item) -> tuple[Item, list[Trouble]]:
    if not content:
        return usual, []
    if match := _RANGE.fullmatch(content):
        return _scale(int(match[1]), int(match[2]), match[3])
    if item := FIXED.get(folded(content)):
        return item, []
    key = "notation-one-or-several" if re.search(r"[;/]", content) else "notation-unknown"
    return usual, [(key, {"words": quoted(content)})]


# Scales


def _scale(low: int, high: int, names: str) -> tuple[Item, list[Trouble]]:
    item, troubles = Item(QuestionKind.SCALE, low=low, high=high), list[Trouble]()
    if low > 1 or not low < high or high - low >= MOST_POINTS:
        troubles.append(("notation-scale", {"most": MOST_POINTS}))
    names = names.rstrip(" ,:;=.")
    if not names:
        return item, troubles
    if len(names) > 4 * END_LENGTH:
        return item, [*troubles, _long_end(names)]
    ends = [_name(name, number) for name, number in zip(_ends(names, low, high), (low, high), strict=False)]
    if len(ends) < 2 or not all(ends):
        return item, [*troubles, ("notation-ends", {"low": low, "high": high})]
    troubles += (trouble for name in ends for trouble in _wrong_end(name))
    return replace(item, low_name=ends[0], high_name=ends[1]), troubles


def _ends(names: str, low: int, high: int) -> list[str]:
    """The names of the two ends, or fewer: "1 = huono, 5 = hyvä", "huono - hyvä", or the same without spaces."""
    if match := re.fullmatch(rf"{low}\s*=(.+?)(?:{_DASH}|[…/])?\s*(?<!\w){high}\s*=(.+)", names):
        return [match[1], match[2]]
    if len(parts := _SPACED.split(names, maxsplit=1)) == 2:
        return parts
    # A mark without spaces may also be part of a word: it separates the names only if there is just one.
    return next((parts for mark in _UNSPACED if len(parts := mark.split(names)) == 2), [names])


def _name(name: str, number: int) -> str:
    return re.sub(rf"^(?:[\s,:;=]|{number}\s*=)+", "", name).rstrip(" ,:;=.")


def _wrong_end(name: str) -> Iterable[Trouble]:
    if not has_words(name):
        yield "notation-end-wordless", {"words": quoted(name)}
    if not balanced(name):
        yield "notation-parentheses", {}
    if len(name) > END_LENGTH:
        yield _long_end(name)


def _long_end(name: str) -> Trouble:
    return "notation-end-long", {"words": quoted(name), "n": len(name), "most": END_LENGTH}


# Options


def _choice(item: Item, content: str, own: OwnWords) -> tuple[Item, list[Trouble]]:
    # Between commas "en osaa sanoa" is an option; after options between other marks it is a modifier, and misplaced.
    has_commas_only = set(content).isdisjoint(";/")
    content, modifiers = _last_modifiers(content, REQUIRED if has_commas_only else REQUIRED | DONT_KNOW)
    options = _options(content)
    choices = tuple(_choice_of(option, own) for option in options if folded(option) not in OTHER)
    troubles: list[Trouble] = [] if modifiers.isdisjoint(DONT_KNOW) else [("notation-dont-know", {})]
    if len(options) > MOST_OPTIONS:
        troubles.append(("notation-options-many", {"n": len(options), "most": MOST_OPTIONS}))
    else:
        troubles += _wrong_options(options, own)
    required = not modifiers.isdisjoint(REQUIRED)
    return replace(item, choices=choices, other=len(choices) < len(options), required=required), troubles


def _last_modifiers(content: str, known: frozenset[str]) -> tuple[str, set[str]]:
    """As `_modifiers`, but only after the last commas: the list begins with options."""
    modifiers: set[str] = set()
    while True:
        rest, comma, last = content.rpartition(",")
        if not comma or not set(last).isdisjoint(";/") or folded(last) not in known:
            return content, modifiers
        modifiers.add(folded(last))
        content = rest


def _options(content: str) -> list[str]:
    """The options as written, without empty ones; "muu, mikä?" is one option."""
    separator = next((mark for mark in ";/," if mark in content), ";")
    options: list[str] = []
    for part in (MARKS.sub("", part.strip(), count=1).strip() for part in content.split(separator)):
        if options and separator == "," and folded(options[-1]) in OTHER and folded(f"{options[-1]} {part}") in OTHER:
            options[-1] = f"{options[-1]}, {part}"
        elif part:
            options.append(part)
    return options


def _choice_of(option: str, own: OwnWords) -> Choice:
    words = identity_of(option)
    return Choice(identity=own.options[words]) if words in own.options else Choice(option, words)


def _wrong_options(options: list[str], own: OwnWords) -> Iterable[Trouble]:
    if len(options) < FEWEST_OPTIONS:
        yield "notation-options-one" if options else "notation-options-none", {}
    seen: set[str] = set()
    for option in options:
        values = {"words": quoted(option)}
        if not has_words(option):
            yield "notation-option-wordless", values
            continue
        if len(option) > OPTION_LENGTH:
            yield "notation-option-long", {**values, "n": len(option), "most": OPTION_LENGTH}
        if not balanced(option):
            yield "notation-parentheses", {}
        identity = "other" if folded(option) in OTHER else _choice_of(option, own).identity
        if identity in seen:
            yield "notation-option-twice", values
        seen.add(identity)
