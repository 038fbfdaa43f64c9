"""What all tables share: names of constraints, moments in UTC, and an insert that may find the row already there."""

import enum
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, Enum, MetaData, String
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware moment, UTC in Python and in the table (SQLite would drop the zone without a word)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class OpenChoice(TypeDecorator[enum.StrEnum]):
    """A member of an enum to which versions of the program often add members: a string without a CHECK constraint.

    A value that this version does not know (written by a newer one) is read as ``unknown``; without it, ValueError.
    """

    impl = String
    cache_ok = True

    def __init__(self, choices: type[enum.StrEnum], unknown: enum.StrEnum | None = None) -> None:
        super().__init__()
        self.choices = choices
        self.unknown = unknown

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.choices(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> enum.StrEnum | None:
        if value is None:
            return None
        try:
            return self.choices(value)
        except ValueError:
            if self.unknown is None:
                raise
            return self.unknown


CHOICE = Enum(
    enum.StrEnum,
    native_enum=False,  # a plain string: PostgreSQL's own enums are hard to change later
    length=24,
    values_callable=lambda kind: [str(choice) for choice in kind],
)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment(), enum.StrEnum: CHOICE}


async def insert_new(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Inserts the rows whose keys are free and leaves the others; returns the ids (first key column) of the new ones.

    Two replicas or two taps may insert the same row at the same moment: the unique key decides.
    """
    if not rows:
        return []
    into = table.__table__  # not the class: the ORM's bulk insert costs as much again
    insert = dialect_insert(session)(into).on_conflict_do_nothing().returning(next(iter(into.primary_key)))
    found = await session.execute(insert, list(rows))
    return list(found.scalars())


def dialect_insert(session: AsyncSession) -> Any:
    """The ``insert`` that knows ON CONFLICT in the dialect of this session."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # large, and of no use to the others

        return postgresql.insert
    return sqlite.insert
