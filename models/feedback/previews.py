"""Previews: a run of a form for one person, for a day, that is never counted.

Closing, results, statistics and the operator's commands select runs that are open or closed. A preview is neither.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import insert_new
from models.delivery.kinds import Clearing
from models.errors import Refused
from models.feedback import closing
from models.feedback.runs import Participation, Run, RunState
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.form_book import OwnedForm
from models.people import access
from models.people.people import Person
from models.policy import Policy

LIFETIME = timedelta(days=1)
"""How long a preview is open."""


async def begin(
    session: AsyncSession, person: Person, owned: OwnedForm, keys: Keyring, *, policy: Policy, now: datetime
) -> Run:
    """Opens a preview of a form. Reuses the run of the person's earlier preview, if any, and deletes its answers.

    Raises Refused if no group can be named in it: the form has none and the person coordinates none.
    """
    await session.get(Person, person.id, with_for_update=True)  # two simultaneous taps run one after the other
    version = await forms.newest(session, owned.form)
    earlier = select(Run).join(Participation, Participation.run_id == Run.id)
    earlier = earlier.where(Run.state == RunState.PREVIEW, Participation.person_id == person.id)
    run = await session.scalar(earlier)
    if run is None:
        run = Run(workgroup_id=await _group(session, person, owned), state=RunState.PREVIEW, reminders=0)
        session.add(run)
    else:
        await closing.forget_people(session, run, Clearing.TRIAL_OVER, now=now)
    run.form_version_id, run.named, run.threshold = version.id, version.named, policy.threshold
    run.opens_at, run.closes_at = now, now + LIFETIME
    await session.flush()
    keys.create(run.key)
    await insert_new(session, Participation, [{"run_id": run.id, "person_id": person.id}])
    return run


async def _group(session: AsyncSession, person: Person, owned: OwnedForm) -> int:
    """The id of the group named in the preview: the form's own, or one that the person coordinates.

    Raises Refused if there is none.
    """
    if owned.group is not None:
        return owned.group.id
    mine = await access.coordinated_groups(session, person)
    if not mine:
        raise Refused("preview-needs-group")
    return mine[0].id


async def over(session: AsyncSession, *, now: datetime) -> list[int]:
    """The ids of the previews whose time is over, or whose person has been erased."""
    whose = select(Participation.run_id)
    wanted = select(Run.id).where(Run.state == RunState.PREVIEW)
    return list(await session.scalars(wanted.where(or_(Run.closes_at <= now, Run.id.not_in(whose)))))


async def end(session: AsyncSession, run_id: int, keys: Keyring, *, now: datetime) -> None:
    """Deletes a preview and everything in it. Does nothing if it does not exist.

    Destroys the key before the commit, unlike a closed run's: afterwards no row names it.
    """
    wanted = select(Run).where(Run.id == run_id, Run.state == RunState.PREVIEW).with_for_update()
    run = await session.scalar(wanted)
    if run is None:
        return
    keys.destroy(run.key)
    await closing.forget_people(session, run, Clearing.TRIAL_OVER, now=now)
    await session.execute(delete(Run).where(Run.id == run.id))
