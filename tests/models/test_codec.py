"""Dataclasses as JSON and back."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Literal, NamedTuple

import pytest

from models.codec import from_json, to_json


class Colour(enum.StrEnum):
    RED = "red"


class Line(NamedTuple):
    number: int
    words: str


@dataclass(frozen=True)
class Inner:
    day: date
    at: time | None = None


@dataclass(frozen=True)
class Everything:
    number: int
    share: float
    moment: Colour | datetime
    inner: Inner | None = None
    lines: tuple[Line, ...] = ()
    pair: tuple[int, str] = (0, "")
    word: Literal["a", "b"] = "a"
    decided: Mapping[str, bool] = field(default_factory=dict)


FULL = Everything(
    1,
    0.5,
    datetime(2027, 3, 17, 9, tzinfo=UTC),
    Inner(date(2027, 3, 17), time(9)),
    (Line(1, "Kahvi"),),
    (2, "x"),
    "b",
    {"k": True},
)


@pytest.mark.parametrize("value", [FULL, Everything(1, 2, Colour.RED)], ids=["full", "bare"])
def test_a_value_comes_back_from_json_as_it_was(value: Everything) -> None:
    assert from_json(Everything, json.loads(json.dumps(to_json(value)))) == value


def test_a_named_tuple_is_an_array_and_a_dataclass_an_object() -> None:
    assert to_json(FULL)["lines"] == [[1, "Kahvi"]]
    assert to_json(FULL)["inner"] == {"day": "2027-03-17", "at": "09:00:00"}


def test_a_removed_field_is_ignored_and_an_added_one_takes_its_default() -> None:
    assert from_json(Inner, {"day": "2027-03-17", "was": 1}) == Inner(date(2027, 3, 17))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"number": "1", "share": 1, "moment": "red"},
        {"number": 1, "share": 1, "moment": "blue"},
        {"number": 1, "share": 1, "moment": "red", "lines": [[1]]},
        {"number": 1, "share": 1, "moment": "red", "lines": [{}]},
        {"number": 1, "share": 1, "moment": "red", "word": "c"},
        {"number": 1, "share": 1, "moment": "red", "decided": []},
        {"number": 1, "share": 1, "moment": "red", "inner": {"day": "today"}},
        {"number": 1, "share": 1, "moment": "red", "inner": {"day": 17}},
    ],
)
def test_what_does_not_fit_is_a_value_error(raw: object) -> None:
    with pytest.raises(ValueError):
        from_json(Everything, raw)
