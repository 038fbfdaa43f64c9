"""Links and codes: joining a group, claiming a roster place, taking a role. One code serves link, QR and typing."""

import enum
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.errors import Refused
from models.people.access import RoleKind

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that reads like another
LENGTH = 10  # 31^10: nobody guesses one, and a person can type it
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
    """Used up, replaced or withdrawn."""


def normal(code: str) -> str:
    """A code as stored, however it was typed: ``abcde-fghjk`` is ABCDEFGHJK."""
    return "".join(c for c in code.upper() if c in ALPHABET)


def looks_like_code(text: str) -> bool:
    """Whether a typed line could be a code."""
    bare = text.strip().upper().replace("-", "").replace(" ", "")
    return len(bare) == LENGTH and all(c in ALPHABET for c in bare) and any(c.isdigit() for c in bare)


def readable(code: str) -> str:
    """A code for people: two groups of five."""
    return f"{code[:5]}-{code[5:]}"


def new_code() -> str:
    """A code with at least one digit, so that words are not taken for codes."""
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
    """Makes a link."""
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
    """The link of a code, or a refusal that says what to do."""
    link = await session.get(Link, normal(code))
    if link is None or link.closed_at is not None or (link.expires_at is not None and link.expires_at <= now):
        raise Refused("link-not-valid")
    return link


async def use_up(session: AsyncSession, link: Link, *, now: datetime) -> None:
    """Closes a link that serves once; of two at the same moment one is refused."""
    used = await session.execute(
        update(Link).where(Link.code == link.code, Link.closed_at.is_(None)).values(closed_at=now).returning(Link.code)
    )
    if used.scalar_one_or_none() is None:
        raise Refused("link-not-valid")


async def join_link(session: AsyncSession, group_id: int, *, now: datetime) -> Link:
    """The group's joining link; made when first asked for."""
    wanted = select(Link).where(Link.kind == LinkKind.JOIN, Link.workgroup_id == group_id, Link.closed_at.is_(None))
    return await session.scalar(wanted) or await make(session, LinkKind.JOIN, now=now, group_id=group_id)


async def close_join(session: AsyncSession, group_id: int, *, now: datetime) -> None:
    """Stops a group's joining link."""
    old = update(Link).where(Link.kind == LinkKind.JOIN, Link.workgroup_id == group_id, Link.closed_at.is_(None))
    await session.execute(old.values(closed_at=now))


async def rotate(session: AsyncSession, group_id: int, *, now: datetime) -> Link:
    """Replaces a group's joining link: the old one, and its QR, stop working."""
    await close_join(session, group_id, now=now)
    return await make(session, LinkKind.JOIN, now=now, group_id=group_id)
