"""Personal links, with which people take their place on a roster, and what becomes of the place.

A line on a roster is a person without Telegram. It may stand on the rosters of several groups, but a link belongs to
the group whose coordinators see it: with it only those places are taken that each of them could give anyway. Otherwise
whoever writes the name and address of somebody on another group's roster could take that place with the link.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Refused, Stale
from models.membership import merging
from models.membership.merging import Merged
from models.people import access, audit, groups, links
from models.people.groups import Workgroup
from models.people.links import PERSONAL, Link, LinkKind
from models.people.people import Person


async def links_of(session: AsyncSession, group: Workgroup, people: list[Person], *, now: datetime) -> dict[int, Link]:
    """The personal links to a group's places of people without Telegram, by person id. Creates those that are missing
    or expired."""
    waiting = {person.id for person in people if person.telegram_id is None}
    valid = select(Link).where(
        Link.kind == LinkKind.CLAIM,
        Link.workgroup_id == group.id,
        Link.person_id.in_(waiting),
        Link.closed_at.is_(None),
        Link.expires_at > now,
    )
    known = {link.person_id: link for link in (await session.execute(valid)).scalars() if link.person_id}
    for person_id in sorted(waiting - set(known)):
        known[person_id] = _link(group, person_id, now)
        session.add(known[person_id])
    await session.flush()
    return known


def _link(group: Workgroup, person_id: int, now: datetime) -> Link:
    return Link(
        code=links.new_code(),
        kind=LinkKind.CLAIM,
        workgroup_id=group.id,
        person_id=person_id,
        created_at=now,
        expires_at=now + PERSONAL,
    )


async def renew(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, code: str, *, now: datetime
) -> Link:
    """Replaces a personal link. ``code`` is the link on the screen: a second tap raises Stale and makes no second
    link."""
    closed = await session.execute(
        _open_links(person.id, group.id).where(Link.code == code).values(closed_at=now).returning(Link.code)
    )
    if person.telegram_id is not None or closed.scalar_one_or_none() is None:
        raise Stale("link-replaced")
    audit.note(session, by, "link-renewed", now=now, group_id=group.id, person_id=person.id)
    link = _link(group, person.id, now)
    session.add(link)
    await session.flush()
    return link


def _open_links(person_id: int, group_id: int | None = None) -> Update:
    """The personal links that still serve: those to a group's place, or all."""
    mine = update(Link).where(Link.kind == LinkKind.CLAIM, Link.person_id == person_id, Link.closed_at.is_(None))
    return mine if group_id is None else mine.where(Link.workgroup_id == group_id)


async def withdraw(session: AsyncSession, group_id: int, person_id: int, *, now: datetime) -> None:
    """Closes the personal links to a place that a person does not have any more."""
    await session.execute(_open_links(person_id, group_id).values(closed_at=now))


@dataclass(frozen=True)
class RosterPlace:
    """A roster line that nobody has claimed, and the groups in which a link gives its place."""

    name: str
    groups: tuple[str, ...]


async def waiting_place(session: AsyncSession, code: str, *, now: datetime) -> RosterPlace | None:
    """The roster line of a code, for its person to confirm. None if the code is no valid personal link."""
    try:
        link = await links.access_link(session, code, now=now)
    except Refused:
        return None
    line = await session.get(Person, link.person_id) if link.kind is LinkKind.CLAIM else None
    if line is None:
        return None
    covered = await _covered(session, link)
    places = [group for group in await groups.of_person(session, line) if group.id in covered]
    return RosterPlace(line.name, tuple(group.name for group in places))


async def _covered(session: AsyncSession, link: Link) -> set[int]:
    """The ids of the groups in which the link gives the line's place: its own, and those in which each of its
    coordinators could give it, too."""
    line = await session.get(Person, link.person_id)
    if line is None or link.workgroup_id is None:
        return set()
    given = {group.id for group in await access.run_by_the_same(session, link.workgroup_id)}
    places = {group.id for group in await groups.of_person(session, line)}
    return {link.workgroup_id, *(given & places)}


async def taken_before(session: AsyncSession, person: Person, code: str) -> bool:
    """Whether this person has used this personal link already. Raises Refused if somebody else has."""
    link = await session.get(Link, links.normal(code))
    if link is None or link.kind is not LinkKind.CLAIM or link.closed_at is None or link.person_id is None:
        return False
    if link.person_id == person.id:
        return True
    holder = await session.get(Person, link.person_id)
    if holder is not None and holder.telegram_id is not None:
        raise Refused("claim-taken")
    return False


async def take(session: AsyncSession, person: Person, link: Link, *, now: datetime) -> Merged:
    """Merges a roster line into the person, in the groups that the link covers."""
    await links.use_up(session, link, now=now)
    line = await session.get(Person, link.person_id)
    if line is None or line.telegram_id is not None or link.workgroup_id is None:
        raise Refused("link-not-valid")
    covered = await _covered(session, link)
    return await merging.merge(session, line, person, group_ids=covered, now=now)
