"""What people type while a form is in their chat: an open answer, what "other" is, or nothing that a form takes."""

from dataclasses import replace

from markupsafe import Markup

from handlers.feedback.feedback import SUBJECT, press_of, shown, wait, wants_words, where_they_are
from handlers.forms.labels import options
from handlers.layout import cut
from handlers.routes import Context, text_input
from handlers.screen import Screen
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import Refused
from models.feedback import feedback, runs
from models.feedback.feedback import Sheet
from models.forms.forms import OTHER, Question
from models.forms.items import Kind
from models.meetings.attendance import Attended
from models.people.people import tidy

NOTED = 200
"""Characters of what was typed that the next page repeats."""


async def _sheet(context: Context, run_id: int) -> Sheet:
    return await feedback.access_submission(context.session, context.person, run_id, context.keys, now=context.now)


async def ask_again(context: Context, draft: Draft) -> Screen:
    page = await _sheet(context, draft.data["run"])
    return shown(context, page, page.question(draft.data["question"]), waits=True)


@text_input(SUBJECT, on_refusal=ask_again, yields_to_codes=True)
async def on_text(context: Context, draft: Draft, text: str) -> Screen:
    """A typed answer; it is kept at once, and until the next tap more typing replaces it."""
    try:
        page = await _sheet(context, draft.data["run"])
    except Refused as refusal:  # closed meanwhile: the dialogue must not stay open behind it
        await drafts.end(context.session, context.person, context.chat_id)
        return Screen(context.t(refusal.key, **refusal.values))
    if not page.may_answer:  # marked absent meanwhile
        await drafts.end(context.session, context.person, context.chat_id)
        return where_they_are(context, page)
    question = page.question(draft.data["question"])
    had_other = OTHER in page.ticked(question)
    typed = tidy(text, limit=question.length + 1)
    await feedback.write(context.session, page, question, typed, keys=context.keys, press=press_of(context))
    if question is page.closing or question.kind is Kind.SEVERAL:
        return shown(context, page, question, waits=True)
    return await _noted(context, page, question, typed, had_other=had_other)


async def _noted(context: Context, page: Sheet, question: Question, typed: str, *, had_other: bool) -> Screen:
    """The page after a typed answer, which is repeated above it, with the "other" that it has chosen."""
    onward = page.onward(question)
    takes_over = onward or page.closing
    if takes_over is not None and wants_words(takes_over):
        key, screen = "feedback-noted", await wait(context, page, takes_over)
    else:
        key, screen = "feedback-written", shown(context, page, onward)
    note = context.t(key, text=cut(typed, NOTED))
    if question.other and not had_other:
        note += "\n" + context.t("feedback-taken-as-other", other=options(context.t, question)[OTHER])
    return replace(screen, text=Markup("\n\n").join([note, screen.text]))


async def aside(context: Context, text: str) -> Screen | None:
    """What is typed outside any dialogue while a form waits for an answer; None if none does.

    It is an answer where it cannot be anything else: on the first page of the only form, as it came. Otherwise the
    person hears that nothing was kept, above the form where they left off.
    """
    waiting = await runs.unfinished(context.session, context.person.id, context.chat_id, now=context.now)
    if not waiting or not text.strip():
        return None
    page = await _sheet(context, waiting[0])
    if page.attended is Attended.NO:
        return None
    first = page.unanswered or page.closing
    if first is not None and len(waiting) == 1 and page.may_answer and not page.kept and wants_words(first):
        await wait(context, page, first)
        return await on_text(context, await drafts.of(context.session, context.person, context.chat_id, SUBJECT), text)
    screen = where_they_are(context, page)
    return replace(screen, text=Markup("\n\n").join([context.t("feedback-with-buttons"), screen.text]))
