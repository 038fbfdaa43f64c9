"""A group's roster: people who need no Telegram are added and removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.errors import NotFound, Refused
from models.meetings import announcing, meetings
from models.membership import claims, deletion, joining
from models.membership.roster_file import Entry
from models.people import audit, groups
from models.people.groups import Membership, Workgroup
from models.people.links import Link
from models.people.people import NAME_LENGTH, Person, Reachability, tidy
from models.policy import Policy


@dataclass
class Compared:
    """What adding a list would do."""

    new: list[Entry] = field(default_factory=list)
    here: list[Entry] = field(default_factory=list)
    """On the roster already."""
    twice: list[Entry] = field(default_factory=list)
    """Further up in the list already."""
    doubtful: list[Entry] = field(default_factory=list)
    """A namesake of whom too little is known to tell whether it is the same person."""


@dataclass(frozen=True)
class _Known:
    organisation: str
    contact: str
    is_here: bool


async def access_member(session: AsyncSession, group: Workgroup, person_id: int) -> Person:
    """The gate of a place on a roster."""
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
    """How many can be reached, and how many cannot for each reason; reasons of nobody are left out."""
    reaches = [person.reach for person in people]
    return {reach: reaches.count(reach) for reach in (Reachability.REACHABLE, *Reachability) if reach in reaches}


async def compare(session: AsyncSession, group: Workgroup, entries: Sequence[Entry]) -> Compared:
    """Holds a list against itself and the roster, by name and contact."""
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
    """What makes two spellings the same: not capitals, nor spaces and dashes in a number."""
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
    """Puts people on the roster, each with a personal link, invited to what is called already; returns the new ones.

    The list is held against the roster as it is now, and two coordinators who add at the same moment take turns.
    """
    await groups.ensure_not_archived(session, group)
    compared = await compare(session, group, entries)
    wanted = sorted([*compared.new, *(compared.doubtful if doubtful_too else [])], key=lambda entry: entry.line)
    people = [_line(entry, now) for entry in wanted]
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


def _line(entry: Entry, now: datetime) -> Person:
    organisation, contact = entry.organisation or None, entry.contact or None
    return Person(
        name=entry.name, organisation=organisation, contact=contact, reach=Reachability.UNCLAIMED, created_at=now
    )


async def write_contact(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, typed: str, *, now: datetime
) -> None:
    """Notes how a member is reached besides Telegram. The audit tells that it was done, not what was written."""
    await groups.ensure_not_archived(session, group)
    contact = tidy(typed, NAME_LENGTH + 1)
    if not contact:
        raise Refused("line-empty")
    if len(contact) > NAME_LENGTH:
        raise Refused("line-too-long", most=NAME_LENGTH)
    if contact != person.contact:
        person.contact = contact
        audit.note(session, by, "contact-written", now=now, group_id=group.id, person_id=person.id)


async def personal_links(session: AsyncSession, group: Workgroup, *, now: datetime) -> list[tuple[Person, Link]]:
    """Everyone on the roster without Telegram, with the link by which they take their place."""
    waiting = [member for member in await groups.members(session, group.id) if member.telegram_id is None]
    made = await claims.links_of(session, waiting, now=now)
    return [(person, made[person.id]) for person in waiting]


async def remove(session: AsyncSession, by: Person, group: Workgroup, person: Person, *, now: datetime) -> None:
    """Takes a person off the roster; what they have done stays. Of a line that is on no roster any more only counts do:
    nobody would be left to erase it."""
    await joining.end(session, group, person, now=now)
    if person.telegram_id is None and not await groups.of_person(session, person):
        await deletion.erase_line(session, by, group, person, now=now)
    else:
        audit.note(session, by, "member-removed", now=now, group_id=group.id, person_id=person.id)
