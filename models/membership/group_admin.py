"""A group itself: its founding, its name, its joining link, its end."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Refused, Stale
from models.feedback import surveys
from models.meetings import meetings
from models.meetings.meetings import Meeting
from models.people import access, audit, groups, links
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.links import Link, LinkKind
from models.people.people import Person


async def create(session: AsyncSession, by: Person, typed: str, *, now: datetime) -> Workgroup:
    """Founds a workgroup under a typed name. Only an administrator may."""
    await access.require_role(session, by, RoleKind.ADMINISTRATOR)
    group = await groups.create(session, groups.parse_name(typed), now=now)
    audit.note(session, by, "group-founded", now=now, group_id=group.id)
    return group


async def rename(session: AsyncSession, by: Person, group: Workgroup, name: str, *, now: datetime) -> None:
    """Renames a group."""
    await groups.ensure_not_archived(session, group)
    await new_name(session, group, name)
    audit.note(session, by, "group-renamed", now=now, group_id=group.id, detail=f"{group.name} → {name}")
    group.name = name


async def new_name(session: AsyncSession, group: Workgroup, typed: str) -> str:
    """A typed name, normalised. Raises Refused if it is the group's own, or another group's."""
    name = groups.parse_name(typed)
    if name == group.name:
        raise Refused("group-name-same", group=name)
    await groups.ensure_name_free(session, name, besides=group.id)
    return name


async def in_the_way(session: AsyncSession, group: Workgroup, *, now: datetime) -> list[Meeting]:
    """The coming meetings, which keep a group from being archived."""
    return await meetings.coming(session, [group.id], now=now)


async def archive(session: AsyncSession, by: Person, group: Workgroup, *, now: datetime) -> None:
    """Archives a group: planned surveys are withdrawn and the joining link is closed. Its history stays."""
    await groups.ensure_not_archived(session, group)
    if waiting := await in_the_way(session, group, now=now):
        raise Refused("archive-meetings-first", n=len(waiting))
    group.archived_at = now
    await surveys.withdraw_all(session, group)
    await links.close_join(session, group.id, now=now)
    audit.note(session, by, "group-archived", now=now, group_id=group.id)


async def rotate_link(session: AsyncSession, by: Person, group: Workgroup, code: str, *, now: datetime) -> Link:
    """Replaces the joining link. ``code`` is the link on the screen: a second tap raises Stale and makes no second
    link."""
    await groups.ensure_not_archived(session, group)
    old = update(Link).where(Link.kind == LinkKind.JOIN, Link.workgroup_id == group.id, Link.closed_at.is_(None))
    closed = await session.execute(old.where(Link.code == code).values(closed_at=now).returning(Link.code))
    if closed.scalar_one_or_none() is None:
        raise Stale("link-replaced")
    audit.note(session, by, "link-rotated", now=now, group_id=group.id)
    return await links.rotate(session, group.id, now=now)


async def let_in(session: AsyncSession, by: Person, group: Workgroup, one_by_one: bool, *, now: datetime) -> None:
    """Sets whether coordinators approve each person who uses the joining link."""
    await groups.ensure_not_archived(session, group)
    if group.approves_joiners is not one_by_one:
        group.approves_joiners = one_by_one
        audit.note(session, by, "approval-on" if one_by_one else "approval-off", now=now, group_id=group.id)
