"""A digest's figures as JSON and back, as those of earlier programs too."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any, TypeVar

from models.attention import Attention, Reason
from models.funnel import Flow, Funnel
from models.possible import Mean, Rate
from models.statistics import Coming, GroupFlow, MonthFigures, MonthFlow, Statement

Made = TypeVar("Made")


def freeze(figures: MonthFigures) -> str:
    """`MonthFigures` as JSON."""
    return json.dumps(asdict(figures), ensure_ascii=False, default=_day)


def _day(value: object) -> str:
    assert type(value) is date
    return value.isoformat()


def thaw(content: str) -> MonthFigures:
    """`freeze` undone; what earlier programs froze lacks what they did not know."""
    raw: dict[str, Any] = json.loads(content)
    return MonthFigures(
        month=raw["month"],
        funnel=Funnel(**raw["funnel"]),
        before=Funnel(**raw["before"]),
        statements=tuple(
            Statement(**{**one, "mean": Mean(**one["mean"]), "earlier": _some(Mean, one["earlier"])})
            for one in raw["statements"]
        ),
        coming=raw["coming"],
        highlights=tuple(raw.get("highlights", ())),
        year_before=_some(Funnel, raw.get("year_before")),
        attention=tuple(_attention(one) for one in raw.get("attention", ())),
        meetings=tuple(Coming(**{**one, "day": date.fromisoformat(one["day"])}) for one in raw.get("meetings", ())),
        groups=_flows(GroupFlow, raw.get("groups")),
        months=_flows(MonthFlow, raw.get("months")),
    )


def _some(kind: Callable[..., Made], raw: dict[str, Any] | None) -> Made | None:
    return kind(**raw) if raw else None


def _flows(kind: Callable[..., Made], raw: list[dict[str, Any]] | None) -> tuple[Made, ...] | None:
    return None if raw is None else tuple(kind(**{**one, "flow": Flow(**one["flow"])}) for one in raw)


def _attention(raw: dict[str, Any]) -> Attention:
    return Attention(
        **{
            **raw,
            "reason": Reason(raw["reason"]),
            "since": date.fromisoformat(raw["since"]) if raw["since"] else None,
            "now": _some(Rate, raw["now"]),
            "before": _some(Rate, raw["before"]),
        }
    )
