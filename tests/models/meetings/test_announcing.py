"""Messages about a meeting to many people: as many statements as to a few."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.delivery.outbox import Delivery, Sending
from models.meetings import announcing, meetings
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people.groups import Workgroup
from models.people.people import Person, Reachability
from tests.anonymity.room import Room
from tests.bench.change import Change, cancel, move
from tests.bench.seed import plan
from tests.statements import recorded

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
FEW, MANY = 3, 60


@pytest.fixture
async def room(tmp_path: Path, migrated_url: str) -> AsyncIterator[Room]:
    async with Room.open(migrated_url, tmp_path) as room:
        yield room


async def called(room: Room, people: int) -> int:
    """A meeting to which so many reachable members are invited; each has got the invitation. Returns its id."""
    group, members = await room.group(people)
    async with room.sessions.begin() as session:
        await session.execute(update(Person).values(reach=Reachability.REACHABLE))
        workgroup = await session.get_one(Workgroup, group)
        author = await session.get_one(Person, members[0])
        meeting = await meetings.create(session, workgroup, author, plan(NOW, 0), now=NOW)
        await announcing.announce(session, meeting, policy=room.policy, now=NOW)
        sent = update(Delivery).where(Delivery.kind == "invitation", Delivery.state == Sending.DUE)
        await session.execute(sent.values(state=Sending.SENT))
        return meeting.id


async def done(room: Room, change: Change, meeting_id: int) -> int:
    async with room.sessions.begin() as session:
        return await change(session, await session.get_one(Meeting, meeting_id), NOW)


@pytest.mark.parametrize("change", [cancel, move])
async def test_a_change_for_many_takes_no_more_statements_than_for_few(room: Room, change: Change) -> None:
    counts = []
    for people in (FEW, MANY):
        meeting_id = await called(room, people)
        with recorded(room.engine) as statements:
            assert await done(room, change, meeting_id) == people
        counts.append(len(statements))
    assert counts[0] == counts[1], counts


async def test_only_reminders_of_the_cancelled_meeting_are_withdrawn(room: Room) -> None:
    other, cancelled = [await called(room, FEW) for _ in range(2)]
    await done(room, cancel, cancelled)
    assert await states_of_reminders(room, other) == {Sending.DUE}
    assert await states_of_reminders(room, cancelled) == {Sending.CANCELLED}


async def states_of_reminders(room: Room, meeting_id: int) -> set[Sending]:
    of_meeting = select(Invitation.id).where(Invitation.meeting_id == meeting_id)
    states = select(Delivery.state).where(Delivery.kind == "reminder", Delivery.subject.in_(of_meeting))
    async with room.sessions() as session:
        return set((await session.execute(states)).scalars())
