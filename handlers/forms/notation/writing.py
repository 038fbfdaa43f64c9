"""Writes a form in the notation, to be copied, changed and sent again."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from handlers.forms.notation.reading import NAME, question, unmarked
from handlers.forms.notation.words import own_words
from handlers.texts import Texts
from models.forms.items import Background, Choice, Item, QuestionKind, identified


def write(name: str | None, items: Iterable[Item], t: Texts) -> str:
    """The text of a form in the reader's language. Each question is written in the shortest way that reads as it."""
    head = [f"{t('notation-word-name')}: {name}"] if name else []
    return "\n".join([*head, *(_question_line(identified(item), t) for item in items)])


def _question_line(item: Item, t: Texts) -> str:
    lines = list(_candidates(item, t))
    return next((line for line in lines if _reads_as(line, item)), lines[-1])


def _reads_as(line: str, item: Item) -> bool:
    return not NAME.fullmatch(line) and question(unmarked(line), own_words()) == (item, [])


def _candidates(item: Item, t: Texts) -> Iterator[str]:
    text = t(f"statement-{item.identity}").unescape() if item.text is None else item.text
    for content in ("", *_parentheses(item, t)):
        for mark in ("", "- "):  # after a mark, words that look like a mark or a name are read as words
            yield f"{mark}{text} ({content})" if content else f"{mark}{text}"


def _parentheses(item: Item, t: Texts) -> Iterator[str]:
    modifiers = [str(t("notation-word-dont-know"))] if item.dont_know else []
    modifiers += [str(t("notation-word-required"))] if item.required else []
    for kind in _kinds(item, t):
        yield ", ".join([kind, *modifiers])


def _kinds(item: Item, t: Texts) -> Iterator[str]:
    match item.background:
        case Background.ORGANISATION:
            yield str(t("notation-word-organisation"))
        case Background.FIELD:
            yield str(t("notation-word-field"))
        case None:
            yield from _kinds_without_background(item, t)
        case _:
            assert_never(item.background)


def _kinds_without_background(item: Item, t: Texts) -> Iterator[str]:
    match item.kind:
        case QuestionKind.YES_NO:
            yield str(t("notation-word-yes-no"))
        case QuestionKind.OPEN:
            yield str(t("notation-word-open"))
        case QuestionKind.SCALE:
            yield from _scales(item)
        case QuestionKind.SINGLE:
            yield from _lists(item, t("notation-word-one"), t)
        case QuestionKind.SEVERAL:
            yield from _lists(item, t("notation-word-several"), t)
        case _:
            assert_never(item.kind)


def _scales(item: Item) -> Iterator[str]:
    if item.low_name is None:
        yield f"{item.low}-{item.high}"
    else:
        yield f"{item.low}-{item.high} {item.low_name} - {item.high_name}"
        yield f"{item.low}-{item.high} {item.low} = {item.low_name}, {item.high} = {item.high_name}"


def _lists(item: Item, head: str, t: Texts) -> Iterator[str]:
    options = [_option(choice, t) for choice in item.choices]
    options += [str(t("notation-word-other"))] if item.other else []
    separators = (";",) if any("/" in option for option in options) else (" /", ";")
    for separator in separators:
        listed = f"{separator} ".join(options)
        yield f"{head}: {listed}"
        yield f"{head}: {listed}{separator}"  # for a last option that ends in ", pakollinen"


def _option(choice: Choice, t: Texts) -> str:
    return t(f"option-{choice.identity}").unescape() if choice.text is None else choice.text
