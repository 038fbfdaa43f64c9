"""Keys: their names, and that a destroyed key leaves the disk."""

from pathlib import Path

import pytest
from sqlalchemy import delete

from models.feedback.runs import Participation, Run
from models.feedback.sealing import KEY_BYTES, Keyring
from models.forms.items import Item, QuestionKind
from tests import raw_disk
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


KEYS = """
import pathlib, sys
from models.feedback.sealing import Keyring
keys = Keyring(pathlib.Path("keys"))
for name in "0123456789":
    keys.create(name)
contents = [pathlib.Path(f"keys/{name}.key").read_bytes()[:32] for name in "0123456789"]
for name in "0123456789":
    DESTROY
pathlib.Path(OUTSIDE).write_bytes(b"".join(contents))
"""
CARELESS = "path = pathlib.Path(f'keys/{name}.key'); path.write_bytes(bytes(32)); path.unlink()"


@pytest.mark.skipif(bool(raw_disk.why_not()), reason=raw_disk.why_not())
@pytest.mark.parametrize(
    ("destroy", "features", "left"),
    [("keys.destroy(name)", (), 0), ("keys.destroy(name)", ("inline_data",), 0), (CARELESS, (), 10)],
)
def test_a_destroyed_key_is_not_on_the_raw_disk(
    tmp_path: Path, destroy: str, features: tuple[str, ...], left: int
) -> None:
    """The last case truncates before it overwrites: the new content gets other blocks, and all keys are found."""
    outside = tmp_path / "contents"
    code = KEYS.replace("DESTROY", destroy).replace("OUTSIDE", repr(str(outside)))
    disk = raw_disk.ext4_after(tmp_path, code, *features)
    contents = outside.read_bytes()
    keys = [contents[start : start + KEY_BYTES] for start in range(0, len(contents), KEY_BYTES)]
    assert (len(keys), sum(key in disk for key in keys)) == (10, left)


def test_a_draft_left_by_a_crash_has_no_key_after_the_key_is_destroyed(tmp_path: Path) -> None:
    """The draft of a key file is its first name; the process died before it removed that."""
    keys = Keyring(tmp_path)
    keys.create("run-1")
    path, draft = tmp_path / "run-1.key", tmp_path / ".run-1.draft"
    draft.hardlink_to(path)
    key = path.read_bytes()[:KEY_BYTES]
    keys.destroy("run-1")
    assert not path.exists()
    assert key not in draft.read_bytes()


def test_a_key_file_of_an_earlier_version_is_used(tmp_path: Path) -> None:
    keys = Keyring(tmp_path)
    (tmp_path / "run-1.key").write_bytes(bytes(KEY_BYTES))
    assert keys.open("run-1", keys.seal("run-1", {"1": 5}, size=64)) == {"1": 5}
