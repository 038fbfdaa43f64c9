"""Highlights: open answers that a group's coordinators have marked as worth quoting. Only these reach digests."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound
from models.feedback.releases import OpenAnswer, Release
from models.people import access
from models.people.people import Person
from models.periods import Scope

MOST = 20
"""The largest number of highlights stored with a digest, per month."""


async def access_open_answer(session: AsyncSession, person: Person, answer_id: int) -> tuple[OpenAnswer, Release]:
    """The released text and its release, for the group's coordinators. Raises NotFound for others."""
    wanted = select(OpenAnswer, Release).join(Release, Release.id == OpenAnswer.release_id)
    row = (await session.execute(wanted.where(OpenAnswer.id == answer_id))).one_or_none()
    mine = await access.coordinated_groups(session, person, archived_too=True)
    if row is None or row[1].workgroup_id not in {group.id for group in mine}:
        raise NotFound
    return row[0], row[1]


async def mark(session: AsyncSession, person: Person, answer_id: int, *, on: bool) -> None:
    """Marks a text as worth quoting, or removes the mark. Raises NotFound if not for this person."""
    answer, _ = await access_open_answer(session, person, answer_id)
    await session.execute(update(OpenAnswer).where(OpenAnswer.id == answer.id).values(highlighted=on))


async def of_month(session: AsyncSession, scope: Scope) -> tuple[str, ...]:
    """The highlights in the releases of a month, at most `MOST`, in a random order that does not change."""
    wanted = (
        select(OpenAnswer.text)
        .join(Release, Release.id == OpenAnswer.release_id)
        .where(OpenAnswer.highlighted, Release.released_at >= scope.first, Release.released_at < scope.after)
        .order_by(OpenAnswer.id)
        .limit(MOST)
    )
    wanted = scope.of_groups(wanted, Release.workgroup_id.expression)
    return tuple((await session.execute(wanted)).scalars())
