"""Links to join a group, to claim a place on a roster, or to take a role. The same code is in the link, in the QR
and typed."""

import enum
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.errors import Refused
from models.people.access import RoleKind

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0, O, 1, I and L, which look alike
LENGTH = 10  # 31^10 codes: not guessable, and short enough to type
PERSONAL = timedelta(days=60)
ROLE_KEEPS = timedelta(days=14)


class LinkKind(enum.StrEnum):
    JOIN = "join"  # many people join a group
    CLAIM = "claim"  # one person takes their place on rosters
    ROLE = "role"  # one person takes a role


class Link(Base):
    __tablename__ = "link"

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[LinkKind]
    workgroup_id: Mapped[int | None] = mapped_column(ForeignKey("workgroup.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[RoleKind | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    """When it was used, replaced or withdrawn."""


def normal(code: str) -> str:
    """A typed code as it is stored: ``abcde-fghjk`` becomes ABCDEFGHJK."""
    return "".join(c for c in code.upper() if c in ALPHABET)


def looks_like_code(text: str) -> bool:
    """Whether a typed line has the form of a code."""
    bare = text.strip().upper().replace("-", "").replace(" ", "")
    return len(bare) == LENGTH and all(c in ALPHABET for c in bare) and any(c.isdigit() for c in bare)


def readable(code: str) -> str:
    """A code as people read it: two groups of five characters."""
    return f"{code[:5]}-{code[5:]}"


def new_code() -> str:
    """A new random code. It has a digit, so that no word has the form of a code."""
    code = ""
    while not any(c.isdigit() for c in code):
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return code


async def make(
    session: AsyncSession,
    kind: LinkKind,
    *,
    now: datetime,
    group_id: int | None = None,
    person_id: int | None = None,
    role: RoleKind | None = None,
    keeps: timedelta | None = None,
) -> Link:
    """Creates a link that is valid for ``keeps``, or until it is closed."""
    link = Link(
        code=new_code(),
        kind=kind,
        workgroup_id=group_id,
        person_id=person_id,
        role=role,
        created_at=now,
        expires_at=now + keeps if keeps else None,
    )
    session.add(link)
    await session.flush()
    return link


async def access_link(session: AsyncSession, code: str, *, now: datetime) -> Link:
    """The valid link of a code. Raises Refused if there is none, or it is closed or expired."""
    link = await session.get(Link, normal(code))
    if link is None or link.closed_at is not None or (link.expires_at is not None and link.expires_at <= now):
        raise Refused("link-not-valid")
    return link


async def use_up(session: AsyncSession, link: Link, *, now: datetime) -> None:
    """Closes a one-time link. Raises Refused if it is closed already: of two uses at once only one succeeds."""
    used = await session.execute(
        update(Link).where(Link.code == link.code, Link.closed_at.is_(None)).values(closed_at=now).returning(Link.code)
    )
    if used.scalar_one_or_none() is None:
        raise Refused("link-not-valid")


async def join_link(session: AsyncSession, group_id: int, *, now: datetime) -> Link:
    """The group's joining link. Creates it at the first call."""
    wanted = select(Link).where(Link.kind == LinkKind.JOIN, Link.workgroup_id == group_id, Link.closed_at.is_(None))
    return await session.scalar(wanted) or await make(session, LinkKind.JOIN, now=now, group_id=group_id)


async def close_join(session: AsyncSession, group_id: int, *, now: datetime) -> None:
    """Closes the group's joining link."""
    old = update(Link).where(Link.kind == LinkKind.JOIN, Link.workgroup_id == group_id, Link.closed_at.is_(None))
    await session.execute(old.values(closed_at=now))


async def rotate(session: AsyncSession, group_id: int, *, now: datetime) -> Link:
    """Replaces the group's joining link. The old link and its QR stop working."""
    await close_join(session, group_id, now=now)
    return await make(session, LinkKind.JOIN, now=now, group_id=group_id)
