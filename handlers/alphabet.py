"""Lists of people and groups in the order of the reader's alphabet."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeVar

from handlers.locale_table import LOCALE_TABLE
from handlers.texts import Texts
from models.people.names import in_order

Item = TypeVar("Item")


def sorted_by_name(t: Texts, items: Iterable[Item], name: Callable[[Item], str] = attrgetter("name")) -> list[Item]:
    """The items by the name that ``name`` returns; those of one name stay as they were."""
    letters_after_z = LOCALE_TABLE[t.language].letters_after_z
    return sorted(items, key=lambda item: in_order(name(item), letters_after_z))
