"""Frozen dataclasses made again from JSON."""

import enum
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def thawed(kind: type[Kind], raw: Any) -> Kind:
    """A value of a type from what JSON kept of it.

    What a dataclass has got since then takes its default, and what it has lost is passed over.
    """
    return typing.cast("Kind", _thawed(kind, raw))


def _thawed(kind: Any, raw: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if raw is None else _thawed(next(one for one in inner if one is not types.NoneType), raw)
    if origin is tuple:
        each = [inner[0]] * len(raw) if inner[-1] is Ellipsis else inner
        return tuple(_thawed(one, item) for one, item in zip(each, raw, strict=True))
    if is_dataclass(kind):
        types_of = typing.get_type_hints(kind)
        known = {field.name: types_of[field.name] for field in fields(kind) if field.name in raw}
        return kind(**{name: _thawed(one, raw[name]) for name, one in known.items()})  # type: ignore[operator]
    if kind is date:
        return date.fromisoformat(raw)
    return kind(raw) if isinstance(kind, type) and issubclass(kind, enum.Enum) else raw
