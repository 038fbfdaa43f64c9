"""Telegram's HTML parse mode, with the errors of the original.

Follows ``parse_html`` in tdlib's MessageEntity.cpp: it accepts and rejects the same, with the same
error texts and byte offsets.
"""

import re
from dataclasses import dataclass, field, replace

from bot.sandbox.entities import Entity, Text, in_order, utf16_length
from bot.sandbox.errors import ApiError, bad_request

_SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
}
_TAGS = {*_SIMPLE, "a", "code", "pre", "blockquote", "tg-emoji", "tg-time"}
_BLOCK = {"pre", "code"}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_NAME = re.compile(r"[^\s>]*")
_SPACE = re.compile(r"\s*")
_END_TAG = re.compile(r"</([^\s>]*)\s*(>?)")
_ATTRIBUTE = re.compile(r"""([^\s=>]+)\s*(?:(=)\s*(?:"([^"]*)("?)|'([^']*)('?)|([a-zA-Z0-9.-]*)))?""")


def parse_html(source: str) -> Text:
    """The plain text and entities of ``source``. Raises ApiError as Telegram does for HTML that it does not accept."""
    return _Parser(source).parse()


def _parse_error(text: str) -> ApiError:
    return bad_request(f"can't parse entities: {text}")


def _decoded(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED.get(name, match.group())
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code == 0 or code >= 0x10FFFF or len(match.group().rstrip(";")) >= 10:
        return match.group()
    return chr(code)


@dataclass
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    position: int


@dataclass
class _Parser:
    source: str
    plain: str = ""
    offset: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def parse(self) -> Text:
        at = 0
        while at < len(self.source):
            if self.source[at] == "<":
                at = self._end_tag(at) if self.source.startswith("</", at) else self._start_tag(at)
            else:
                until = self.source.find("<", at)
                until = len(self.source) if until < 0 else until
                self._add(self.source[at:until])
                at = until
        if self.open:
            raise _parse_error(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        # Only blocks have a language: Telegram drops that of inline code.
        return Text(self.plain, in_order(replace(e, language=None) if e.type == "code" else e for e in self.entities))

    def _add(self, source: str) -> None:
        text = _REFERENCE.sub(_decoded, source)
        if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
            raise _parse_error("Text contains invalid Unicode characters after decoding HTML entities")
        self.plain += text
        self.offset += utf16_length(text)

    def _byte(self, at: int) -> int:
        return len(self.source[:at].encode())

    def _start_tag(self, begin: int) -> int:
        name = _NAME.match(self.source, begin + 1)
        assert name
        if name.end() == len(self.source):
            raise _parse_error(f"Unclosed start tag at byte offset {self._byte(begin)}")
        tag = name.group().lower()
        if tag not in _TAGS:
            raise _parse_error(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        attributes, at = self._attributes(tag, begin, name.end())
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _parse_error(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.open.append(_Open(tag, attributes, self.offset, len(self.plain)))
        return at

    def _attributes(self, tag: str, begin: int, at: int) -> tuple[dict[str, str], int]:
        """The attributes from position ``at`` on, and the position after the closing bracket."""
        attributes: dict[str, str] = {}
        offset = self._byte(begin)
        while True:
            space = _SPACE.match(self.source, at)
            at = space.end() if space else at
            if self.source.startswith(">", at):
                return attributes, at + 1
            match = _ATTRIBUTE.match(self.source, at)
            if not match:
                problem = f'Empty attribute name in the tag "{tag}"' if at < len(self.source) else "Unclosed start tag"
                raise _parse_error(f"{problem} at byte offset {offset}")
            name, equals, double, double_end, single, single_end, token = match.groups()
            if not equals and (tag, name) != ("blockquote", "expandable"):
                problem = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
                raise _parse_error(f"{problem} at byte offset {offset}")
            at = match.end()
            if at == len(self.source) or "" in (double_end, single_end):
                raise _parse_error(f"Unclosed start tag at byte offset {offset}")
            if token is not None and not re.match(r"[\s>]", self.source[at]):
                raise _parse_error(f"Unexpected end of name token at byte offset {self._byte(match.start(7))}")
            value = double if double is not None else single if single is not None else (token or "").lower()
            attributes[name] = _REFERENCE.sub(_decoded, value)

    def _end_tag(self, begin: int) -> int:
        offset = self._byte(begin)
        if not self.open:
            raise _parse_error(f"Unexpected end tag at byte offset {offset}")
        match = _END_TAG.match(self.source, begin)
        assert match
        if not match.group(2):
            raise _parse_error(f"Unclosed end tag at byte offset {offset}")
        name, opened = match.group(1).lower(), self.open[-1]
        if name and name != opened.tag:
            raise _parse_error(
                f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{name}>"'
            )
        self.open.pop()
        if self.offset > opened.offset:
            self._close(opened)
        return match.end()

    def _close(self, opened: _Open) -> None:
        entity = _entity(opened, self.offset - opened.offset, self.plain[opened.position :])
        if entity and entity.type in ("code", "pre"):
            entity = self._verbatim(entity)
        if entity:
            self.entities.append(entity)

    def _verbatim(self, entity: Entity) -> Entity:
        """Drops entities inside code. <pre><code class="language-x"> becomes one block of that language."""
        inner = [other for other in self.entities if other.offset >= entity.offset]
        self.entities = [other for other in self.entities if other.offset < entity.offset]
        for other in inner:
            if (other.offset, other.length) == (entity.offset, entity.length) and {other.type, entity.type} == _BLOCK:
                return replace(entity, type="pre", language=other.language or entity.language)
        return entity


def _entity(opened: _Open, length: int, inside: str) -> Entity | None:
    tag, attributes, offset = opened.tag, opened.attributes, opened.offset
    if tag in _SIMPLE:
        return Entity(_SIMPLE[tag], offset, length)
    if tag == "a":
        return _link(attributes.get("href") or inside, offset, length)
    if tag == "tg-emoji":
        if not re.fullmatch(r"[1-9][0-9]{0,18}", attributes.get("emoji-id", "")):
            raise _parse_error("Invalid custom emoji identifier specified")
        return Entity("custom_emoji", offset, length, custom_emoji_id=attributes["emoji-id"])
    if tag == "tg-time":
        return _time(attributes, offset, length)
    if tag == "blockquote":
        return Entity("expandable_blockquote" if "expandable" in attributes else "blockquote", offset, length)
    language = re.fullmatch(r"language-(.+)", attributes.get("class", "")) if tag == "code" else None
    return Entity(tag, offset, length, language=language.group(1) if language else None)


def _link(url: str, offset: int, length: int) -> Entity | None:
    """A link, or a mention of a user by id. None for addresses that cannot be parsed: Telegram drops them."""
    user = re.fullmatch(r"tg://user\?id=([0-9]+)", url)
    if user:
        return Entity("text_mention", offset, length, user_id=int(user.group(1)))
    if not re.match(r"(?:https?|tg|ton|tonsite)://.", url):
        if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+(?:[/?#:].*)?", url):
            return None
        url = f"http://{url}"
    bare = re.fullmatch(r"(https?://[^/?#]+)", url)
    return Entity("text_link", offset, length, url=f"{url}/" if bare else url)


def _time(attributes: dict[str, str], offset: int, length: int) -> Entity:
    if not re.fullmatch(r"[1-9][0-9]{0,11}", attributes.get("unix", "")):
        raise _parse_error("Invalid date specified")
    return Entity(
        "date_time",
        offset,
        length,
        unix_time=int(attributes["unix"]),
        date_time_format=attributes.get("format") or None,
    )
