"""Which background organisation a text on a roster means: "Kuopion kaupunki" is a municipality. Decided once."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, dialect_insert
from models.errors import NotFound
from models.people import audit, groups
from models.people.groups import Workgroup
from models.people.names import in_order, same_name
from models.people.people import Person
from models.people.settings import Organisation


class OrganisationName(Base):
    """The background organisation of all people whose roster says this name."""

    __tablename__ = "organisation_name"

    key: Mapped[str] = mapped_column(primary_key=True)
    """The name as `name_key` makes it: spellings that differ in case or punctuation are one."""
    organisation: Mapped[Organisation]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime]


def name_key(name: str | None) -> str:
    """The key of an organisation's name; empty for none."""
    return same_name(name or "")


@dataclass(frozen=True)
class NameOnRoster:
    """An organisation's name on a group's roster."""

    name: str
    key: str
    people: int
    """How many members have it."""
    organisation: Organisation | None
    """None: not decided yet."""


async def background(session: AsyncSession, person: Person) -> str | None:
    """The person's background organisation: the one that they chose, else that of the name on their roster. None if
    neither is known, or they do not want to tell."""
    if person.organisation is not None or not person.organisation_name:
        return person.organisation if person.organisation in set(Organisation) else None
    known = select(OrganisationName.organisation).where(OrganisationName.key == name_key(person.organisation_name))
    return await session.scalar(known)


async def on_roster(session: AsyncSession, group: Workgroup) -> list[NameOnRoster]:
    """The organisations' names on a group's roster: those that are not decided first, then by name."""
    written = [
        member.organisation_name for member in await groups.members(session, group.id) if member.organisation_name
    ]
    counts = Counter(map(name_key, written))
    usual = Counter(written)
    spelled = {name_key(name): name for name in sorted(usual, key=lambda name: (usual[name], in_order(name)))}
    decided = select(OrganisationName.key, OrganisationName.organisation).where(OrganisationName.key.in_(counts))
    known: dict[str, Organisation] = dict((await session.execute(decided)).all())
    names = [NameOnRoster(spelled[key], key, counts[key], known.get(key)) for key in counts]
    return sorted(names, key=lambda name: (name.organisation is not None, in_order(name.name)))


async def decide(
    session: AsyncSession, by: Person, group: Workgroup, key: str, organisation: Organisation, *, now: datetime
) -> None:
    """Says which background organisation a name on the group's roster means, in all groups. Raises NotFound for a name
    that is not on it."""
    await groups.ensure_not_archived(session, group)
    names = {name.key: name for name in await on_roster(session, group)}
    if key not in names:
        raise NotFound
    if names[key].organisation is organisation:
        return
    values: dict[str, Any] = {"organisation": organisation, "decided_by": by.id, "decided_at": now}
    insert = dialect_insert(session)(OrganisationName).values(key=key, **values)
    await session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))
    audit.note(session, by, "organisation-mapped", now=now, group_id=group.id, detail=organisation)
