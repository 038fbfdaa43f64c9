"""Coordinators say of two rows that they are one person: by an answer to a question, or on their own.

They never merge two Telegram accounts, people with roles, or people who are asked for an answer in an open form: a role
would go to somebody else, and the counts of a form would change under its coordinator's eyes.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound, Refused
from models.feedback.runs import Participation, Run, RunState
from models.membership import joining, merging, same_people
from models.membership.merging import Merged
from models.membership.same_people import Pair
from models.people import access, audit, groups
from models.people.groups import Membership, Workgroup, by_name
from models.people.names import same_name
from models.people.people import Person
from models.policy import Policy

MERGED, KEPT_APART = "people-merged", "people-kept-apart"
"""Actions in the audit log. The detail is empty: a name would outlive its person's erasure."""


async def candidates(session: AsyncSession, by: Person, person: Person) -> list[tuple[Person, list[Workgroup]]]:
    """Everybody on the rosters of a coordinator's groups who may be the same as a person, with their groups there:
    those of the same name first, then by name. No other Telegram account, if the person is in Telegram."""
    places: dict[Person, list[Workgroup]] = {}
    for group in await access.coordinated_groups(session, by):
        for member in await groups.members(session, group.id):
            if member.id != person.id and (member.telegram_id is None or person.telegram_id is None):
                places.setdefault(member, []).append(group)
    called = same_name(person.name)
    return sorted(places.items(), key=lambda place: (same_name(place[0].name) != called, by_name(place[0])))


async def access_other(session: AsyncSession, by: Person, person_id: int) -> Person:
    """A member of any group that a coordinator runs. Raises NotFound for others."""
    mine = [group.id for group in await access.coordinated_groups(session, by)]
    current = Membership.workgroup_id.in_(mine), Membership.left_at.is_(None)
    wanted = select(Person).join(Membership, Membership.person_id == Person.id).where(Person.id == person_id, *current)
    person = await session.scalar(wanted.limit(1))
    if person is None:
        raise NotFound("not-a-member")
    return person


def sides(first: Person, second: Person) -> tuple[Person, Person]:
    """The line that goes and the person who stays: whoever is in Telegram, else the first of the two."""
    return (first, second) if second.telegram_id is not None else (second, first)


def name_after(line: Person, person: Person) -> str:
    """The name of the person once the line is merged into them."""
    return merging.name_of(person, line)


async def ensure_may_merge(session: AsyncSession, first: Person, second: Person) -> None:
    """Raises Refused if a coordinator may not merge the two."""
    if first.id == second.id:
        raise NotFound
    if first.telegram_id is not None and second.telegram_id is not None:
        raise Refused("merge-two-accounts")
    for person in (first, second):
        if await access.roles(session, person.id):
            raise Refused("merge-has-role", name=person.name)
    asked = select(Run.id).join(Participation, Participation.run_id == Run.id).where(Run.state == RunState.OPEN)
    if await session.scalar(asked.where(Participation.person_id.in_([first.id, second.id])).limit(1)) is not None:
        raise Refused("merge-open-form")


async def unite(
    session: AsyncSession,
    by: Person,
    group: Workgroup,
    first: Person,
    second: Person,
    *,
    asked_by: Person | None = None,
    policy: Policy,
    now: datetime,
) -> Merged:
    """Merges two rows, in the groups that ``by`` and who has asked them coordinate. ``group`` is where it is done.
    Raises Refused as `ensure_may_merge`, and Stale if one of the rows is gone."""
    await ensure_may_merge(session, first, second)
    line, person = sides(first, second)
    agreed = [by] if asked_by is None else [by, asked_by]
    mine = {each.id for who in agreed for each in await access.coordinated_groups(session, who)}
    before = {each.id for each in await groups.of_person(session, person)}
    merged = await merging.merge(session, line, person, group_ids=mine, now=now)
    audit.note(session, by, MERGED, now=now, group_id=group.id, person_id=person.id)
    await joining.welcome(session, person, merged, policy=policy, now=now)
    gained = [each.id for each in merged.groups if each.id not in before]
    places = select(Membership.id).where(Membership.person_id == person.id, Membership.left_at.is_(None))
    memberships = (await session.execute(places.where(Membership.workgroup_id.in_(gained)))).scalars().all()
    await joining.tell_of_places(session, person, memberships, policy=policy, now=now)
    return merged


async def answer(session: AsyncSession, by: Person, pair: Pair, same: bool, *, policy: Policy, now: datetime) -> None:
    """A coordinator answers a question. Raises Stale if it is decided already, and Refused as `ensure_may_merge`."""
    await same_people.decide(session, by, pair, now=now)
    if same:
        asked_by = await session.get(Person, pair.question.asked_by or 0)
        await unite(session, by, pair.group, pair.person, pair.line, asked_by=asked_by, policy=policy, now=now)
    else:
        # Without the person: in their copy of their data it would tell that their name stands on the roster.
        audit.note(session, by, KEPT_APART, now=now, group_id=pair.group.id)
