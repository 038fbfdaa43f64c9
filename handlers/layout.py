"""How long a text is to Telegram, how it is cut to a length, and how it is divided into pages.

The limits are those of the Bot API (https://core.telegram.org/bots/api: sendMessage, sendPhoto, answerCallbackQuery,
InlineKeyboardButton). They hold after entity parsing, and we count UTF-16 code units, in which Telegram measures
entities (https://core.telegram.org/api/entities#entity-length): an emoji is two units or more.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from markupsafe import Markup

TEXT_LENGTH = 4_096
"""Units of a message's text, at most."""
CAPTION_LENGTH = 1_024
"""Units of the text under a picture or a file, at most."""
TOAST_LENGTH = 200
"""Units of the answer to a tap, at most."""
DATA_BYTES = 64
"""Bytes in UTF-8 of a button's callback data, at most."""

PAGE_LENGTH = 3_600
"""Units of a page of blocks: what is left of a message is for its heading."""

ELLIPSIS = "…"
Item = TypeVar("Item")


def shown_length(text: str) -> int:
    """A text's length in UTF-16 code units. Of a Markup as it is shown: without tags, an entity as its character."""
    return len(_plain(text).encode("utf-16-le", "surrogatepass")) // 2


def _plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^<>]*>", "", text)) if isinstance(text, Markup) else text


def cut(text: str, limit: int) -> str:
    """Plain text in at most ``limit`` units, ending with an ellipsis where some is left out. A Markup loses its tags.

    It is cut between words, or inside a word that would leave less than half of the room used; never inside what is
    seen as one character.
    """
    text = _plain(text)
    if shown_length(text) <= limit:
        return text
    end = _end_within(text, limit - len(ELLIPSIS))
    space = text.rfind(" ", 0, end + 1)
    kept = text[:space] if space > end // 2 else text[:end]
    return kept.rstrip(" ,.;:–-") + ELLIPSIS


def _end_within(text: str, limit: int) -> int:
    """How many characters of a text fit into so many units, none of them torn."""
    end = units = 0
    for place, character in enumerate(text):
        if not _is_continued(text, place):
            end = place
        units += 1 + (character > "\uffff")
        if units > limit:
            return end
    return len(text)


JOINER = "\u200d"
REGIONAL = range(0x1F1E6, 0x1F200)
SKIN_TONES = range(0x1F3FB, 0x1F400)
TAGS = range(0xE0020, 0xE0080)


def _is_continued(text: str, place: int) -> bool:
    """Whether the character at a place belongs to what the one before it shows: accents, signs made of several, flags.

    The part of https://unicode.org/reports/tr29 that the scripts of our languages and emoji need.
    """
    character = text[place]
    if place == 0:
        return False
    if text[place - 1] == JOINER or character == JOINER or unicodedata.category(character).startswith("M"):
        return True
    if ord(character) in REGIONAL:
        before = place
        while before and ord(text[before - 1]) in REGIONAL:
            before -= 1
        return (place - before) % 2 == 1
    return ord(character) in SKIN_TONES or ord(character) in TAGS


def fill_pages(
    items: Iterable[Item], size: Callable[[Item], int], limit: int, *, gap: int = 0, most: int | None = None
) -> list[list[Item]]:
    """Items in their order on pages of at most ``limit``, with a ``gap`` between two, and at most so many to a page.

    An item larger than a page has one of its own.
    """
    pages: list[list[Item]] = []
    used = 0
    for item in items:
        if not pages or len(pages[-1]) == most or used + gap + size(item) > limit:
            pages.append([])
            used = -gap
        pages[-1].append(item)
        used += gap + size(item)
    return pages


def pages_of_blocks(blocks: Iterable[Markup], limit: int, *, gap: int) -> list[list[Markup]]:
    """Blocks on pages of at most ``limit`` units; a block longer than a page is divided between its lines."""
    return fill_pages((piece for block in blocks for piece in _pieces(block, limit)), shown_length, limit, gap=gap)


def _pieces(block: Markup, limit: int) -> Iterator[Markup]:
    """The block, or its lines; a line that is too long loses its tags and is divided between words."""
    if shown_length(block) <= limit:
        yield block
        return
    for line in block.split("\n"):
        if shown_length(line) <= limit:
            yield line
        else:
            yield from map(Markup.escape, _divided(_plain(line), limit))


def _divided(text: str, limit: int) -> Iterator[str]:
    while shown_length(text) > limit:
        end = _end_within(text, limit) or len(text)
        end = text.rfind(" ", 0, end) + 1 or end
        yield text[:end].rstrip(" ")
        text = text[end:]
    yield text


def headed_pages(first: Markup, name: Markup, blocks: Iterable[Markup], limit: int = PAGE_LENGTH) -> list[Markup]:
    """Blocks as texts of messages. The first begins with ``first``, the others with the name; several have numbers."""
    pages = pages_of_blocks(blocks, limit, gap=2) or [[]]
    if len(pages) == 1:
        return [Markup("\n\n").join([first, *pages[0]])]
    heads = [first, *([Markup("<b>{}</b>").format(name)] * (len(pages) - 1))]
    numbered = [Markup("{} <i>({}/{})</i>").format(head, at, len(pages)) for at, head in enumerate(heads, 1)]
    return [Markup("\n\n").join([head, *page]) for head, page in zip(numbered, pages, strict=True)]
