"""The database of every subject, made by the bot's own functions, and the taps of people."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import db
from bot.commands import migrate
from bot.config import Settings
from models.delivery.cards import Message
from models.delivery.outbox import Delivery, Sending
from models.meetings import announcing, meetings
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting, MeetingPlan, Mode
from models.people import groups
from models.people.access import Role, RoleKind, grant
from models.people.groups import Membership, Workgroup
from models.people.people import Address, Person, Reachability

FIRST_USER = 10_000_000
CHUNK = 5_000
ADDRESS = "https://teams.example/l/meetup-join/19%3ameeting_MDk4NzY1NDMyMTA5ODc2NTQzMjEw%40thread.v2/0"
ABOUT = "Käymme läpi syksyn palautteen ja sovimme työnjaosta. Ota mukaan oman organisaatiosi luvut ja kysymykset."
CAPTION = f"Kutsu\n\nTyöryhmä: Johdatus aiheeseen\nke 17.3. klo 9–12\nKokoushuone 4, etänä: Teams\n{ABOUT}\n\nVastaa."


@dataclass(frozen=True)
class Invited:
    """One person's card of one meeting, in their chat."""

    telegram_id: int
    invitation_id: int
    revision: int

    @property
    def message_id(self) -> int:
        return self.invitation_id + 1000


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[AsyncSession]:
    """A transaction on the file, brought to the newest schema."""
    engine = db.make_engine(f"sqlite+aiosqlite:///{path}")
    try:
        await migrate.upgrade(engine)
        async with db.make_sessions(engine).begin() as session:
            yield session
    finally:
        await engine.dispose()


def called(path: Path, *, people: int, meetings: int, groups: int = 1, watched: bool = False) -> list[list[Invited]]:
    """Groups with so many members each, who have the cards of so many meetings. Returns the cards by meeting.

    If ``watched``, there is a coordinator's card of each meeting, too, which is edited as answers come.
    """
    return asyncio.run(_called(path, people, meetings, groups, watched))


async def _called(path: Path, people: int, count: int, groups: int, watched: bool) -> list[list[Invited]]:
    now = datetime.now(UTC)
    cards: list[list[Invited]] = [[] for _ in range(count)]
    async with opened(path) as session:
        for number in range(groups):
            group, leader = await _group(session, number * (people + 1), people, now)
            for which in range(count):
                meeting = await _call(session, group, leader, which, now)
                cards[which] += await _stand(session, meeting, leader if watched else None, now)
    return cards


def broadcast(path: Path, *, people: int = 0) -> None:
    """Calls meetings whose invitations are due now, at any hour: in a new group of so many members, or in all."""
    asyncio.run(_broadcast(path, people))


async def _broadcast(path: Path, people: int) -> None:
    now = datetime.now(UTC)
    async with opened(path) as session:
        if people:
            await _group(session, 0, people, now)
        led = select(Workgroup, Person).join(Role, Role.workgroup_id == Workgroup.id).join(Person)
        for group, leader in (await session.execute(led)).all():
            await _call(session, group, leader, 100, now)
        waiting = update(Delivery).where(Delivery.kind == "invitation", Delivery.state == Sending.DUE)
        await session.execute(waiting.values(due_at=now, urgent=True))


async def _call(session: AsyncSession, group: Workgroup, leader: Person, number: int, now: datetime) -> Meeting:
    """Calls a meeting and invites everyone, a few thousand at a time: SQLite limits the values in a statement."""
    meeting = await meetings.create(session, group, leader, plan(now, number), now=now)
    people = await groups.members(session, group.id)
    for first in range(0, len(people), CHUNK):
        chunk = people[first : first + CHUNK]
        await announcing.invite(session, meeting, chunk, policy=Settings().policy(), now=now)
    return meeting


def plan(now: datetime, number: int) -> MeetingPlan:
    start = (now + timedelta(days=30 + number)).replace(minute=0, second=0, microsecond=0)
    return MeetingPlan(
        title=f"Johdatus aiheeseen {number}",
        starts_at=start,
        ends_at=start + timedelta(hours=3),
        zone=ZoneInfo("Europe/Helsinki"),
        mode=Mode.HYBRID,
        place="Kokoushuone 4",
        link=ADDRESS,
        description=ABOUT,
    )


async def _group(session: AsyncSession, first: int, people: int, now: datetime) -> tuple[Workgroup, Person]:
    """A group with so many members and a coordinator, all of them reachable."""
    group = await groups.create(session, f"Lastensuojelu {first}", now=now)
    everyone = range(first, first + people + 1)
    for start in range(0, len(everyone), CHUNK):
        chunk = everyone[start : start + CHUNK]
        await session.execute(insert(Person), [_person(number, now) for number in chunk])
        between = Person.telegram_id.between(FIRST_USER + chunk[0], FIRST_USER + chunk[-1])
        rows = (await session.execute(select(Person.telegram_id, Person.id).where(between))).all()
        await session.execute(
            insert(Address), [{"chat_id": chat, "person_id": id_, "thread_id": 0} for chat, id_ in rows]
        )
        belong = [{"workgroup_id": group.id, "person_id": id_, "joined_at": now} for chat, id_ in rows]
        await session.execute(insert(Membership), belong if start else belong[1:])
    leader = (await session.execute(select(Person).where(Person.telegram_id == FIRST_USER + first))).scalar_one()
    await grant(session, leader, RoleKind.COORDINATOR, group, now=now)
    return group, leader


def _person(number: int, now: datetime) -> dict[str, Any]:
    return {
        "telegram_id": FIRST_USER + number,
        "name": f"Jäsen Numero{number}",
        "language": "fi",
        "wants_reminders": True,
        "wants_feedback": True,
        "reach": Reachability.REACHABLE,
        "created_at": now,
    }


async def _stand(session: AsyncSession, meeting: Meeting, watcher: Person | None, now: datetime) -> list[Invited]:
    """Marks the invitations as sent, and adds the coordinator's card if there is a watcher."""
    rows = await session.execute(
        select(Person.telegram_id, Invitation.id, Address.id)
        .join(Invitation, Invitation.person_id == Person.id)
        .join(Address, Address.person_id == Person.id)
        .where(Invitation.meeting_id == meeting.id)
        .order_by(Person.id)
    )
    cards, standing = [], []
    for telegram_id, invitation_id, address_id in rows:
        card = Invited(telegram_id or 0, invitation_id, meeting.revision)
        cards.append(card)
        standing.append(_message(address_id, "invitation", invitation_id, card.message_id))
    if watcher is not None:
        address = (await session.execute(select(Address.id).where(Address.person_id == watcher.id))).scalar_one()
        standing.append(_message(address, "meeting", meeting.id, meeting.id))
    await session.execute(insert(Message), standing)
    await session.execute(
        update(Delivery)
        .where(Delivery.kind == "invitation", Delivery.state == Sending.DUE)
        .values(state=Sending.SENT, sent_at=now, message_id=Delivery.subject + 1000, attempts=1)
    )
    return cards


def _message(address_id: int, kind: str, subject: int, message_id: int) -> dict[str, Any]:
    return {"address_id": address_id, "kind": kind, "subject": subject, "revision": 1, "message_id": message_id}


def taps(cards: Sequence[Invited], *, first_update: int = 1, answers: Sequence[str] = ("remote", "no")) -> list[Any]:
    """One tap on each card, as Telegram writes it."""
    return [_tap(first_update + n, card, answers[n % len(answers)]) for n, card in enumerate(cards)]


def _tap(update_id: int, card: Invited, answer: str) -> dict[str, Any]:
    person = {"id": card.telegram_id, "is_bot": False, "first_name": "Jäsen", "language_code": "fi"}
    chat = {"id": card.telegram_id, "type": "private", "first_name": "Jäsen"}
    message = {
        "message_id": card.message_id,
        "date": int(datetime.now(UTC).timestamp()),
        "chat": chat,
        "from": {"id": 7, "is_bot": True, "first_name": "Koolla", "username": "koolla_bot"},
        "document": {"file_id": "f" * 40, "file_unique_id": "u" * 15, "file_name": "kokous.ics", "file_size": 900},
        "caption": CAPTION,
        "reply_markup": {"inline_keyboard": list(_keyboard(card))},
    }
    query = {"id": str(10**15 + update_id), "from": person, "message": message, "chat_instance": "1"}
    return {"update_id": update_id, "callback_query": {**query, "data": _data(card, answer)}}


def _data(card: Invited, answer: str) -> str:
    return f"rsvp:{card.invitation_id}:{answer}:{card.revision}"


def _keyboard(card: Invited) -> Iterator[list[dict[str, str]]]:
    for row in (("on_site", "remote"), ("no",)):
        yield [{"text": answer, "callback_data": _data(card, answer)} for answer in row]


def wrong(path: Path, made: Sequence[Any]) -> int:
    """The number of invitations whose answer is not that of their last tap."""
    return asyncio.run(_wrong(path, made))


async def _wrong(path: Path, made: Sequence[Any]) -> int:
    last = {}
    for tap in made:
        _, invitation_id, answer, _ = tap["callback_query"]["data"].split(":")
        last[int(invitation_id)] = answer, tap["update_id"]
    async with opened(path) as session:
        rows = await session.execute(select(Invitation.id, Invitation.answer, Invitation.update_id))
        stored = {invitation_id: (answer, update_id) for invitation_id, answer, update_id in rows}
    return sum(stored[invitation_id] != wanted for invitation_id, wanted in last.items())
