"""What was changed in a year because of feedback."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.feedback.releases import Figure
from models.forms.forms import Question
from models.meetings.changes_told import ChangeTold
from models.people.groups import Workgroup
from models.people.names import in_order
from models.results import changes_told
from models.results.aggregates import Label
from models.valid_figures import Mean


@dataclass(frozen=True)
class ReportedChange:
    """A change told, for the annual report, with the mean of the statement that it is about."""

    group: str
    statement: Label
    text: str
    mean: Mean | None = None
    """The statement's mean with its n, as released; None in snapshots of earlier versions."""
    releases: tuple[int, ...] = ()
    """The releases that the mean comes from."""


async def of_year(session: AsyncSession, span: tuple[datetime, datetime]) -> tuple[ReportedChange, ...]:
    """The changes written in ``span``, sorted by group and time, those of archived groups included.

    ``span`` is the first moment and the first moment after.
    """
    wanted = (
        select(Workgroup.name, Question, Figure, ChangeTold.text)
        .join(Workgroup, Workgroup.id == ChangeTold.workgroup_id)
        .join(Question, Question.id == ChangeTold.question_id)
        .join(Figure, and_(Figure.release_id == ChangeTold.release_id, Figure.question_id == ChangeTold.question_id))
        .where(ChangeTold.created_at >= span[0], ChangeTold.created_at < span[1])
        .order_by(Workgroup.id, ChangeTold.created_at, ChangeTold.id)
    )
    changes = [
        ReportedChange(
            group=group,
            statement=Label(question.identity, question.text),
            text=text,
            mean=changes_told.mean(question, figure),
            releases=(figure.release_id,),
        )
        for group, question, figure, text in await session.execute(wanted)
    ]
    return tuple(sorted(changes, key=lambda change: in_order(change.group)))
