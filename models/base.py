"""What all tables share: names of constraints, datetimes in UTC, and an insert that skips rows that exist."""

import enum
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, Enum, MetaData, String
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
    """An aware datetime, UTC in Python and in the table (SQLite stores no zone). Raises ValueError for a naive one."""

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
    """A member of an enum that often gets new members: stored as a string, without a CHECK constraint.

    A value that this version does not know (a newer one wrote it) is read as ``unknown``. Raises ValueError if that is
    None, and when an unknown value is to be stored.
    """

    impl = String
    cache_ok = True

    def __init__(
        self, choices: type[enum.StrEnum], unknown: enum.StrEnum | None = None, length: int | None = None
    ) -> None:
        super().__init__(length)
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
    native_enum=False,  # a string: PostgreSQL's native enums are hard to change later
    length=24,
    values_callable=lambda choices: [str(choice) for choice in choices],
)


class Base(DeclarativeBase):
    """A table. A column of an enum gets a CHECK constraint; use `OpenChoice` where versions often add members.

    A new member of a checked enum needs a migration; tests/test_migrations.py compares the two.
    """

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment(), enum.StrEnum: CHOICE}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        table = cls.metadata.tables[cls.__tablename__]
        for column in table.columns:
            if isinstance(column.type, Enum):
                choices = ", ".join(f"'{choice}'" for choice in column.type.enums)
                table.append_constraint(CheckConstraint(f"{column.name} IN ({choices})", name=column.name))


async def insert_new(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Inserts the rows whose unique keys are free and skips the others. Returns the new rows' first key column.

    Two processes or two taps may insert the same row at the same moment: the unique key decides.
    """
    if not rows:
        return []
    target = table.__table__  # not the class: the ORM's bulk insert takes twice the time
    insert = dialect_insert(session)(target).on_conflict_do_nothing().returning(next(iter(target.primary_key)))
    result = await session.execute(insert, list(rows))
    return list(result.scalars())


def dialect_insert(session: AsyncSession) -> Any:
    """The ``insert`` function of the session's dialect, which has ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # a large module that SQLite does not need

        return postgresql.insert
    return sqlite.insert
