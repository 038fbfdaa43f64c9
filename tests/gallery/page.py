"""The gallery as one HTML page without other files."""

import base64
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from handlers.texts import LANGUAGES, catalogue
from tests.gallery.camera import Place, Shot

Album = dict[str, dict[Place, Shot]]
"""The shots of each language by their place in the story."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.4 system-ui, sans-serif; color: #16202b; background: #e7edf3; }
header, main { max-width: 1320px; margin: 0 auto; padding: 16px; }
nav a { display: inline-block; margin: 0 12px 4px 0; }
a { color: #0b4f93; }
h2 { margin: 32px 0 8px; border-top: 2px solid #9fb2c5; padding-top: 16px; }
.row { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 14px; margin: 0 0 16px; }
.row > p { grid-column: 1 / -1; margin: 6px 0 -6px; color: #3d4b59; font-size: 13px; }
.shot { min-width: 0; }
.bubble { background: #fff; border-radius: 10px; padding: 9px 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
.bubble img { display: block; width: 100%; margin: 0 0 8px; border-radius: 6px; }
.file { display: block; color: #0b4f93; margin: 0 0 4px; }
.buttons { display: flex; gap: 4px; margin: 4px 0 0; }
.buttons span { flex: 1 1 0; min-width: 0; background: #cfdbe7; border-radius: 7px; padding: 6px; text-align: center;
  font-size: 14px; overflow-wrap: anywhere; }
.keyboard span { background: #fff; border: 1px solid #9fb2c5; }
.toast { background: #24313d; color: #fff; border-radius: 7px; padding: 8px 12px; }
table { border-collapse: collapse; width: 100%; background: #fff; table-layout: fixed; }
th, td { border: 1px solid #c8d4e0; padding: 6px 8px; text-align: left; vertical-align: top; white-space: pre-wrap;
  overflow-wrap: anywhere; }
th:first-child { width: 18%; font: 13px/1.4 monospace; }
@media (max-width: 700px) { .row { grid-template-columns: 1fr; } }
"""


def page(album: Album, keys_used: set[str]) -> str:
    """All distinct screens by conversation, the languages side by side; then the texts that were not used."""
    rows = list(distinct(album))
    scenes = [(scene, list(shots)) for scene, shots in groupby(rows, key=lambda row: row[0].scene)]
    left = sorted(set(catalogue(LANGUAGES[0])) - keys_used)
    links = "".join(f'<a href="#{_anchor(scene)}">{escape(scene)} ({len(shots)})</a>' for scene, shots in scenes)
    links += f'<a href="#other-texts">Texts that no screen showed ({len(left)})</a>'
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Koolla: gallery</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>',
        f"<header><h1>Koolla: every screen</h1><p>{len(rows)} screens, each in {', '.join(LANGUAGES)}, made by the "
        f"program itself.</p><nav>{links}</nav></header><main>",
    ]
    for scene, shots in scenes:
        parts.append(f'<section id="{_anchor(scene)}"><h2>{escape(scene)}</h2>')
        parts += [_row(place, row) for place, row in shots]
        parts.append("</section>")
    return "\n".join([*parts, _texts(left), "</main></body></html>"])


def distinct(album: Album) -> Iterator[tuple[Place, list[Shot | None]]]:
    """The places of the story, each sight once."""
    indexed = [{_spot(place): shot for place, shot in album[language].items()} for language in LANGUAGES]
    seen: set[str] = set()
    for place, shot in album[LANGUAGES[0]].items():
        if shot.sight not in seen:
            seen.add(shot.sight)
            yield place, [shots.get(_spot(place)) for shots in indexed]


def _spot(place: Place) -> tuple[str, int, str, int]:
    """A place without its action, which is a label and so differs by language."""
    return place.scene, place.step, place.who, place.turn


def _anchor(scene: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in scene.lower())


def _row(place: Place, shots: Iterable[Shot | None]) -> str:
    after = f", after {escape(place.action)}" if place.action else ""
    return f'<div class="row"><p>{escape(place.who)}{after}</p>{"".join(map(_shot, shots))}</div>'


def _shot(shot: Shot | None) -> str:
    if shot is None:
        return '<div class="shot">not met in this language</div>'
    if shot.toast:
        return f'<div class="shot"><div class="toast">{escape(shot.toast)}</div></div>'
    picture = f'<span class="file">File: {escape(shot.document)}</span>' if shot.document else ""
    if shot.photo is not None:
        data = base64.b64encode(shot.photo.content).decode()
        picture = f'<img alt="" src="data:image/png;base64,{data}">'
    buttons = "".join(_buttons([button.label for button in row]) for row in shot.buttons)
    keyboard = _buttons(shot.keyboard, "buttons keyboard") if shot.keyboard else ""
    return f'<div class="shot"><div class="bubble">{picture}{shot.html}</div>{buttons}{keyboard}</div>'


def _buttons(labels: Iterable[str], kind: str = "buttons") -> str:
    return f'<div class="{kind}">{"".join(f"<span>{escape(label)}</span>" for label in labels)}</div>'


def _texts(keys: list[str]) -> str:
    """Texts by key, from the catalogues."""
    heads = "".join(f"<th>{head}</th>" for head in ("key", *LANGUAGES))
    rows = "".join(
        f"<tr><th>{escape(key)}</th>"
        + "".join(f"<td>{escape(chr(10).join(catalogue(language).get(key, ('–',))))}</td>" for language in LANGUAGES)
        + "</tr>"
        for key in keys
    )
    return (
        f'<section id="other-texts"><h2>Texts that no screen showed</h2><table><tr>{heads}</tr>{rows}</table></section>'
    )
