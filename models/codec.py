"""Frozen dataclasses as JSON and back, as they were written by earlier versions of the program too."""

import contextlib
import enum
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

Value = TypeVar("Value")


def to_json(value: Any) -> Any:
    """A value as what ``json.dumps`` takes: dataclasses become objects, moments ISO 8601, enums their values."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, date | time):
        return value.isoformat()
    if is_dataclass(value):
        return {_key(field): to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {to_json(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[Value], raw: Any) -> Value:
    """The value of a type that `to_json` made ``raw`` from; ValueError if it cannot be one.

    A field that was added since takes its default, and one that was removed is ignored.
    """
    return typing.cast("Value", _read(kind, raw))


def _read(kind: Any, raw: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin is not None:
        return _read_generic(origin, typing.get_args(kind), raw)
    if is_dataclass(kind):
        return _read_dataclass(kind, raw)
    if issubclass(kind, tuple):  # a NamedTuple, which is an array in JSON
        return kind(*_read_tuple(tuple(_types_of(kind).values()), raw))
    if issubclass(kind, enum.Enum):
        return kind(raw)
    if kind in (date, time, datetime):
        return kind.fromisoformat(_checked(str, raw))
    return _checked(int | float if kind in (bool, float) else kind, raw)  # SQLite's booleans are 0 and 1


def _read_generic(origin: Any, inner: tuple[Any, ...], raw: Any) -> Any:
    if origin in (typing.Union, types.UnionType):
        return _read_union(inner, raw)
    if origin is tuple:
        return _read_tuple(inner, raw)
    if origin is typing.Literal:
        return _checked(object, raw, fits=raw in inner)
    assert origin is Mapping
    return {_read(inner[0], key): _read(inner[1], item) for key, item in _checked(dict, raw).items()}


def _checked(kind: Any, raw: Any, *, fits: bool = True) -> Any:
    if not fits or not isinstance(raw, kind):
        raise ValueError(f"not a {kind}")  # the value may be somebody's words: it must not come into a log
    return raw


def _read_union(kinds: tuple[Any, ...], raw: Any) -> Any:
    """None, or the first type that takes the value."""
    if raw is None and types.NoneType in kinds:
        return None
    for kind in kinds:
        if kind is not types.NoneType:
            with contextlib.suppress(ValueError):
                return _read(kind, raw)
    raise ValueError(f"none of {kinds}")


def _read_tuple(kinds: tuple[Any, ...], raw: Any) -> tuple[Any, ...]:
    items = _checked(list, raw)
    each = [kinds[0]] * len(items) if kinds[-1] is Ellipsis else kinds
    return tuple(_read(kind, item) for kind, item in zip(each, items, strict=True))


def _read_dataclass(kind: Any, raw: Any) -> Any:
    names = _types_of(kind)
    known = [field for field in fields(kind) if _key(field) in _checked(dict, raw)]
    try:
        return kind(**{field.name: _read(names[field.name], raw[_key(field)]) for field in known})
    except TypeError:
        raise ValueError(f"a {kind} without a field that it needs") from None


def stored_as(key: str) -> dict[str, str]:
    """Metadata for a field whose key in JSON is not its name: what is stored keeps the key of earlier versions."""
    return {"key": key}


def _key(field: Field[Any]) -> str:
    return str(field.metadata.get("key", field.name))


@functools.cache
def _types_of(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
