"""Answering a form: one message, edited in place, from "did you take part" over the questions to the summary.

``header``, ``question_page`` and ``summary_page`` draw it; ``text_input`` handles what people type.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from markupsafe import Markup

from handlers.dates import span_text
from handlers.feedback.header import about, page_screen, promise
from handlers.feedback.question_page import ask
from handlers.feedback.summary_page import summary, thanks
from handlers.meetings.invitations import meeting_name
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen, TypedLines
from models.delivery import drafts
from models.delivery.drafts import DraftKind, DraftState
from models.errors import NotFound, Refused
from models.feedback import feedback, runs, submissions
from models.feedback.answers import Press
from models.feedback.submissions import Submission
from models.forms.forms import DONT_KNOW, OTHER, Question
from models.meetings.attendance import Attended, ways_to_attend

SAME_TIME = timedelta(seconds=5)
"""A message that was sent up to this long after the form, by Telegram's clock and ours, does not count as newer."""


@dataclass(frozen=True, kw_only=True)
class FeedbackText(DraftState, subject=DraftKind.FEEDBACK_TEXT):
    """The question that a typed line answers. `models.feedback.closing` ends the dialogues of a run by ``run``."""

    run: int
    question: int
    is_above: bool = False
    """Whether the bot's newer messages stand below the form: then the answer to a typed line is a new message."""


def ask_attendance(context: Context, submission: Submission) -> Screen:
    """The first screen after a meeting: were you there, and who will see the answers."""
    t, meeting = context.t, submission.meeting
    if meeting is None:
        raise NotFound
    text = t(
        "feedback-were-you-there",
        meeting=meeting_name(t, meeting),
        when=span_text(meeting.starts_at, meeting.ends_at, meeting.plan.zone, t.language),
        n=len(submission.pages) + (submission.last_open_question is not None),
    )
    choices = [*ways_to_attend(meeting.mode), Attended.NO]
    buttons = [Button(t(f"attended-{choice}"), data("was", submission.run.id, choice)) for choice in choices]
    seen = t("feedback-attendance-seen-named" if submission.run.named else "feedback-attendance-seen")
    blocks = [text, Markup("\n").join([seen, promise(context, submission)])]
    return page_screen(context, submission, blocks, (tuple(buttons[:-1]), (buttons[-1],)))


def where_they_are(context: Context, submission: Submission) -> Screen:
    """The current screen of a person: what they have not answered yet, or the last screen."""
    if submission.meeting is not None and submission.attended is None:
        return ask_attendance(context, submission)
    if submission.attended is Attended.NO:
        return absent(context, submission)
    if submission.finished:
        return thanks(context, submission)
    return shown(context, submission, submission.unanswered)


def without_answers(screen: Screen) -> Screen:
    """The page, or in place of one that holds answers the page that leads there."""
    return screen.first or screen


def shown(context: Context, submission: Submission, question: Question | None, *, waits: bool = False) -> Screen:
    """A question's page; the summary for None and for the last open question, which the summary asks."""
    if question is None or question is submission.last_open_question:
        return summary(context, submission, waits=waits)
    return ask(context, submission, question, waits=waits)


def absent(context: Context, submission: Submission) -> Screen:
    """For those who were not there: no questions, and a button to correct it."""
    button = Button(context.t("attended-after-all"), data("was", submission.run.id, "again"))
    return page_screen(
        context, submission, [context.t("feedback-absent", meeting=about(context, submission))], ((button,),)
    )


async def _access_submission(context: Context, tap: Tap) -> Submission:
    """The submission of a tap. Raises NotFound, or Refused if the form is closed or the button outdated."""
    submission = await submissions.access_submission(
        context.session, context.person, tap.id, context.keys, now=context.now
    )
    context.reject_older_than(submission.opened_at)
    return submission


async def _access_answerable(context: Context, tap: Tap) -> Submission:
    """The same, for actions of people who were there. Raises NotFound for others."""
    submission = await _access_submission(context, tap)
    if not submission.may_answer:
        raise NotFound
    return submission


async def show(context: Context, tap: Tap) -> Screen:
    """The current screen. Of a closed form: that it is closed, without buttons."""
    try:
        return where_they_are(context, await _access_submission(context, tap))
    except Refused as refusal:
        return await _closed(context, tap, refusal)


async def _closed(context: Context, tap: Tap, refusal: Refused) -> Screen:
    """The screen of a closed form; raises any other refusal again."""
    if refusal.key != submissions.CLOSED:
        raise refusal
    return await closed_form(context, tap.id)


async def closed_form(context: Context, run_id: int) -> Screen:
    """That the form has closed: the same for all who were asked."""
    subject, closed = await runs.subject_of(context.session, run_id), context.t(submissions.CLOSED)
    return Screen(closed if subject is None else Markup("<b>{}</b>\n\n{}").format(about(context, subject), closed))


async def show_missing(context: Context, tap: Tap) -> Screen:
    """The first required question without an answer."""
    try:
        submission = await _access_submission(context, tap)
    except Refused as refusal:
        return await _closed(context, tap, refusal)
    if submission.missing and submission.may_answer:
        return shown(context, submission, submission.missing)
    return where_they_are(context, submission)


async def _arrive(context: Context, submission: Submission, question: Question | None) -> Screen:
    """Shows a question or (None) the summary. A question with text waits for a typed line, unless the person is in
    another dialogue. After a press that the answers were sent after, it shows neither."""
    if submission.was_sent_after(press_of(context)):
        return thanks(context, submission)
    typed = question or submission.last_open_question
    if typed is None or not wants_words(typed):
        await _leave(context)
        return shown(context, submission, question)
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is not None and draft.subject is not DraftKind.FEEDBACK_TEXT:
        return shown(context, submission, question)
    return await wait(context, submission, typed)


def wants_words(question: Question) -> bool:
    """Whether a typed line can be its answer. With "other" it says what that is, whether "other" was tapped or not."""
    return question.kind.is_typed or question.other


async def wait(context: Context, submission: Submission, question: Question) -> Screen:
    """Shows a question and begins the dialogue in which the next typed line is its answer."""
    written, sent = submission.last_message_at, context.sent_at
    is_above = written is not None and sent is not None and written > sent + SAME_TIME
    await context.begin(FeedbackText(run=submission.run.id, question=question.id, is_above=is_above))
    return shown(context, submission, question, waits=True)


async def _leave(context: Context) -> None:
    """Ends the dialogue of a question with text: lines typed later are no answer to it."""
    await context.end_draft(DraftKind.FEEDBACK_TEXT)


def press_of(context: Context) -> Press:
    return Press(context.update_id, context.now)


@tap("was", on_refusal=show, answers_form=True)
async def on_was(context: Context, tap: Tap) -> Screen:
    submission = await _access_submission(context, tap)
    await _leave(context)
    if tap.word(1) == "again":
        return ask_attendance(context, submission)
    attended, lines = tap.choice(Attended), submission.typed_lines
    await feedback.set_attendance(context.session, submission, attended, now=context.now)
    if not submission.may_answer:
        return erasing(submission, lines, where_they_are(context, submission))
    if submission.finished:
        return where_they_are(context, submission)
    return await _arrive(context, submission, submission.unanswered)


@tap("rate", on_refusal=show, answers_form=True)
async def on_rate(context: Context, tap: Tap) -> Screen:
    """A value, "unsure" or "skip". After "other" the page stays, for people to say what."""
    submission = await _access_answerable(context, tap)
    question = submission.question(tap.number(1))
    words = {"skip": None, "unsure": DONT_KNOW}
    value = words[tap.word(2)] if tap.word(2) in words else tap.number(2)
    await feedback.choose(context.session, submission, question, value, keys=context.keys, press=press_of(context))
    stays = question.other and value == OTHER
    return await _arrive(context, submission, question if stays else submission.after(question))


@tap("tick", on_refusal=show, answers_form=True)
async def on_tick(context: Context, tap: Tap) -> Screen:
    submission = await _access_answerable(context, tap)
    question = submission.question(tap.number(1))
    if tap.word(3) not in {"on", "off"}:
        raise NotFound
    ticked = tap.number(2), tap.word(3) == "on"
    await feedback.tick(context.session, submission, question, ticked, keys=context.keys, press=press_of(context))
    return await _arrive(context, submission, question)


@tap("settle", on_refusal=show, answers_form=True)
async def on_settle(context: Context, tap: Tap) -> Screen:
    submission = await _access_answerable(context, tap)
    question = submission.question(tap.number(1))
    await feedback.settle(context.session, submission, question, keys=context.keys, press=press_of(context))
    return await _arrive(context, submission, submission.after(question))


@tap("page", on_refusal=show, answers_form=True)
async def on_page(context: Context, tap: Tap) -> Screen:
    submission = await _access_answerable(context, tap)
    return await _arrive(context, submission, submission.question(tap.number(1)))


@tap("summary", on_refusal=show, answers_form=True)
async def on_summary(context: Context, tap: Tap) -> Screen:
    """The summary, once all questions are answered; until then the next question."""
    submission = await _access_answerable(context, tap)
    return await _arrive(context, submission, submission.unanswered)


@tap("write", on_refusal=show, answers_form=True)
async def on_write(context: Context, tap: Tap) -> Screen:
    """Waits for a typed line. Ends any other dialogue of the person."""
    submission = await _access_answerable(context, tap)
    question = submission.question(tap.number(1))
    if not question.takes_text:
        raise NotFound
    if submission.was_sent_after(press_of(context)):
        return thanks(context, submission)
    return await wait(context, submission, question)


@tap("done", on_refusal=show_missing, answers_form=True)
async def on_done(context: Context, tap: Tap) -> Screen:
    submission = await _access_answerable(context, tap)
    await feedback.finish(context.session, submission, keys=context.keys, press=press_of(context))
    await _leave(context)
    return erasing(submission, submission.typed_lines, thanks(context, submission))


def erasing(submission: Submission, lines: tuple[int, ...], screen: Screen) -> Screen:
    """The screen, with which these typed messages are deleted from the chat."""
    return replace(screen, erases=TypedLines(submission.run.id, lines)) if lines else screen
