"""Keys: their names, and that a destroyed key leaves the disk."""

from pathlib import Path

from sqlalchemy import delete

from models.feedback.runs import Participation, Run
from models.forms.items import Item, QuestionKind
from tests.anonymity.room import Room

SCALE = Item(QuestionKind.SCALE, text="Väite", low=1, high=5)


async def test_a_run_that_gets_the_id_of_another_gets_a_key_of_its_own(tmp_path: Path, migrated_url: str) -> None:
    """After a restore the database counts from an earlier id, while the key of the later run is still there."""
    async with Room.open(migrated_url, tmp_path) as room:
        group, people = await room.group(5)
        version = await room.form([SCALE])
        await room.put(version, group, people)
        (first,) = await room.rows(Run)
        async with room.sessions.begin() as session:
            await session.execute(delete(Participation))
            await session.execute(delete(Run))
        async with room.sessions.begin() as session:
            session.add(
                Run(
                    id=first.id,
                    form_version_id=version.id,
                    workgroup_id=group,
                    threshold=5,
                    opens_at=room.now,
                    closes_at=room.now,
                )
            )
        (second,) = await room.rows(Run)
        assert room.keys.has(first.key)
        assert not room.keys.has(second.key)
