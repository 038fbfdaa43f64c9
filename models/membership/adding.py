"""Adding people to a group's roster from a list: who of them is known already, who may be, and who is new.

The same name and the same address is the same person in the whole organisation. The same name alone may be another
person, and the coordinator is asked; the same address alone is another person, for offices share mailboxes.
"""

import functools
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.membership import claims, joining, requests, same_people
from models.membership.roster_file import Entry
from models.people import access, audit, contacts, groups
from models.people.groups import Membership, Workgroup
from models.people.links import Link
from models.people.names import same_name
from models.people.people import NAME_LENGTH, Person, Reachability
from models.policy import Policy

ANOTHER = 0
"""Stands for the decision that an entry is another person than all of its name, in place of a person's id."""
Decisions = Mapping[int, int]
"""By the number of an entry's line: the id of the person whom it means, or `ANOTHER`."""


@dataclass(frozen=True)
class Namesake:
    """Somebody with the name of an entry."""

    person: Person
    is_here: bool
    """Whether they are on the group's roster."""
    has_left: bool
    """Whether they were on it before."""
    is_shown: bool
    """Whether they are in a group of the coordinator, who may then read what is known of them."""
    is_elsewhere: bool
    """Whether they are in groups, and in none of the coordinator."""


@dataclass(frozen=True)
class Doubt:
    """An entry whose person is not known: one of its namesakes, or somebody else."""

    entry: Entry
    namesakes: tuple[Namesake, ...]
    """Empty: only another entry of the list has the name."""


@dataclass
class Compared:
    """The result of comparing a list with the people who are known."""

    new: list[Entry] = field(default_factory=list)
    known: list[tuple[Entry, Person]] = field(default_factory=list)
    """Entries of people who are known, but not on this roster."""
    here: list[Entry] = field(default_factory=list)
    """Entries that are on the roster already."""
    twice: list[Entry] = field(default_factory=list)
    """Entries that stand further up in the list already."""
    doubts: list[Doubt] = field(default_factory=list)


@functools.lru_cache(maxsize=8_192)
def _name_key(name: str) -> str:
    return same_name(name)


async def compare(session: AsyncSession, by: Person, group: Workgroup, entries: Sequence[Entry]) -> Compared:
    """Compares the entries with each other and with everybody who is known."""
    namesakes = await _namesakes(session, by, group, entries)
    above: dict[str, list[Entry]] = {}
    compared = Compared()
    for entry in entries:
        key = _name_key(entry.name)
        _sort_in(compared, entry, namesakes.get(key, []), above.setdefault(key, []))
        above[key].append(entry)
    return compared


async def _namesakes(
    session: AsyncSession, by: Person, group: Workgroup, entries: Sequence[Entry]
) -> dict[str, list[Namesake]]:
    """Everybody who has the name of an entry, by the key of the name: those on the roster first, then those in
    Telegram, then by age."""
    wanted = {_name_key(entry.name) for entry in entries}
    named = await session.execute(select(Person.id, Person.name))
    ids = [person_id for person_id, name in named if _name_key(name) in wanted]
    people = list((await session.execute(select(Person).where(Person.id.in_(ids)))).scalars())
    mine = {each.id for each in await access.coordinated_groups(session, by)}
    places = select(Membership.person_id, Membership.workgroup_id, Membership.left_at.is_(None))
    current, left = defaultdict[int, set[int]](set), set[int]()
    for person_id, group_id, lasts in await session.execute(places.where(Membership.person_id.in_(ids))):
        assert person_id is not None
        if lasts:
            current[person_id].add(group_id)
        elif group_id == group.id:
            left.add(person_id)
    by_name: dict[str, list[Namesake]] = defaultdict(list)
    for person in sorted(
        people, key=lambda person: (group.id not in current[person.id], person.telegram_id is None, person.id)
    ):
        places_now = current[person.id]
        namesake = Namesake(
            person,
            is_here=group.id in places_now,
            has_left=group.id not in places_now and person.id in left,
            is_shown=bool(places_now & mine),
            is_elsewhere=bool(places_now) and not places_now & mine,
        )
        by_name[_name_key(person.name)].append(namesake)
    return by_name


def _sort_in(compared: Compared, entry: Entry, namesakes: list[Namesake], above: list[Entry]) -> None:
    if any(_is_same_line(entry, other) for other in above):
        compared.twice.append(entry)
        return
    same = [namesake for namesake in namesakes if _is_same(entry, namesake)]
    placed = [each for each in namesakes if each.is_here or each.is_shown or each.is_elsewhere or each.has_left]
    if same and same[0].is_here:
        compared.here.append(entry)
    elif same and not same[0].has_left:
        compared.known.append((entry, same[0].person))
    elif placed or any(not (entry.contact and other.contact) for other in above):
        compared.doubts.append(Doubt(entry, tuple(same or placed)))
    else:
        compared.new.append(entry)


def _is_same(entry: Entry, namesake: Namesake) -> bool:
    """Whether the entry surely means its namesake: it has an address of theirs, or is the line without one that stands
    on the roster with the same organisation."""
    person = namesake.person
    if entry.contact:
        return not contacts.addresses(entry.contact).isdisjoint(contacts.addresses(person.contact))
    is_line = namesake.is_here and not person.contact and bool(entry.organisation)
    return is_line and same_name(entry.organisation) == same_name(person.organisation_name or "")


def _is_same_line(entry: Entry, other: Entry) -> bool:
    if entry.contact or other.contact:
        return not contacts.addresses(entry.contact).isdisjoint(contacts.addresses(other.contact))
    return bool(entry.organisation) and same_name(entry.organisation) == same_name(other.organisation)


@dataclass(frozen=True)
class Added:
    """How many people were added, and the personal links of those who are not in Telegram."""

    count: int
    links: list[tuple[Person, Link]]
    asked: int
    """Of how many new lines other groups' coordinators are asked whether they know them."""


@dataclass(frozen=True)
class Plan:
    """What becomes of a list: entries of new lines, of known people, and of lines that may be somebody of a group that
    the coordinator has no say in."""

    new: list[Entry]
    known: list[tuple[Entry, Person]]
    maybe: list[tuple[Entry, Person]]


def planned(compared: Compared, decisions: Decisions, *, doubtful_too: bool) -> Plan:
    """What becomes of a list with the coordinator's decisions. Doubts that are not decided are left out; with
    ``doubtful_too`` they are other people."""
    plan = Plan(list(compared.new), list(compared.known), [])
    for doubt in compared.doubts:
        decided = decisions.get(doubt.entry.line, ANOTHER if doubtful_too else None)
        meant = next((each for each in doubt.namesakes if each.person.id == decided), None)
        if meant is None:
            plan.new.extend([doubt.entry] if decided == ANOTHER else [])
        elif meant.is_shown or meant.has_left:
            plan.known.append((doubt.entry, meant.person))
        else:
            plan.maybe.append((doubt.entry, meant.person))
    return plan


def stamp(entries: Sequence[Entry], decisions: Decisions) -> int:
    """A number that changes with what a coordinator has sent and decided. Without decisions it is the number of
    entries, as on the buttons of earlier versions."""
    if not decisions:
        return len(entries)
    return 2**30 + zlib.crc32(f"{len(entries)}:{sorted(decisions.items())}".encode()) % 2**30


async def add(
    session: AsyncSession,
    by: Person,
    group: Workgroup,
    entries: Sequence[Entry],
    *,
    decisions: Decisions,
    doubtful_too: bool,
    policy: Policy,
    now: datetime,
) -> Added:
    """Adds people to the roster and invites them to the coming meetings.

    The entries are compared with what is known now. Two coordinators who add at once take turns.
    """
    await groups.ensure_not_archived(session, group)
    compared = await compare(session, by, group, entries)
    plan = planned(compared, decisions, doubtful_too=doubtful_too)
    lines = {entry.line: _unclaimed_person(entry, now) for entry in plan.new + [entry for entry, _ in plan.maybe]}
    session.add_all(lines[number] for number in sorted(lines))
    await session.flush()
    for entry, person in plan.known:
        _complete(person, entry)
    joined = await _join(session, by, group, [person for _, person in plan.known], policy=policy, now=now)
    new = [lines[number] for number in sorted(lines)]
    rows = [{"workgroup_id": group.id, "person_id": person.id, "joined_at": now} for person in new]
    await insert_new(session, Membership, rows)
    await joining.invite(session, group, [*joined, *new], policy=policy, now=now)
    if joined or new:
        audit.note(session, by, "members-added", now=now, group_id=group.id, detail=str(len(joined) + len(new)))
    for entry, person in plan.maybe:
        await _ask_others(session, by, lines[entry.line], person, policy=policy, now=now)
    added = [*joined, *new]
    links = await claims.links_of(session, group, added, now=now)
    return Added(len(added), [(person, links[person.id]) for person in added if person.id in links], len(plan.maybe))


def _unclaimed_person(entry: Entry, now: datetime) -> Person:
    organisation_name, contact = entry.organisation or None, entry.contact or None
    return Person(
        name=entry.name,
        organisation_name=organisation_name,
        contact=contact,
        reach=Reachability.UNCLAIMED,
        created_at=now,
    )


def _complete(person: Person, entry: Entry) -> None:
    """Adds what a list knows of a person besides what is known already."""
    person.organisation_name = person.organisation_name or entry.organisation or None
    person.contact = contacts.combined(person.contact, entry.contact or None, NAME_LENGTH)


async def _join(
    session: AsyncSession, by: Person, group: Workgroup, people: list[Person], *, policy: Policy, now: datetime
) -> list[Person]:
    """Makes known people members, and tells those in Telegram. Returns those who were none yet."""
    joined = []
    for person in {person.id: person for person in people}.values():
        row = {"workgroup_id": group.id, "person_id": person.id, "joined_at": now}
        if memberships := await insert_new(session, Membership, [row]):
            await requests.settle(session, group.id, person.id, now=now)
            if person.id != by.id:
                await joining.tell_of_places(session, person, memberships, policy=policy, now=now)
            joined.append(person)
    return joined


async def _ask_others(
    session: AsyncSession, by: Person, line: Person, person: Person, *, policy: Policy, now: datetime
) -> None:
    """Asks the coordinators of a namesake's groups whether a new line of another group is the same person."""
    for group in await groups.of_person(session, person):
        await same_people.ask(session, group, line, [person], by=by, policy=policy, now=now)
