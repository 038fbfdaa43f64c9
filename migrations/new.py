"""Writes the migration that the models ask for: ``python -m migrations.new "add seats"``. Read it before committing."""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from bot import db
from bot.commands import migrate


def _write(connection: Connection, message: str) -> None:
    today = f"{datetime.now(UTC):%Y%m%d}"
    taken = [path.stem for path in (migrate.FOLDER / "versions").glob(f"{today}_*.py")]
    revision = f"{today}_{len(taken) + 1:02}"
    command.revision(migrate.config(connection), message=message, autogenerate=True, rev_id=revision)


async def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = db.make_engine(f"sqlite+aiosqlite:///{Path(folder) / 'new.db'}")
        if any((migrate.FOLDER / "versions").glob("2*.py")):
            await migrate.upgrade(engine)
        async with engine.begin() as connection:
            await connection.run_sync(_write, message)
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "change"))
