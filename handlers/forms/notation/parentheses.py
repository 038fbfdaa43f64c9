"""What stands in the last parentheses of a line: a scale, options, or a word for the kind of question."""

import re
from collections.abc import Iterable
from dataclasses import replace

from handlers.forms.notation.faults import Trouble, quoted
from handlers.forms.notation.words import DONT_KNOW, FIXED, LISTS, OTHER, REQUIRED, OwnWords, folded
from models.forms.items import Choice, Item, QuestionKind, identity_of

MOST_POINTS = 10
FEWEST_OPTIONS, MOST_OPTIONS = 2, 12
OPTION_LENGTH, END_LENGTH = 200, 60

_DASH = "[-‐‑‒–—―−﹘﹣]"
_BETWEEN = rf"(?:{_DASH}+|…|\.{{2,}}|/)"
_SCALE = r"(?:(?:asteikko|skala|scale)[\s:]*)?"
_RANGE = re.compile(rf"{_SCALE}([0-9]{{1,4}})\s*{_BETWEEN}\s*([0-9]{{1,4}})(?![0-9])[\s,:;=]*(.*)", re.IGNORECASE)
_SPACED = re.compile(rf"\s+{_BETWEEN}\s+")
_UNSPACED = (re.compile(r"…|\.{2,}"), re.compile("/"), re.compile(_DASH))
MARKS = re.compile(r"^(?:[-–—•*·◦▪●]\s+|(?:[0-9]{1,2}|[a-zA-Z])\)\s*)+")
"""What options begin with in a list: "a)", "1)", "-". Not "1.", which may be an ordinal."""


def is_list(content: str) -> bool:
    """Whether options are given, rightly or wrongly."""
    head, colon, _ = content.partition(":")
    return bool(colon) and folded(head) in LISTS


def has_words(text: str) -> bool:
    """Whether there is something to read: a letter or a figure that is seen."""
    return any(c.isalnum() and c not in "\u115f\u1160\u3164\uffa0" for c in text)


def balanced(text: str) -> bool:
    """Whether every parenthesis has its other half."""
    depth = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if depth < 0:
            return False
    return depth == 0


def meant(content: str, usual: Item, own: OwnWords) -> tuple[Item, list[Trouble]]:
    """The question that parentheses make, as yet without words, and what is wrong with it.

    ``usual`` is what it would be without them.
    """
    if is_list(content):
        head, _, said = content.partition(":")
        return _choice(Item(LISTS[folded(head)]), said.strip(), own)
    if (scale := _RANGE.fullmatch(content)) and folded(scale[3]) in REQUIRED | DONT_KNOW:
        content = f"{scale[1]}-{scale[2]}, {scale[3]}"  # the comma was forgotten
    said, modifiers = _modifiers(content, REQUIRED | DONT_KNOW)
    item, troubles = _shape(said, usual)
    dont_know = not modifiers.isdisjoint(DONT_KNOW)
    if dont_know and item.kind is not QuestionKind.SCALE and not troubles:
        troubles = [("notation-dont-know", {})]
    return replace(item, required=not modifiers.isdisjoint(REQUIRED), dont_know=dont_know), troubles


def _modifiers(said: str, known: frozenset[str]) -> tuple[str, set[str]]:
    """What remains without the known words before the first comma and after the last ones."""
    found: set[str] = set()
    while True:
        first, comma, rest = said.partition(",")
        if comma and folded(first) in known:
            found.add(folded(first))
            said = rest
            continue
        rest, _, last = said.rpartition(",")
        if not set(last).isdisjoint(";/") or folded(last) not in known:
            return said.strip(" ,"), found
        found.add(folded(last))
        said = rest


def _shape(said: str, usual: Item) -> tuple[Item, list[Trouble]]:
    if not said:
        return usual, []
    if match := _RANGE.fullmatch(said):
        return _scale(int(match[1]), int(match[2]), match[3])
    if item := FIXED.get(folded(said)):
        return item, []
    key = "notation-one-or-several" if re.search(r"[;/]", said) else "notation-unknown"
    return usual, [(key, {"words": quoted(said)})]


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
    """The two names, or fewer: "1 = huono, 5 = hyvä", "huono - hyvä", or the same without spaces."""
    if match := re.fullmatch(rf"{low}\s*=(.+?)(?:{_DASH}|[…/])?\s*(?<!\w){high}\s*=(.+)", names):
        return [match[1], match[2]]
    if len(parts := _SPACED.split(names, maxsplit=1)) == 2:
        return parts
    # A dash without spaces may also stand within a word: only a single one is the border.
    return next((parts for one in _UNSPACED if len(parts := one.split(names)) == 2), [names])


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


def _choice(item: Item, said: str, own: OwnWords) -> tuple[Item, list[Trouble]]:
    # Between commas "en osaa sanoa" is an option; after options between other marks it is out of place.
    among_commas = set(said).isdisjoint(";/")
    said, modifiers = _modifiers_after(said, REQUIRED if among_commas else REQUIRED | DONT_KNOW)
    written = _options(said)
    choices = tuple(_chosen(option, own) for option in written if folded(option) not in OTHER)
    troubles: list[Trouble] = [] if modifiers.isdisjoint(DONT_KNOW) else [("notation-dont-know", {})]
    if len(written) > MOST_OPTIONS:
        troubles.append(("notation-options-many", {"n": len(written), "most": MOST_OPTIONS}))
    else:
        troubles += _wrong_options(written, own)
    required = not modifiers.isdisjoint(REQUIRED)
    return replace(item, choices=choices, other=len(choices) < len(written), required=required), troubles


def _modifiers_after(said: str, known: frozenset[str]) -> tuple[str, set[str]]:
    """As `_modifiers`, but at the end alone: options begin the list."""
    found: set[str] = set()
    while True:
        rest, comma, last = said.rpartition(",")
        if not comma or not set(last).isdisjoint(";/") or folded(last) not in known:
            return said, found
        found.add(folded(last))
        said = rest


def _options(said: str) -> list[str]:
    """The options as written; empty ones are left out, and "muu, mikä?" is one."""
    separator = next((one for one in ";/," if one in said), ";")
    found: list[str] = []
    for part in (MARKS.sub("", one.strip(), count=1).strip() for one in said.split(separator)):
        if found and separator == "," and folded(found[-1]) in OTHER and folded(f"{found[-1]} {part}") in OTHER:
            found[-1] = f"{found[-1]}, {part}"
        elif part:
            found.append(part)
    return found


def _chosen(option: str, own: OwnWords) -> Choice:
    words = identity_of(option)
    return Choice(identity=own.options[words]) if words in own.options else Choice(option, words)


def _wrong_options(written: list[str], own: OwnWords) -> Iterable[Trouble]:
    if len(written) < FEWEST_OPTIONS:
        yield "notation-options-one" if written else "notation-options-none", {}
    seen: set[str] = set()
    for option in written:
        said = {"words": quoted(option)}
        if not has_words(option):
            yield "notation-option-wordless", said
            continue
        if len(option) > OPTION_LENGTH:
            yield "notation-option-long", {**said, "n": len(option), "most": OPTION_LENGTH}
        if not balanced(option):
            yield "notation-parentheses", {}
        identity = "other" if folded(option) in OTHER else _chosen(option, own).identity
        if identity in seen:
            yield "notation-option-twice", said
        seen.add(identity)
