"""Forms whose sealed answers can no longer be decrypted, for example after a restored backup or a lost key folder.

While such a form is open, all its people are asked again: asking only some would reveal who had answered.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from models.feedback import pools
from models.feedback.pools import Pool, Pooled
from models.feedback.runs import Participation, Run, RunState, Staged, plan_asks
from models.feedback.sealing import Keyring
from models.meetings.meetings import Meeting
from models.people.groups import Workgroup
from models.people.people import Person
from models.policy import Policy


@dataclass(frozen=True)
class OpenForm:
    """An open run as the operator sees it: counts, never who has answered."""

    run: Run
    group: str
    held: datetime
    """The end of its meeting; for a form sent on its own, when it opened."""
    has_key: bool
    sealed: int
    """Number of sealed submissions."""
    unreadable: int
    """Number of sealed submissions that the key does not decrypt."""
    is_over: bool
    """Whether its time is over: it will close with the answers that can be decrypted."""

    @property
    def is_lost(self) -> bool:
        return not self.has_key or self.unreadable > 0


async def open_forms(session: AsyncSession, keys: Keyring, *, now: datetime) -> list[OpenForm]:
    """The open forms in the order in which they close, with whether their keys decrypt their answers."""
    wanted = (
        select(Run, Workgroup.name, func.coalesce(Meeting.ends_at, Run.opens_at))
        .join(Workgroup, Workgroup.id == Run.workgroup_id)
        .outerjoin(Meeting, Meeting.id == Run.meeting_id)
        .where(Run.state == RunState.OPEN)
        .order_by(Run.closes_at, Run.id)
    )
    forms_open = []
    for run, group, held in (await session.execute(wanted)).all():
        sealed = await _sealed(session, run)
        forms_open.append(
            OpenForm(
                run=run,
                group=group,
                held=held,
                has_key=keys.has(run.key),
                sealed=len(sealed),
                unreadable=sum(not keys.opens(run.key, blob) for blob in sealed.values()),
                is_over=run.closes_at <= now,
            )
        )
    return forms_open


async def _sealed(session: AsyncSession, run: Run) -> dict[int, bytes]:
    """The sealed submissions by person id."""
    rows = await session.execute(select(Staged.person_id, Staged.blob).where(Staged.run_id == run.id))
    return dict(rows.all())


async def ask_again(session: AsyncSession, run_id: int, keys: Keyring, *, policy: Policy, now: datetime) -> int:
    """Deletes the answers that a run's key does not decrypt, creates a key if there is none, and asks its people again.

    People who have sent answers that can be decrypted are not asked again. Returns how many people get a message,
    without those who cannot be reached; 0 if the run is not open or its time is over.
    """
    wanted = select(Run).where(Run.id == run_id, Run.state == RunState.OPEN, Run.closes_at > now)
    run = await session.scalar(wanted.with_for_update())
    if run is None:
        return 0
    unreadable = [person for person, blob in (await _sealed(session, run)).items() if not keys.opens(run.key, blob)]
    await session.execute(delete(Staged).where(Staged.run_id == run.id, Staged.person_id.in_(unreadable)))
    answered = select(Staged.person_id).where(Staged.run_id == run.id)
    again = _in_run(run) & ~(Participation.finished & Participation.person_id.in_(answered))
    await session.execute(update(Participation).where(again).values(finished=False))
    keys.create(run.key)
    asked = await session.execute(
        select(Person).join(Participation).where(_in_run(run), Participation.finished.is_(False)).order_by(Person.id)
    )
    last = select(func.max(Delivery.revision)).where(Delivery.kind == DeliveryKind.FEEDBACK, Delivery.subject == run.id)
    revision = (await session.scalar(last) or 0) + 1
    await outbox.withdraw(session, [DeliveryKind.FEEDBACK], [run.id], before=revision)
    await plan_asks(session, run, list(asked.scalars()), policy=policy, now=now, revision=revision)
    first_messages = Delivery.kind == DeliveryKind.FEEDBACK, Delivery.subject == run.id, Delivery.slot == ""
    return await session.scalar(select(func.count()).where(*first_messages, Delivery.revision == revision)) or 0


def _in_run(run: Run) -> ColumnElement[bool]:
    return Participation.run_id == run.id


async def lost_pools(session: AsyncSession, keys: Keyring) -> list[Pool]:
    """The waiting pools whose answers can no longer be decrypted."""
    holding = select(Pooled.pool_id)
    waiting = select(Pool).where(pools.is_waiting(), Pool.id.in_(holding)).order_by(Pool.id)
    pools_waiting = (await session.execute(waiting)).scalars().all()
    return [pool for pool in pools_waiting if not await pools.opens(session, pool, keys)]


async def empty_lost_pools(session: AsyncSession, keys: Keyring) -> int:
    """Empties the pools whose answers can no longer be decrypted. Returns how many answers were lost."""
    lost = 0
    for pool in await lost_pools(session, keys):
        lost += pool.answered
        await pools.reset(session, pool)
    return lost
