"""What people type while a form is in their chat: an open answer, what "other" is, or something else."""

from dataclasses import replace

from markupsafe import Markup

from handlers.feedback.feedback import FeedbackText, press_of, shown, wait, wants_words, where_they_are
from handlers.forms.labels import options
from handlers.layout import cut
from handlers.routes import Context, text_input
from handlers.screen import Screen
from models.delivery.drafts import Draft
from models.errors import Refused
from models.feedback import feedback, runs
from models.feedback.feedback import Submission
from models.forms.forms import OTHER, Question
from models.meetings.attendance import Attended
from models.people.people import tidy

NOTED = 200
"""The most characters of a typed answer that the next page repeats."""


async def _submission(context: Context, run_id: int) -> Submission:
    return await feedback.access_submission(context.session, context.person, run_id, context.keys, now=context.now)


async def repeat_question(context: Context, draft: Draft[FeedbackText]) -> Screen:
    submission = await _submission(context, draft.state.run)
    return shown(context, submission, submission.question(draft.state.question), waits=True)


@text_input(FeedbackText, on_refusal=repeat_question, yields_to_codes=True, answers_form=True)
async def on_text(context: Context, draft: Draft[FeedbackText], text: str) -> Screen:
    """A typed answer. It is stored at once; another line typed before the next tap replaces it."""
    try:
        submission = await _submission(context, draft.state.run)
    except Refused as refusal:  # closed meanwhile: the dialogue must not stay open behind it
        await context.end_draft()
        return Screen(context.refusal_text(refusal))
    if not submission.may_answer:  # marked absent meanwhile
        await context.end_draft()
        return where_they_are(context, submission)
    question = submission.question(draft.state.question)
    had_other = OTHER in submission.ticked(question)
    typed = tidy(text, limit=question.length + 1)
    await feedback.write(context.session, submission, question, typed, keys=context.keys, press=press_of(context))
    if question is submission.last_open_question or question.kind.takes_several:
        return shown(context, submission, question, waits=True)
    return await _noted(context, submission, question, typed, had_other=had_other)


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
    return replace(screen, text=Markup("\n\n").join([note, screen.text]))


async def aside(context: Context, text: str) -> Screen | None:
    """Answers what is typed outside any dialogue while a form is unfinished; None if there is no such form.

    The line is an answer if this is the only form, nothing is answered yet and its first page takes text. Otherwise the
    current screen is shown again, with a note that nothing was stored.
    """
    waiting = await runs.unfinished(context.session, context.person.id, context.chat_id, now=context.now)
    if not waiting or not text.strip():
        return None
    context.answers_form = True
    submission = await _submission(context, waiting[0])
    if submission.attended is Attended.NO:
        return None
    first = submission.unanswered or submission.last_open_question
    if (
        first is not None
        and len(waiting) == 1
        and submission.may_answer
        and not submission.answers
        and wants_words(first)
    ):
        await wait(context, submission, first)
        return await on_text(context, await context.access_draft(FeedbackText), text)
    context.was_unasked = True
    screen = where_they_are(context, submission)
    return replace(screen, text=Markup("\n\n").join([context.t("feedback-with-buttons"), screen.text]))
