"""Who was asked: the people to whom a form was sent, and how many of them have answered so far.

Only deliveries and stored answers decide who was asked. Marks of attendance, rosters, roles and archives do not: a
coordinator who changes them must not see a figure change with one person's answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Sending
from models.feedback.runs import Participation, Run, RunState, Staged
from models.people.people import Address


def _is_asked() -> ColumnElement[bool]:
    """Whether a message with the form was or may have been sent to a participation's person, or they have answers."""
    arrived = select(Delivery.id).join(Address, Address.id == Delivery.address_id)
    arrived = arrived.where(
        Delivery.kind == DeliveryKind.FEEDBACK,
        Delivery.subject == Participation.run_id,
        Address.person_id == Participation.person_id,
        outbox.may_have_arrived(),
    )
    staged = select(Staged.person_id).where(
        Staged.run_id == Participation.run_id, Staged.person_id == Participation.person_id
    )
    return or_(arrived.exists(), staged.exists())


async def count(session: AsyncSession, run_ids: list[int]) -> dict[int, int]:
    """How many people were asked by each run that is not closed, those who have been erased since included."""
    wanted = select(Participation.run_id, func.count()).where(Participation.run_id.in_(run_ids), _is_asked())
    present: dict[int, int] = dict((await session.execute(wanted.group_by(Participation.run_id))).all())
    erased = select(Run.id, func.coalesce(Run.asked, 0)).where(Run.id.in_(run_ids))
    return {run_id: number + present.get(run_id, 0) for run_id, number in (await session.execute(erased)).all()}


@dataclass(frozen=True)
class Progress:
    """How many an open form asks, and how many have answered it so far."""

    asked: int
    waiting: int
    """To so many more it will be sent."""
    at_least: int | None
    """At least so many had answered on the last night, see `update_counts`; None before the first night."""


async def progress(session: AsyncSession, runs: Sequence[Run]) -> dict[int, Progress]:
    """The progress of open runs, by id."""
    ids = [run.id for run in runs]
    people, waiting = await count(session, ids), await _waiting(session, ids)
    return {
        run.id: Progress(people[run.id], waiting.get(run.id, 0), None if run.counted_on is None else run.at_least)
        for run in runs
    }


async def _waiting(session: AsyncSession, run_ids: list[int]) -> dict[int, int]:
    """By run id: how many people have not been asked and have a first message that waits."""
    wanted = (
        select(Participation.run_id, func.count(Participation.person_id.distinct()))
        .join(Address, Address.person_id == Participation.person_id)
        .join(Delivery, and_(Delivery.address_id == Address.id, Delivery.subject == Participation.run_id))
        .where(
            Participation.run_id.in_(run_ids),
            Delivery.kind == DeliveryKind.FEEDBACK,
            Delivery.slot == "",
            Delivery.state.in_((Sending.DUE, Sending.SENDING)),
            ~_is_asked(),
        )
        .group_by(Participation.run_id)
    )
    return dict((await session.execute(wanted)).all())


async def was_asked(session: AsyncSession, run_id: int, person_id: int) -> bool:
    """Whether a person has been asked by a run that is not closed."""
    wanted = select(Participation.run_id).where(
        Participation.run_id == run_id, Participation.person_id == person_id, _is_asked()
    )
    return await session.scalar(wanted) is not None


async def keep_counted(session: AsyncSession, person_id: int) -> None:
    """Keeps a person in the number of those asked by open runs. Call it before the person is erased."""
    mine = select(Participation.run_id).where(Participation.person_id == person_id, _is_asked())
    counted = func.coalesce(Run.asked, 0) + 1
    await session.execute(update(Run).where(Run.id.in_(mine), Run.state == RunState.OPEN).values(asked=counted))


async def update_counts(session: AsyncSession, *, zone: ZoneInfo, now: datetime) -> None:
    """Updates how many have answered each open run at least, once a day from the day after its opening.

    The number is a multiple of the threshold, and it never decreases. So neither a mark of attendance, nor one person
    who answers or takes their answers back, can be seen in it.
    """
    today = now.astimezone(zone).date()
    due = select(Run).where(Run.state == RunState.OPEN, Run.opens_at < datetime.combine(today, time(), zone))
    due = due.where(or_(Run.counted_on.is_(None), Run.counted_on < today))
    runs = list((await session.execute(due.with_for_update(skip_locked=True))).scalars())
    answered = (
        select(Participation.run_id, func.count())
        .join(Staged, and_(Staged.run_id == Participation.run_id, Staged.person_id == Participation.person_id))
        .where(Participation.run_id.in_([run.id for run in runs]), Participation.finished)
        .group_by(Participation.run_id)
    )
    counts: dict[int, int] = dict((await session.execute(answered)).all())
    for run in runs:
        number = counts.get(run.id, 0)
        run.at_least = max(run.at_least, number - number % run.threshold)
        run.counted_on = today
