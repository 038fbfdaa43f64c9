"""Feedback: one message, edited in place: did you take part, the questions, all answers in short, done.

What it looks like is drawn by ``header``, ``question_page`` and ``summary_page``; what people type
is handled by ``text_input``.
"""

from dataclasses import replace

from markupsafe import Markup

from handlers.dates import span_text
from handlers.feedback.header import about, closing_text, page_screen, promise
from handlers.feedback.question_page import ask
from handlers.feedback.summary_page import summary, thanks
from handlers.meetings.invitations import meeting_name
from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery import drafts
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.errors import NotFound, Refused
from models.feedback import feedback, runs
from models.feedback.answers import Press
from models.feedback.feedback import Sheet
from models.forms.forms import DONT_KNOW, OTHER, Question
from models.forms.items import Kind
from models.meetings.attendance import Attended
from models.meetings.invitations import answers_for

SUBJECT = "feedback"


def ask_attendance(context: Context, page: Sheet) -> Screen:
    """The first screen: were you there, and what becomes of the answers."""
    t, meeting = context.t, page.meeting
    if meeting is None:
        raise NotFound
    text = t(
        "feedback-were-you-there",
        meeting=meeting_name(t, meeting),
        when=span_text(meeting.starts_at, meeting.ends_at, meeting.plan.zone, t.language),
        n=len(page.pages) + (page.closing is not None),
    )
    ways = [Attended(answer) for answer in answers_for(meeting.mode)]
    buttons = [Button(t(f"attended-{way}"), data("was", page.run.id, way)) for way in ways]
    return page_screen(context, page, [text, promise(context, page)], (tuple(buttons[:-1]), (buttons[-1],)))


def where_they_are(context: Context, page: Sheet) -> Screen:
    """The screen at which a person left off."""
    if page.meeting is not None and page.attended is None:
        return ask_attendance(context, page)
    if page.attended is Attended.NO:
        return absent(context, page)
    if page.finished:
        return thanks(context, page)
    return shown(context, page, page.unanswered)


def shown(context: Context, page: Sheet, question: Question | None, *, waits: bool = False) -> Screen:
    """A question's page, or (None, or one that has no page) the summary."""
    if question is None or question is page.closing:
        return summary(context, page, waits=waits)
    return ask(context, page, question, waits=waits)


def absent(context: Context, page: Sheet) -> Screen:
    button = Button(context.t("attended-after-all"), data("was", page.run.id, "again"))
    return page_screen(context, page, [context.t("feedback-absent", meeting=about(context, page))], ((button,),))


async def _access_submission(context: Context, tap: Tap) -> Sheet:
    sheet = await feedback.access_submission(context.session, context.person, tap.id, context.keys, now=context.now)
    context.reject_older_than(sheet.opened_at)
    return sheet


async def _access_answerable(context: Context, tap: Tap) -> Sheet:
    """The form, for what nobody does who was not there."""
    page = await _access_submission(context, tap)
    if not page.may_answer:
        raise NotFound
    return page


async def show(context: Context, tap: Tap) -> Screen:
    """Where they are; a form that has closed is over, and its message has no buttons any more."""
    try:
        return where_they_are(context, await _access_submission(context, tap))
    except Refused as refusal:
        return _over(context, refusal)


def _over(context: Context, refusal: Refused) -> Screen:
    if refusal.key != feedback.CLOSED:
        raise refusal
    return Screen(context.t(refusal.key))


async def show_lacking(context: Context, tap: Tap) -> Screen:
    """The question without whose answer the form cannot be finished."""
    try:
        page = await _access_submission(context, tap)
    except Refused as refusal:
        return _over(context, refusal)
    return shown(context, page, page.lacking) if page.lacking and page.may_answer else where_they_are(context, page)


async def _arrive(context: Context, page: Sheet, question: Question | None) -> Screen:
    """Shows a question or (None) the summary; what takes words waits for a typed line, unless the person is in the
    middle of something else."""
    typed = question or page.closing
    if typed is None or not wants_words(typed):
        await _leave(context)
        return shown(context, page, question)
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is not None and draft.subject != SUBJECT:
        return shown(context, page, question)
    return await wait(context, page, typed)


def wants_words(question: Question) -> bool:
    """Whether a typed line is an answer: with "other" it is what that is, tapped before or not."""
    return question.kind is Kind.OPEN or question.other


async def wait(context: Context, page: Sheet, question: Question) -> Screen:
    await context.begin(SUBJECT, "text", {"run": page.run.id, "question": question.id})
    return shown(context, page, question, waits=True)


async def _leave(context: Context) -> None:
    """What is typed from now on is no answer to the open question."""
    await drafts.end_of(context.session, context.person, context.chat_id, SUBJECT)


def press_of(context: Context) -> Press:
    return Press(context.update_id, context.now)


@tap("was", on_refusal=show)
async def on_was(context: Context, tap: Tap) -> Screen:
    page = await _access_submission(context, tap)
    await _leave(context)
    if tap.word(1) == "again":
        return ask_attendance(context, page)
    attended = tap.choice(Attended)
    await feedback.took_part(context.session, page, attended, now=context.now)
    is_under_way = page.may_answer and not page.finished
    return await _arrive(context, page, page.unanswered) if is_under_way else where_they_are(context, page)


@tap("rate", on_refusal=show)
async def on_rate(context: Context, tap: Tap) -> Screen:
    """A value, "unsure" or "skip". "Other" stays on its page, for people to say what."""
    page = await _access_answerable(context, tap)
    question = page.question(tap.number(1))
    words = {"skip": None, "unsure": DONT_KNOW}
    value = words[tap.word(2)] if tap.word(2) in words else tap.number(2)
    await feedback.choose(context.session, page, question, value, keys=context.keys, press=press_of(context))
    stays = question.other and value == OTHER
    return await _arrive(context, page, question if stays else page.onward(question))


@tap("tick", on_refusal=show)
async def on_tick(context: Context, tap: Tap) -> Screen:
    page = await _access_answerable(context, tap)
    question = page.question(tap.number(1))
    if tap.word(3) not in {"on", "off"}:
        raise NotFound
    ticked = tap.number(2), tap.word(3) == "on"
    await feedback.tick(context.session, page, question, ticked, keys=context.keys, press=press_of(context))
    return await _arrive(context, page, question)


@tap("settle", on_refusal=show)
async def on_settle(context: Context, tap: Tap) -> Screen:
    page = await _access_answerable(context, tap)
    question = page.question(tap.number(1))
    await feedback.settle(context.session, page, question, keys=context.keys, press=press_of(context))
    return await _arrive(context, page, page.onward(question))


@tap("page", on_refusal=show)
async def on_page(context: Context, tap: Tap) -> Screen:
    page = await _access_answerable(context, tap)
    return await _arrive(context, page, page.question(tap.number(1)))


@tap("summary", on_refusal=show)
async def on_summary(context: Context, tap: Tap) -> Screen:
    """All answers, once there is one to each question; till then the next question."""
    page = await _access_answerable(context, tap)
    return await _arrive(context, page, page.unanswered)


@tap("write", on_refusal=show)
async def on_write(context: Context, tap: Tap) -> Screen:
    """Lets go of whatever else the person was in the middle of."""
    page = await _access_answerable(context, tap)
    question = page.question(tap.number(1))
    if not question.takes_text:
        raise NotFound
    return await wait(context, page, question)


@tap("done", on_refusal=show_lacking)
async def on_done(context: Context, tap: Tap) -> Screen:
    page = await _access_answerable(context, tap)
    await feedback.finish(context.session, page, keys=context.keys, press=press_of(context))
    await _leave(context)
    return thanks(context, page)


@renders(DeliveryKind.FEEDBACK)
async def render_feedback(context: Context, delivery: Delivery) -> Screen:
    """Asks, reminds those who have not finished, or (a later revision) asks all again after answers were lost."""
    again, person = delivery.slot.startswith("again"), context.person
    if not person.wants_feedback or (again and not person.wants_reminders):
        raise Superseded
    if not await feedback.wanting(context.session, person.id, delivery.subject):
        raise Superseded
    if not await runs.fits(context.session, delivery, person, now=context.now):
        raise Superseded
    page = await feedback.access_submission(
        context.session, context.person, delivery.subject, context.keys, now=context.now
    )
    screen = where_they_are(context, page)
    if not again and not delivery.revision:
        return screen
    heading = _reminder(context, page) if again else context.t("feedback-anew")
    return replace(screen, text=Markup("\n\n").join([heading, screen.text]))


def _reminder(context: Context, page: Sheet) -> Markup:
    if page.meeting is not None:
        return context.t("feedback-reminder")
    return context.t("feedback-reminder-own", form=about(context, page), closes=closing_text(context, page))
