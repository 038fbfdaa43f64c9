"""A group's roster. People without Telegram can be on it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound, Refused
from models.membership import claims, deletion, joining
from models.people import audit, groups
from models.people.groups import Membership, Workgroup
from models.people.links import Link
from models.people.people import NAME_LENGTH, Person, Reachability, parse_line, parse_name


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


async def write_contact(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, typed: str, *, now: datetime
) -> None:
    """Sets how a member is reached besides Telegram. The audit log says that it was done, not the contact."""
    await groups.ensure_not_archived(session, group)
    contact = parse_line(typed, NAME_LENGTH)
    if contact != person.contact:
        person.contact = contact
        audit.note(session, by, "contact-written", now=now, group_id=group.id, person_id=person.id)


async def correct_name(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, typed: str, *, now: datetime
) -> None:
    """Sets the name of a line. Raises Refused if the person is in Telegram: then the name is theirs to change."""
    await _ensure_line(session, group, person)
    name = parse_name(typed)
    if name != person.name:
        person.name = name
        audit.note(session, by, "name-corrected", now=now, group_id=group.id, person_id=person.id)


async def correct_organisation(
    session: AsyncSession, by: Person, group: Workgroup, person: Person, typed: str, *, now: datetime
) -> None:
    """Sets the organisation of a line. Raises Refused if the person is in Telegram: then it is theirs to tell."""
    await _ensure_line(session, group, person)
    organisation = parse_line(typed, NAME_LENGTH)
    if organisation != person.organisation_name:
        person.organisation_name = organisation
        audit.note(session, by, "organisation-corrected", now=now, group_id=group.id, person_id=person.id)


async def _ensure_line(session: AsyncSession, group: Workgroup, person: Person) -> None:
    await groups.ensure_not_archived(session, group)
    await session.refresh(person, with_for_update=True)  # somebody may be claiming it
    if person.telegram_id is not None:
        raise Refused("theirs-to-change", name=person.name)


async def personal_links(session: AsyncSession, group: Workgroup, *, now: datetime) -> list[tuple[Person, Link]]:
    """The members without Telegram, each with their personal link."""
    waiting = [member for member in await groups.members(session, group.id) if member.telegram_id is None]
    made = await claims.links_of(session, group, waiting, now=now)
    return [(person, made[person.id]) for person in waiting]


async def remove(session: AsyncSession, by: Person, group: Workgroup, person: Person, *, now: datetime) -> None:
    """Removes a person from the roster. Their history stays.

    A person without Telegram who is on no roster any more is erased: nobody could do it later."""
    await joining.end(session, group, person, now=now)
    if person.telegram_id is None and not await groups.of_person(session, person):
        await deletion.erase_line(session, by, group, person, now=now)
    else:
        audit.note(session, by, "member-removed", now=now, group_id=group.id, person_id=person.id)
