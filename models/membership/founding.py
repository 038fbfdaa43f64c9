"""Founding a workgroup."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.people import access, audit, groups
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person


async def found(session: AsyncSession, actor: Person, typed: str, *, now: datetime) -> Workgroup:
    """An administrator founds a workgroup, under the name typed."""
    await access.require_role(session, actor, RoleKind.ADMINISTRATOR)
    group = await groups.create(session, groups.parse_name(typed), now=now)
    audit.note(session, actor, "group-founded", now=now, group_id=group.id)
    return group
