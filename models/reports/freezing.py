"""A digest's figures as JSON and back, as those of earlier programs too."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from models.codec import thawed
from models.reports.statistics import MonthFigures


def freeze(figures: MonthFigures) -> str:
    """`MonthFigures` as JSON."""
    return json.dumps(asdict(figures), ensure_ascii=False, default=_day)


def _day(value: object) -> str:
    assert type(value) is date
    return value.isoformat()


def thaw(content: str) -> MonthFigures:
    """`freeze` undone; what earlier programs froze lacks what they did not know."""
    raw: dict[str, Any] = json.loads(content)
    for one in raw.get("attention", ()):
        if one.get("fewer_than"):  # then they had left the count out
            one["now"] = None
    return thawed(MonthFigures, raw)
