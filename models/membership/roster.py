"""A group's roster. People without Telegram can be on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.errors import NotFound
from models.meetings import announcing, meetings
from models.membership import claims, deletion, joining
from models.membership.roster_file import Entry
from models.people import audit, groups
from models.people.groups import Membership, Workgroup
from models.people.links import Link
from models.people.people import NAME_LENGTH, Person, Reachability, parse_line
from models.policy import Policy


@dataclass
class Compared:
    """The result of comparing a list with the roster."""

    new: list[Entry] = field(default_factory=list)
    here: list[Entry] = field(default_factory=list)
    """Entries that are on the roster already."""
    twice: list[Entry] = field(default_factory=list)
    """Entries that stand further up in the list already."""
    doubtful: list[Entry] = field(default_factory=list)
    """Entries with the name of another, where it is not known whether it is the same person."""


@dataclass(frozen=True)
class _Known:
    organisation: str
    contact: str
    is_here: bool


async def access_member(session: AsyncSession, group: Workgroup, person_id: int) -> Person:
    """The member of the group. Raises NotFound if the person is not a member."""
    wanted = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.id == person_id, Membership.workgroup_id == group.id, Membership.left_at.is_(None))
    )
    person = await session.scalar(wanted)
    if person is None:
        raise NotFound("not-a-member")
    return person


def counts(people: Sequence[Person]) -> dict[Reachability, int]:
    """The number of people of each reachability, without those that have none."""
    reaches = [person.reach for person in people]
    return {reach: reaches.count(reach) for reach in (Reachability.REACHABLE, *Reachability) if reach in reaches}


async def compare(session: AsyncSession, group: Workgroup, entries: Sequence[Entry]) -> Compared:
    """Compares the entries with each other and with the roster, by name and contact."""
    known: dict[str, list[_Known]] = {}
    for person in await groups.members(session, group.id):
        known.setdefault(_same(person.name), []).append(_Known(_same(person.organisation), _same(person.contact), True))
    compared = Compared()
    for entry in entries:
        namesakes = known.setdefault(_same(entry.name), [])
        _bin(compared, entry, namesakes).append(entry)
        namesakes.append(_Known(_same(entry.organisation), _same(entry.contact), False))
    return compared


def _same(text: str | None) -> str:
    """A text for comparisons: without case, spaces, dashes and parentheses."""
    return "".join(c for c in (text or "").casefold() if not c.isspace() and c not in "-()–")


def _bin(compared: Compared, entry: Entry, namesakes: list[_Known]) -> list[Entry]:
    contact, organisation = _same(entry.contact), _same(entry.organisation)
    for namesake in namesakes:
        if namesake.contact == contact and (contact or (organisation and namesake.organisation == organisation)):
            return compared.here if namesake.is_here else compared.twice
    return compared.doubtful if any(not (contact and namesake.contact) for namesake in namesakes) else compared.new


async def add(
    session: AsyncSession,
    by: Person,
    group: Workgroup,
    entries: Sequence[Entry],
    *,
    doubtful_too: bool,
    policy: Policy,
    now: datetime,
) -> list[tuple[Person, Link]]:
    """Adds people to the roster and invites them to the coming meetings. Returns them with their personal links.

    The entries are compared with the roster as it is now. Two coordinators who add at once take turns.
    """
    await groups.ensure_not_archived(session, group)
    compared = await compare(session, group, entries)
    wanted = sorted([*compared.new, *(compared.doubtful if doubtful_too else [])], key=lambda entry: entry.line)
    people = [_unclaimed_person(entry, now) for entry in wanted]
    session.add_all(people)
    await session.flush()
    rows = [{"workgroup_id": group.id, "person_id": person.id, "joined_at": now} for person in people]
    await insert_new(session, Membership, rows)
    for meeting in await meetings.coming(session, [group.id], now=now):
        if meeting.starts_at > now:
            await announcing.invite(session, meeting, people, policy=policy, now=now)
    if people:
        audit.note(session, by, "members-added", now=now, group_id=group.id, detail=str(len(people)))
    made = await claims.links_of(session, people, now=now)
    return [(person, made[person.id]) for person in people]


def _unclaimed_person(entry: Entry, now: datetime) -> Person:
    organisation, contact = entry.organisation or None, entry.contact or None
    return Person(
        name=entry.name, organisation=organisation, contact=contact, reach=Reachability.UNCLAIMED, created_at=now
    )


async def write_contact(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, typed: str, *, now: datetime
) -> None:
    """Sets how a member is reached besides Telegram. The audit log says that it was done, not the contact."""
    await groups.ensure_not_archived(session, group)
    contact = parse_line(typed, NAME_LENGTH)
    if contact != person.contact:
        person.contact = contact
        audit.note(session, by, "contact-written", now=now, group_id=group.id, person_id=person.id)


async def personal_links(session: AsyncSession, group: Workgroup, *, now: datetime) -> list[tuple[Person, Link]]:
    """The members without Telegram, each with their personal link."""
    waiting = [member for member in await groups.members(session, group.id) if member.telegram_id is None]
    made = await claims.links_of(session, waiting, now=now)
    return [(person, made[person.id]) for person in waiting]


async def remove(session: AsyncSession, by: Person, group: Workgroup, person: Person, *, now: datetime) -> None:
    """Removes a person from the roster. Their history stays.

    A person without Telegram who is on no roster any more is erased: nobody could do it later."""
    await joining.end(session, group, person, now=now)
    if person.telegram_id is None and not await groups.of_person(session, person):
        await deletion.erase_line(session, by, group, person, now=now)
    else:
        audit.note(session, by, "member-removed", now=now, group_id=group.id, person_id=person.id)
