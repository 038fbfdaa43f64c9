"""The gallery builds, whole and closed in itself, and shows what every command answers."""

import re
from html.parser import HTMLParser

from handlers.routes import ROUTES
from handlers.texts import LANGUAGES, catalogue
from tests.gallery.camera import Place, Shot
from tests.gallery.page import distinct, page
from tests.gallery.story import SCENES, played

VOID = {"meta", "img", "br"}
SHORT = [scene for scene in SCENES if scene[0] in ("Arriving", "Calling a meeting", "Commands")]


class Balanced(HTMLParser):
    """Fails on a tag closed that was not opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_gallery_builds_and_has_every_commands_screen() -> None:
    shots, said = await played("fi", SHORT)
    written = page(dict.fromkeys(LANGUAGES, shots), said)
    parser = Balanced()
    parser.feed(written)
    assert parser.open == []
    assert not re.findall(r'(?:src|href)="(?!#|data:|https?://t\.me/|https://example\.org/|tg:)[^"]*"', written)
    answered = {place.action for place in shots}
    assert {f"“/{name}”" for name in ROUTES.commands} <= answered
    for key in set(catalogue("fi")) - said:
        assert f"<th>{key}</th>" in written
    assert "Ei pääse" in written or "En pääse" in written


def test_a_sight_is_shown_once_whatever_its_numbers() -> None:
    def shot(words: str) -> Shot:
        return Shot(words)

    places = [Place("Scene", step, "", "Bo", 0) for step in range(4)]
    said = ("ke 10.3. koodi ABCDE-FGHJ2", "to 11.3. koodi 23456-789AB", "Toinen", "Toinen")
    shots = {place: shot(words) for place, words in zip(places, said, strict=True)}
    album = {"fi": shots, "sv": {}, "en": dict(list(shots.items())[:1])}
    assert [(place.step, [bool(one) for one in shown]) for place, shown in distinct(album)] == [
        (0, [True, False, True]),
        (2, [True, False, False]),
    ]
