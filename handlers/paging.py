"""Lists that are longer than a screen: one page of them, with the buttons to its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from handlers.routes import Tap, data
from handlers.screen import Button
from handlers.texts import Texts

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list; ``number`` counts from 0."""

    items: Sequence[Item]
    number: int
    first: int
    """The place in the list of its first item, from 0."""
    has_more: bool

    def turns(self, t: Texts, name: str, *args: object) -> tuple[Button, ...]:
        """As the function `turns`."""
        return turns(t, name, *args, number=self.number, has_more=self.has_more)


def page_of(items: Sequence[Item], number: int, size: int) -> Page[Item]:
    """The page with a number, ``size`` items long; the last one where the list has become shorter than that."""
    number = max(0, min(number, (len(items) - 1) // size))
    first = number * size
    return Page(items[first : first + size], number, first, has_more=first + size < len(items))


def page_number(tap: Tap, at: int) -> int:
    """The page that a button asks for in its argument ``at``; the first where it names none."""
    return tap.number(at) if len(tap.args) > at else 0


def turns(
    t: Texts, name: str, *args: object, number: int, has_more: bool, keys: tuple[str, str] = ("previous", "next")
) -> tuple[Button, ...]:
    """The buttons to the pages before and after, if there are any; the page's number is their last argument."""
    before = [Button(str(t(keys[0])), data(name, *args, number - 1))] if number else []
    after = [Button(str(t(keys[1])), data(name, *args, number + 1))] if has_more else []
    return (*before, *after)
