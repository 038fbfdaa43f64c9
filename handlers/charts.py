"""Pictures of figures that are also told in words. Drawing sees frozen dataclasses and texts, and nothing else.

Everything is handed to the templates as one JSON input, so that a title is shown and never run.
"""

import json
from pathlib import Path
from typing import Any

from handlers.figures import decimal
from handlers.screen import File
from handlers.texts import Texts
from models.valid_figures import Mean

TEMPLATES = Path(__file__).parent / "templates"
PIXELS = 1080
POINTS = 360

Inputs = dict[str, Any]


def picture_file(name: str, template: str, inputs: Inputs) -> File:
    """A template with its inputs, as a picture to send."""
    return File(name, draw(template, inputs), is_picture=True)


def draw(template: str, inputs: Inputs) -> bytes:
    """A template as PNG, `PIXELS` wide. Needs tens of milliseconds: call it in a thread."""
    import typst

    png = typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=[str(TEMPLATES / "fonts")],
        ignore_system_fonts=True,
        format="png",
        ppi=72 * PIXELS / POINTS,
        sys_inputs={"data": json.dumps(inputs)},
    )
    assert isinstance(png, bytes)
    return png


def drawn_mean(t: Texts, mean: Mean) -> Inputs:
    """A mean as printed, how far along its scale it is, and how many points that has."""
    points = mean.high - mean.low + 1
    return {"mean": decimal(mean, t.language), "share": share(mean), "points": points}


def share(mean: Mean) -> float:
    """How far along its scale a mean is."""
    return float(mean.along)
