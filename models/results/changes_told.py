"""What coordinators have changed because of feedback, one line per statement ("you said, we did").

A line waits for the group's next meeting. Its invitation tells the line once, to those who were members when the
feedback was given. Until then the line may be changed.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.base import insert_new
from models.errors import NotFound, Refused, Stale
from models.feedback.releases import Figure, Release
from models.feedback.runs import Run
from models.forms.forms import Question
from models.meetings.changes_told import ChangeTold
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people import audit, people
from models.people.groups import Membership, Workgroup
from models.people.people import Person
from models.results import results
from models.results.aggregates import Aggregate, Label
from models.results.extremes import strong_and_weak
from models.results.results import ListedResult
from models.valid_figures import Mean

LENGTH = 200
"""Characters of a line."""


@dataclass(frozen=True)
class WrittenChange:
    """A line as coordinators see it."""

    text: str
    at: datetime
    told_at: datetime | None
    """When the meeting begins whose invitation told it; None while it waits."""


@dataclass(frozen=True)
class BoardStatement:
    """A statement with a mean that is shown, and the line about it."""

    question_id: int
    words: Label
    mean: Mean
    is_weakest: bool = False
    change: WrittenChange | None = None

    def ensure_waiting(self) -> None:
        """Raises Stale if the line has been told."""
        if self.is_told:
            raise Stale("reply-is-heard")

    @property
    def is_told(self) -> bool:
        return self.change is not None and self.change.told_at is not None


@dataclass(frozen=True)
class Board:
    """The statements of a release, weakest first."""

    listed: ListedResult
    group: Workgroup
    statements: tuple[BoardStatement, ...]
    recipients: int
    """The number of current members who were members when the feedback was given."""

    def statement(self, question_id: int) -> BoardStatement:
        """The statement with this question. Raises NotFound if its mean is not shown."""
        for statement in self.statements:
            if statement.question_id == question_id:
                return statement
        raise NotFound

    def ensure_not_archived(self) -> None:
        """Raises Refused if the group is archived: no invitation would tell the line."""
        if self.group.archived_at is not None:
            raise Refused("replies-archived")


@dataclass(frozen=True)
class ChangeLine:
    """What an invitation tells: a statement with its released mean, and what was done."""

    words: Label
    mean: Mean
    text: str


def parse_line(typed: str) -> str:
    """A typed line, normalised. Raises Refused if it is empty or longer than `LENGTH`."""
    return people.parse_line(typed, LENGTH)


async def access_board(session: AsyncSession, person: Person, release_id: int) -> Board:
    """The statements of a release, for its group's coordinators. Raises NotFound for others."""
    listed, aggregate = await results.access_release(session, person, release_id)
    release = await session.get_one(Release, release_id)
    group = await session.get_one(Workgroup, release.workgroup_id)
    wanted = select(ChangeTold, Meeting.starts_at).outerjoin(Meeting, Meeting.id == ChangeTold.meeting_id)
    changes = {
        change.question_id: WrittenChange(change.text, change.created_at, told_at)
        for change, told_at in await session.execute(wanted.where(ChangeTold.release_id == release_id))
    }
    shown = [replace(statement, change=changes.get(statement.question_id)) for statement in weakest_first(aggregate)]
    return Board(listed, group, tuple(shown), await _recipients(session, release))


def weakest_first(aggregate: Aggregate) -> list[BoardStatement]:
    """The statements whose means are shown, sorted by the position of the mean on its scale.

    The weakest are marked: the same number as in a digest, and of equal ones the same.
    """
    shown = [
        BoardStatement(result.question_id, result.words, result.mean)
        for result in aggregate.results
        if result.mean is not None
    ]
    shown.sort(key=lambda statement: statement.words.identity, reverse=True)
    shown.sort(key=lambda statement: statement.mean.along)
    _, weak = strong_and_weak(len(shown))
    return [replace(statement, is_weakest=place < weak) for place, statement in enumerate(shown)]


GIVEN_AT = func.coalesce(Run.opens_at, Release.released_at)
"""When the feedback was given. Not known for a pool, for which it is the time of the release."""


async def _recipients(session: AsyncSession, release: Release) -> int:
    current = aliased(Membership)
    wanted = (
        select(func.count(Membership.person_id.distinct()))
        .select_from(Release)
        .outerjoin(Run, Run.id == Release.run_id)
        .join(Membership, Membership.workgroup_id == Release.workgroup_id)
        .join(current, and_(current.workgroup_id == Membership.workgroup_id, current.person_id == Membership.person_id))
        .where(Release.id == release.id, _is_member_at(GIVEN_AT), current.left_at.is_(None))
    )
    return await session.scalar(wanted) or 0


def _is_member_at(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a membership exists at a moment."""
    return and_(Membership.joined_at <= at, or_(Membership.left_at.is_(None), Membership.left_at > at))


async def write(
    session: AsyncSession,
    by: Person,
    release_id: int,
    question_id: int,
    typed: str,
    *,
    was: str | None,
    now: datetime,
) -> None:
    """Writes the line of a statement. ``was`` is the text it replaces; None if there was none.

    Raises Refused if the line is empty or too long, or the group is archived; Stale if the line has been told, or if
    another coordinator has changed it meanwhile.
    """
    text, board = parse_line(typed), await access_board(session, by, release_id)
    board.ensure_not_archived()
    board.statement(question_id).ensure_waiting()
    if was is None:
        row = {"release_id": release_id, "question_id": question_id, "workgroup_id": board.group.id, "text": text}
        done = await insert_new(session, ChangeTold, [{**row, "created_at": now, "created_by": by.id}])
    else:
        unchanged = update(ChangeTold).where(*_is_untold(release_id, question_id), ChangeTold.text == was)
        changed = await session.execute(unchanged.values(text=text, created_by=by.id).returning(ChangeTold.id))
        done = list(changed.scalars())
    if not done:
        raise Stale("reply-changed-meanwhile")
    audit.note(session, by, "reply-written" if was is None else "reply-changed", now=now, group_id=board.group.id)


async def remove(session: AsyncSession, by: Person, release_id: int, question_id: int, *, now: datetime) -> None:
    """Deletes a line. Raises Stale if it has been told or is already deleted."""
    board = await access_board(session, by, release_id)
    board.statement(question_id).ensure_waiting()
    deleted = delete(ChangeTold).where(*_is_untold(release_id, question_id)).returning(ChangeTold.id)
    if (await session.execute(deleted)).first() is None:
        raise Stale("already-done")
    audit.note(session, by, "reply-removed", now=now, group_id=board.group.id)


def _is_untold(release_id: int, question_id: int) -> tuple[ColumnElement[bool], ...]:
    return ChangeTold.release_id == release_id, ChangeTold.question_id == question_id, ChangeTold.meeting_id.is_(None)


LINES_FOR_INVITATION = (
    select(Question, Figure, ChangeTold.text)
    .select_from(ChangeTold)
    .join(Question, Question.id == ChangeTold.question_id)
    .join(Figure, and_(Figure.release_id == ChangeTold.release_id, Figure.question_id == ChangeTold.question_id))
    .join(Release, Release.id == ChangeTold.release_id)
    .outerjoin(Run, Run.id == Release.run_id)
    .where(ChangeTold.workgroup_id == bindparam("group"), ChangeTold.meeting_id == bindparam("meeting"))
    .where(
        exists().where(
            Membership.workgroup_id == ChangeTold.workgroup_id,
            Membership.person_id == bindparam("person"),
            _is_member_at(GIVEN_AT),
        )
    )
    .order_by(ChangeTold.created_at, ChangeTold.id)
)
"""Built once, because every answer to an invitation runs it."""


async def lines_for(session: AsyncSession, invitation: Invitation) -> tuple[ChangeLine, ...]:
    """The lines that an invitation tells this person: about feedback given while they were a member."""
    meeting = invitation.meeting
    who = {"group": meeting.workgroup_id, "meeting": meeting.id, "person": invitation.person_id}
    return tuple(
        ChangeLine(Label(question.identity, question.text), mean(question, figure), text)
        for question, figure, text in await session.execute(LINES_FOR_INVITATION, who)
    )


def mean(question: Question, figure: Figure) -> Mean:
    """The released mean of a statement. Lines are written only about statements whose mean is shown."""
    return Mean(figure.total or 0, figure.n or 0, question.low or 0, question.high or 0)
