"""Alembic's entry: runs on the connection that `bot.commands.migrate` hands over, inside its transaction."""

from typing import Literal

from alembic import context
from sqlalchemy import Enum

from migrations.tables import metadata
from models.base import Moment, OpenChoice


def render_item(kind: str, item: object, _autogen: object) -> str | Literal[False]:
    """Migrations name the database's types, not ours: they must not change when our code does."""
    if kind != "type":
        return False
    if isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    if isinstance(item, OpenChoice):
        return "sa.String()"
    return "sa.DateTime(timezone=True)" if isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
)
context.run_migrations()
