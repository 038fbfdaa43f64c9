"""What people type while a form is in their chat: an open answer, what "other" is, or something else."""

from dataclasses import replace
from datetime import datetime

from markupsafe import Markup

from handlers.feedback.feedback import (
    FeedbackText,
    erasing,
    press_of,
    shown,
    wait,
    wants_words,
    where_they_are,
)
from handlers.feedback.header import doorway
from handlers.forms.labels import options
from handlers.layout import cut
from handlers.routes import Context, text_input
from handlers.screen import Screen
from models.delivery.drafts import Draft
from models.errors import Refused
from models.feedback import feedback, runs, submissions
from models.feedback.submissions import Submission
from models.forms.forms import OTHER, Question
from models.meetings.attendance import Attended
from models.people.people import tidy

NOTED = 200
"""The most characters of a typed answer that the next page repeats."""


async def _submission(context: Context, run_id: int) -> Submission:
    return await submissions.access_submission(context.session, context.person, run_id, context.keys, now=context.now)


async def repeat_question(context: Context, draft: Draft[FeedbackText]) -> Screen:
    submission = await _submission(context, draft.state.run)
    return shown(context, submission, submission.question(draft.state.question), waits=True)


@text_input(FeedbackText, on_refusal=repeat_question, yields_to_codes=True, answers_form=True)
async def on_text(context: Context, draft: Draft[FeedbackText], text: str) -> Screen:
    """A typed answer. It is stored at once; another line typed before the next tap replaces it."""
    asked_at = None if draft.state.is_above else draft.updated_at
    return await _typed(context, draft.state, text, asked_at=asked_at)


async def _typed(context: Context, state: FeedbackText, text: str, *, asked_at: datetime | None) -> Screen:
    """Stores a typed answer and shows what follows. ``asked_at`` is when the question was shown in the last message of
    the chat; None if it was not the last."""
    try:
        submission = await _submission(context, state.run)
    except Refused as refusal:  # closed meanwhile: the dialogue must not stay open behind it
        await context.end_draft()
        return Screen(context.refusal_text(refusal))
    if not submission.may_answer:  # marked absent meanwhile
        await context.end_draft()
        return where_they_are(context, submission)
    question = submission.question(state.question)
    had_other = OTHER in submission.ticked(question)
    typed = tidy(text, limit=question.length + 1)
    session, keys, press, line = context.session, context.keys, press_of(context), context.line_id
    try:
        await feedback.write(session, submission, question, typed, keys=keys, press=press, line=line)
    except Refused as refusal:
        # Not raised: the id of the message stays. It is deleted when a line is stored, so that people can shorten it.
        await feedback.remember_line(session, submission, line, keys=keys, press=press)
        return with_note(context.refusal_text(refusal), shown(context, submission, question, waits=True))
    if question is submission.last_open_question or question.kind.takes_several:
        screen = shown(context, submission, question, waits=True)
    else:
        screen = await _noted(context, submission, question, typed, had_other=had_other)
    return _in_place(submission, screen, asked_at)


def with_note(note: Markup, screen: Screen) -> Screen:
    """A page with a note above it, also above what it shows first."""
    first = with_note(note, screen.first) if screen.first is not None else None
    return replace(screen, text=Markup("\n\n").join([note, screen.text]), first=first)


def _in_place(submission: Submission, screen: Screen, asked_at: datetime | None) -> Screen:
    """The screen after a stored line, which is deleted from the chat. If the form's message is the last one there, it
    is edited: nobody has to look for a new one."""
    written_since = submission.last_message_at
    is_last = asked_at is not None and (written_since is None or written_since <= asked_at)
    screen = replace(screen, edits=submission.card_id if is_last else None)
    return erasing(submission, submission.typed_lines, screen)


async def _noted(
    context: Context, submission: Submission, question: Question, typed: str, *, had_other: bool
) -> Screen:
    """The page after a typed answer, with the answer above it, and a note if it has chosen "other"."""
    onward = submission.after(question)
    takes_over = onward or submission.last_open_question
    if takes_over is not None and wants_words(takes_over):
        key, screen = "feedback-noted", await wait(context, submission, takes_over)
    else:
        key, screen = "feedback-written", shown(context, submission, onward)
    note = context.t(key, text=cut(typed, NOTED))
    if question.other and not had_other:
        note += "\n" + context.t("feedback-taken-as-other", other=options(context.t, question)[OTHER])
    return replace(with_note(note, screen), first=doorway(context, submission))


async def aside(context: Context, text: str) -> Screen | None:
    """Answers what is typed outside any dialogue while a form is unfinished; None if there is no such form.

    The line is an answer if this is the only form, nothing is answered yet and its first page takes text. Otherwise the
    current screen is shown again, with a note that nothing was stored.
    """
    waiting = await runs.unfinished(context.session, context.person.id, context.chat_id, now=context.now)
    if not waiting or context.chosen is not None:
        return None
    context.answers_form = True
    submission = await _submission(context, waiting[0])
    if submission.attended is Attended.NO:
        return None
    first = submission.unanswered or submission.last_open_question
    is_answer = len(waiting) == 1 and submission.may_answer and not submission.has_answers
    if first is not None and is_answer and wants_words(first):
        asked_at = await runs.sent_at(context.session, submission.run.id, submission.card_id)
        await wait(context, submission, first)
        return await _typed(context, (await context.access_draft(FeedbackText)).state, text, asked_at=asked_at)
    return await _not_stored(context, submission)


async def _not_stored(context: Context, submission: Submission) -> Screen:
    """The current page, with a note that the line was not stored and what becomes of it."""
    context.was_unasked = True
    note = context.t("feedback-with-buttons")
    if submission.may_answer:
        press = press_of(context)
        await feedback.remember_line(context.session, submission, context.line_id, keys=context.keys, press=press)
        note += " " + context.t("feedback-deletes-later")
    return with_note(note, where_they_are(context, submission))
