"""Frozen dataclasses as JSON and back, as they were written by earlier versions of the program too."""

import contextlib
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

Value = TypeVar("Value")
Reader = Callable[[Any], Any]


def to_json(value: Any) -> Any:
    """A value as what ``json.dumps`` takes: dataclasses become objects, moments ISO 8601, enums their values."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, date | time):
        return value.isoformat()
    if is_dataclass(value):
        return {key_of(field): to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {to_json(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[Value], raw: Any) -> Value:
    """The value of a type that `to_json` made ``raw`` from; ValueError if it cannot be one.

    A field that was added since takes its default, and one that was removed is ignored.
    """
    read: Reader = _reader(typing.cast("Any", kind))
    return typing.cast("Value", read(raw))


@functools.cache
def _reader(kind: Any) -> Reader:
    """The function that reads values of a type: types are looked at once, for a roster has thousands of values."""
    origin = typing.get_origin(kind)
    if origin is not None:
        return _generic_reader(origin, typing.get_args(kind))
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if issubclass(kind, tuple):  # a NamedTuple, which is an array in JSON
        read_items = _tuple_reader(tuple(typing.get_type_hints(kind).values()))
        return lambda raw: kind(*read_items(raw))
    if issubclass(kind, enum.Enum):
        return typing.cast("Reader", kind)
    if kind in (date, time, datetime):
        return lambda raw: kind.fromisoformat(_checked(str, raw))
    basis = int | float if kind in (bool, float) else kind  # SQLite's booleans are 0 and 1
    return lambda raw: _checked(basis, raw)


def _generic_reader(origin: Any, inner: tuple[Any, ...]) -> Reader:
    if origin in (typing.Union, types.UnionType):
        return _union_reader(inner)
    if origin is tuple:
        return _tuple_reader(inner)
    if origin is typing.Literal:
        return lambda raw: _checked(object, raw, fits=raw in inner)
    assert origin is Mapping
    read_key, read_item = _reader(inner[0]), _reader(inner[1])
    return lambda raw: {read_key(key): read_item(item) for key, item in _checked(dict, raw).items()}


def _checked(kind: Any, raw: Any, *, fits: bool = True) -> Any:
    if not fits or not isinstance(raw, kind):
        raise ValueError(f"not a {kind}")  # the value may be somebody's words: it must not come into a log
    return raw


def _union_reader(kinds: tuple[Any, ...]) -> Reader:
    """None, or the first type that takes the value."""
    readers = [_reader(kind) for kind in kinds if kind is not types.NoneType]

    def read(raw: Any) -> Any:
        if raw is None and types.NoneType in kinds:
            return None
        for reader in readers:
            with contextlib.suppress(ValueError):
                return reader(raw)
        raise ValueError(f"none of {kinds}")

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> Reader:
    if kinds[-1] is Ellipsis:
        read_item = _reader(kinds[0])
        return lambda raw: tuple(map(read_item, _checked(list, raw)))
    readers = [_reader(kind) for kind in kinds]
    return lambda raw: tuple(reader(item) for reader, item in zip(readers, _checked(list, raw), strict=True))


def _dataclass_reader(kind: Any) -> Reader:
    @functools.cache  # at the first value and not now: the type of a field may be this very dataclass
    def readers() -> dict[str, tuple[str, Reader]]:
        hints = typing.get_type_hints(kind)
        return {field.name: (key_of(field), _reader(hints[field.name])) for field in fields(kind)}

    def read(raw: Any) -> Any:
        _checked(dict, raw)
        try:
            return kind(**{name: reader(raw[key]) for name, (key, reader) in readers().items() if key in raw})
        except TypeError:
            raise ValueError(f"a {kind} without a field that it needs") from None

    return read


def stored_as(key: str) -> dict[str, str]:
    """Metadata for a field whose key in JSON is not its name: what is stored keeps the key of earlier versions."""
    return {"key": key}


def key_of(field: Field[Any]) -> str:
    """The key of a field in JSON."""
    return str(field.metadata.get("key", field.name))
