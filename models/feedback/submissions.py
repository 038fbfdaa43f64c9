"""A person's submission to an open form: the access check, the questions, and the answers so far."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import assert_never

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery.cards import Message
from models.delivery.kinds import CardKind
from models.delivery.rate_limit import CHAT_INTERVAL
from models.errors import NotFound, Refused
from models.feedback import answers
from models.feedback.answers import CurrentAnswer, Press, StoredAnswers
from models.feedback.runs import Participation, Run, RunState, Staged
from models.feedback.sealing import Keyring
from models.forms import form_cache
from models.forms.forms import Form, FormVersion, Question
from models.forms.items import Background, QuestionKind
from models.meetings.attendance import Attendance, Attended
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.people.groups import Membership, Workgroup
from models.people.organisations import OrganisationName, name_key
from models.people.people import Address, Person
from models.people.settings import Organisation

CLOSED = "feedback-is-closed"
"""Key of the refusal for a closed form, shown only to people who may have been asked."""


@dataclass
class Submission:
    """One person's view of an open run: the questions and the answers so far."""

    run: Run
    form: Form
    questions: list[Question]
    group: Workgroup
    meeting: Meeting | None
    """None if the form was sent on its own."""
    person: Person
    attended: Attended | None
    finished: bool
    answers: StoredAnswers = field(default_factory=dict)
    card_id: int | None = None
    """The id of the message that shows the form in the person's chat, as recorded; None if there is none."""
    last_message_at: datetime | None = None
    """When the bot last sent a new message to the chat, other than pages of forms; None if that is not known."""
    roster_organisation: Organisation | None = None
    """The background organisation that coordinators have said the name on the person's roster to mean."""

    @property
    def is_preview(self) -> bool:
        return self.run.state is RunState.PREVIEW

    @property
    def opened_at(self) -> datetime:
        """The meeting's end, or when the run opened. No button of this form was sent earlier."""
        return self.meeting.ends_at if self.meeting else self.run.opens_at

    @property
    def may_answer(self) -> bool:
        """Whether the person may answer. After a meeting, only if they have said that they were present."""
        return self.meeting is None or (self.attended is not None and self.attended.was_there)

    @property
    def typed_lines(self) -> tuple[int, ...]:
        """The ids of the person's typed messages about this form that are still in the chat."""
        return answers.typed_lines(self.answers)

    @property
    def has_answers(self) -> bool:
        """Whether the person has pressed or typed any answer, a skip included."""
        return not self.answers.keys() <= {answers.SENT, answers.LINES}

    def was_sent_after(self, press: Press) -> bool:
        """Whether the answers were sent after this press, which arrives late or again: it must not show them."""
        sent = self.answers.get(answers.SENT)
        return self.finished and sent is not None and not sent.is_replaced_by(press)

    def answer(self, question: Question) -> CurrentAnswer | None:
        return answers.current_answer(question, self.answers)

    def option_from_settings(self, question: Question) -> int | None:
        """The number of the option in the person's own settings, or of the organisation that their roster names.

        None if it is not a background question, or not known.
        """
        match question.background:
            case None:
                return None
            case Background.ORGANISATION:
                value = self.person.organisation or self.roster_organisation
            case Background.FIELD:
                value = self.person.field
            case _:
                assert_never(question.background)
        identity = f"{question.background}-{value}"
        return next((option.number for option in question.options if option.identity == identity), None)

    def prefilled(self, question: Question) -> int | None:
        """The option in the person's settings, or None once they have answered the question on this form."""
        return self.option_from_settings(question) if self.answer(question) is None else None

    def ticked(self, question: Question) -> tuple[int, ...]:
        """The chosen values: those answered on this form, otherwise the one in the person's settings."""
        answer, option = self.answer(question), self.option_from_settings(question)
        if answer is not None:
            return answer.ticked
        return () if option is None else (option,)

    @cached_property
    def from_settings(self) -> list[Question]:
        """The questions that the person's settings answer. They are not asked, only listed in the summary."""
        return [question for question in self.questions if self.option_from_settings(question) is not None]

    @cached_property
    def last_open_question(self) -> Question | None:
        """The last question if it is open and optional, and not the only one. The summary asks it; it has no page."""
        asked = [question for question in self.questions if question not in self.from_settings]
        is_in_summary = len(asked) > 1 and asked[-1].kind is QuestionKind.OPEN and not asked[-1].required
        return asked[-1] if is_in_summary else None

    @cached_property
    def pages(self) -> list[Question]:
        """The questions that have a page of their own, in order."""
        return [
            question for question in self.questions if question not in (*self.from_settings, self.last_open_question)
        ]

    @property
    def unanswered(self) -> Question | None:
        """The first page without a settled answer. None if every page is settled: then the summary is next."""
        return next((q for q in self.pages if (answer := self.answer(q)) is None or not answer.settled), None)

    @property
    def missing(self) -> Question | None:
        """The first required question without an answer. None if there is none."""
        return next((q for q in self.questions if q.required and self._is_missing(q)), None)

    def _is_missing(self, question: Question) -> bool:
        answer = self.answer(question)
        return answer.is_empty if answer else self.prefilled(question) is None

    def question(self, question_id: int) -> Question:
        """The question with this id. Raises NotFound if it is not on this form."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise NotFound

    def after(self, question: Question) -> Question | None:
        """The next page; after the last page, the first unsettled one. None (the summary) if every page is settled."""
        unsettled = self.unanswered
        return unsettled and next((q for q in self.pages if q.position > question.position), unsettled)

    def page_before(self, question: Question) -> Question | None:
        """The page before a question. None for the first page and for a question without a page."""
        index = self.pages.index(question) if question in self.pages else 0
        return self.pages[index - 1] if index else None


_LOCK_PARTICIPATION = (
    select(Participation.finished)
    .where(Participation.run_id == bindparam("run_id"), Participation.person_id == bindparam("person_id"))
    .with_for_update()
)
_SELECT_SUBMISSION = (
    select(
        Run,
        Workgroup,
        Form,
        Meeting,
        Attendance.attended,
        Staged.blob,
        Message.message_id,
        Address.free_at,
        OrganisationName.organisation,
    )
    .join(Workgroup, Workgroup.id == Run.workgroup_id)
    .join(FormVersion, FormVersion.id == Run.form_version_id)
    .join(Form, Form.id == FormVersion.form_id)
    .outerjoin(Meeting, Meeting.id == Run.meeting_id)
    .outerjoin(
        Attendance,
        and_(Attendance.meeting_id == Run.meeting_id, Attendance.person_id == bindparam("person_id")),
    )
    .outerjoin(Staged, and_(Staged.run_id == Run.id, Staged.person_id == bindparam("person_id")))
    .outerjoin(Address, Address.person_id == bindparam("person_id"))
    .outerjoin(
        Message,
        and_(
            Message.address_id == Address.id, Message.kind == CardKind.FEEDBACK, Message.subject == bindparam("run_id")
        ),
    )
    .outerjoin(OrganisationName, OrganisationName.key == bindparam("organisation_key"))
    .where(Run.id == bindparam("run_id"))
)


async def access_submission(
    session: AsyncSession, person: Person, run_id: int, keys: Keyring, *, now: datetime
) -> Submission:
    """The person's submission, while the form is open. Raises NotFound for those who were not asked, Refused once it is
    closed. Locks the person's participation row."""
    ids = {"run_id": run_id, "person_id": person.id}
    # Two taps of one person on two replicas run one after the other, so that neither overwrites the other's answer.
    finished = await session.scalar(_LOCK_PARTICIPATION, ids)
    named = {"organisation_key": name_key(person.organisation_name)}
    row = (await session.execute(_SELECT_SUBMISSION, ids | named)).one_or_none()
    if row is None:
        raise NotFound
    run, group, form, meeting, attended, blob, card_id, free_at, roster_organisation = row
    if finished is None:
        # Closing deletes who was asked: those who may have been asked read that it is closed, others get NotFound.
        raise Refused(CLOSED) if await _may_have_been_asked(session, person, run) else NotFound
    if run.state not in (RunState.OPEN, RunState.PREVIEW) or run.closes_at <= now:
        raise Refused(CLOSED)
    if meeting is not None:
        meeting.workgroup = group
    return Submission(
        run=run,
        form=form,
        questions=await form_cache.questions(session, run.form_version_id),
        group=group,
        meeting=meeting,
        person=person,
        attended=attended,
        finished=finished,
        answers=answers.from_json(keys.open(run.key, blob)) if blob else {},
        card_id=card_id,
        last_message_at=free_at and free_at - CHAT_INTERVAL,
        roster_organisation=roster_organisation,
    )


async def _may_have_been_asked(session: AsyncSession, person: Person, run: Run) -> bool:
    """Whether the person was invited to the run's meeting; of a form sent on its own, whether they are or were in the
    group."""
    if run.meeting_id is not None:
        wanted = select(Invitation.id).where(Invitation.meeting_id == run.meeting_id, Invitation.person_id == person.id)
    else:
        wanted = select(Membership.id).where(
            Membership.workgroup_id == run.workgroup_id, Membership.person_id == person.id
        )
    return await session.scalar(wanted.limit(1)) is not None
