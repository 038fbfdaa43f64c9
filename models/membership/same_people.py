"""Questions to coordinators: is a person the one whom a row of their group's roster means?

Somebody joins a group under a name that stands on its roster, or takes a place in one group and may have one in
another. Nobody else can know: people choose their own names, and are shown nothing of a roster.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.base import Base, insert_new
from models.calendar import next_waking
from models.delivery import cards, outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Planned
from models.errors import Stale
from models.people import access, groups
from models.people.groups import Workgroup
from models.people.names import same_name
from models.people.people import Person, quiet_hours
from models.policy import Policy

KEEPS = timedelta(days=14)
"""How long the message to a coordinator waits to be sent; the group's screen has the questions always."""


class SameQuestion(Base):
    """Whether a person and a line of a group are the same. Asked once."""

    __tablename__ = "same_question"
    __table_args__ = (UniqueConstraint("workgroup_id", "person_id", "line_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    """The group on whose roster the line stands: its coordinators are asked."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    """The coordinator of another group who thinks so. None: the name alone is the reason."""
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


@dataclass(frozen=True)
class Pair:
    """A question with its people."""

    question: SameQuestion
    group: Workgroup
    person: Person
    line: Person
    is_member: bool
    """Whether the person is a member of the group, and not only of another."""


async def lines_named(session: AsyncSession, group: Workgroup, person: Person) -> list[Person]:
    """The lines on a group's roster that nobody has claimed and that have the person's name."""
    called = same_name(person.name)
    members = await groups.members(session, group.id)
    lines = (member for member in members if member.telegram_id is None and member.id != person.id)
    return [line for line in lines if same_name(line.name) == called]


async def ask(
    session: AsyncSession,
    group: Workgroup,
    person: Person,
    lines: Sequence[Person],
    *,
    by: Person | None = None,
    policy: Policy,
    now: datetime,
) -> None:
    """Asks the group's coordinators whether the person is one of its lines, each pair once.

    They get one message for all that is open; what is asked while it stands in their chat is added to it.
    """
    about = {"workgroup_id": group.id, "person_id": person.id, "asked_by": by.id if by else None, "asked_at": now}
    rows = [about | {"line_id": line.id} for line in lines]
    if not await insert_new(session, SameQuestion, rows):
        return
    oldest = select(func.min(SameQuestion.id)).where(
        SameQuestion.workgroup_id == group.id, SameQuestion.decided_at.is_(None)
    )
    slot = str(await session.scalar(oldest))
    planned = []
    for coordinator in await access.coordinators(session, group.id):
        due = next_waking(now, quiet_hours(coordinator, policy))
        planned.append(
            Planned(coordinator.id, DeliveryKind.SAME_PEOPLE, group.id, due_at=due, expires_at=due + KEEPS, slot=slot)
        )
    await outbox.plan(session, planned)
    await show_changed(session, group.id, now=now)


async def show_changed(session: AsyncSession, group_id: int, *, now: datetime) -> None:
    """Plans edits of the messages that show a group's questions."""
    kind = DeliveryKind.SAME_PEOPLE_CHANGED
    await cards.plan_edits(session, kind, group_id, now=now, expires_at=now + KEEPS)


async def waiting(session: AsyncSession, group: Workgroup) -> list[Pair]:
    """The group's open questions, oldest first."""
    return await _pairs(session, SameQuestion.workgroup_id == group.id, SameQuestion.decided_at.is_(None))


async def open_pair(session: AsyncSession, group: Workgroup, question_id: int) -> Pair:
    """An open question of a group. Raises Stale if it is decided, or there is nothing to ask any more."""
    for pair in await waiting(session, group):
        if pair.question.id == question_id:
            return pair
    raise Stale("same-decided-already")


async def _pairs(session: AsyncSession, *which: ColumnElement[bool]) -> list[Pair]:
    line = aliased(Person)
    wanted = (
        select(SameQuestion, Workgroup, Person, line)
        .join(Workgroup, Workgroup.id == SameQuestion.workgroup_id)
        .join(Person, Person.id == SameQuestion.person_id)
        .join(line, line.id == SameQuestion.line_id)
        .where(*which)
        .order_by(SameQuestion.id)
    )
    rows = (await session.execute(wanted)).all()
    return [Pair(*row, is_member=await access.is_member(session, row[2], row[1].id)) for row in rows]


async def decide(session: AsyncSession, by: Person, pair: Pair, *, now: datetime) -> None:
    """Closes a question. Raises Stale if another coordinator has decided it."""
    decided = await session.execute(
        update(SameQuestion)
        .where(SameQuestion.id == pair.question.id, SameQuestion.decided_at.is_(None))
        .values(decided_at=now, decided_by=by.id)
        .returning(SameQuestion.id)
    )
    if decided.scalar_one_or_none() is None:
        raise Stale("same-decided-already")
    await show_changed(session, pair.group.id, now=now)


async def drop(session: AsyncSession, group_id: int, person_id: int) -> None:
    """Drops the open questions of a group about somebody who has left its roster."""
    about = or_(SameQuestion.person_id == person_id, SameQuestion.line_id == person_id)
    await session.execute(
        delete(SameQuestion).where(SameQuestion.workgroup_id == group_id, SameQuestion.decided_at.is_(None), about)
    )


async def follow(session: AsyncSession, line: Person, person: Person, within: Collection[int] | None) -> None:
    """After a merge of a line into a person: open questions about the line, those of some groups or of all, become
    questions about the person, and those that make no sense any more are deleted."""
    about = or_(SameQuestion.person_id == line.id, SameQuestion.line_id == line.id)
    wanted = select(SameQuestion).where(about, SameQuestion.decided_at.is_(None))
    if within is not None:
        wanted = wanted.where(SameQuestion.workgroup_id.in_(within))
    for question in (await session.execute(wanted)).scalars().all():
        await session.delete(question)
        pair = [person.id if each == line.id else each for each in (question.person_id, question.line_id)]
        is_claimed = question.line_id == line.id and person.telegram_id is not None
        if pair[0] != pair[1] and not is_claimed:
            row = {"workgroup_id": question.workgroup_id, "person_id": pair[0], "line_id": pair[1]}
            asked = {"asked_by": question.asked_by, "asked_at": question.asked_at}
            await session.flush()
            await insert_new(session, SameQuestion, [row | asked])
