"""Feedback: one message, edited in place: did you take part, the statements, an open answer, done."""

from markupsafe import Markup

from handlers.dates import moment_text, span_text
from handlers.form_words import asked, ends, form_name
from handlers.invitations import meeting_name
from handlers.routes import Context, Tap, data, letter, said, tap
from handlers.screen import Button, Screen
from models import drafts, feedback, runs
from models.answers import Press
from models.attendance import Attended
from models.drafts import Draft
from models.errors import NotFound, Refused
from models.feedback import Sheet
from models.forms import Question
from models.invitations import answers_for
from models.items import Kind
from models.outbox import Delivery, Superseded
from models.people import tidy

SUBJECT = "feedback"


def ask_attendance(context: Context, page: Sheet) -> Screen:
    """The first screen: were you there, and what becomes of the answers."""
    t, meeting = context.t, page.meeting
    assert meeting is not None
    text = t(
        "feedback-were-you-there",
        meeting=meeting_name(t, meeting),
        when=span_text(meeting.starts_at, meeting.ends_at, meeting.plan.zone, t.language),
        count=len(page.questions),
    )
    ways = [Attended(answer) for answer in answers_for(meeting.mode)]
    buttons = [Button(t(f"attended-{way}"), data("was", page.run.id, way)) for way in ways]
    return _standing(page, Markup("\n\n").join([text, _promise(context, page)]), (tuple(buttons[:-1]), (buttons[-1],)))


def _about(context: Context, page: Sheet) -> Markup:
    """What the form is about: the meeting, or of one sent on its own its name and the group's."""
    if page.meeting is not None:
        return meeting_name(context.t, page.meeting)
    return context.t("feedback-on-its-own", form=form_name(context.t, page.version.form), group=page.group.name)


def _promise(context: Context, page: Sheet) -> Markup:
    closes = moment_text(page.run.closes_at, context.zone, context.language)
    return context.t("feedback-anonymous", threshold=page.run.threshold, closes=closes)


def ask(context: Context, page: Sheet, question: Question, *, waits: bool = False) -> Screen:
    """One question with its progress, the answer given so far, and the way back.

    An open one either ``waits`` for the next typed line or has a button that makes it wait.
    """
    t = context.t
    position = f"{question.position}/{len(page.questions)}"
    lines = [t("feedback-progress", position=position, meeting=_about(context, page))]
    rows = []
    if question.kind is Kind.SCALE:
        lines += [t("feedback-statement", statement=asked(t, question)), Markup("\n").join(ends(t, question))]
        rows.append(_scale(page, question))
    else:
        key = "feedback-open" if waits else "feedback-open-later"
        lines.append(t(key, question=asked(t, question)))
        if not waits:
            rows.append((Button(t("feedback-write"), data("write", page.run.id, question.id)),))
        if (given := page.answer(question)) and given.text:
            lines.append(t("feedback-written", text=given.text))
    if question.position == 1:
        lines.append(_promise(context, page))
    return _standing(page, Markup("\n\n").join(lines), (*rows, *_ways(context, page, question)))


def _scale(page: Sheet, question: Question) -> tuple[Button, ...]:
    given = page.answer(question)
    ticked = given.ticked if given else ()
    return tuple(
        Button(f"✓ {value}" if value in ticked else str(value), data("rate", page.run.id, question.id, value))
        for value in range(question.low or 0, (question.high or 0) + 1)
    )


def _ways(context: Context, page: Sheet, question: Question) -> tuple[tuple[Button, ...], ...]:
    """Previous, skip or next, finish."""
    t, run_id = context.t, page.run.id
    row = []
    if before := page.before(question):
        row.append(Button(t("previous"), data("page", run_id, before.id)))
    after = page.after(question)
    if after is None:
        return (tuple(row), (Button(t("feedback-finish"), data("done", run_id)),))
    if page.answer(question) is not None:
        row.append(Button(t("next"), data("page", run_id, after.id)))
    else:
        row.append(Button(t("skip"), data("rate", run_id, question.id, "skip")))
    return (tuple(row),)


def thanks(context: Context, page: Sheet) -> Screen:
    """Done; still changeable until the form closes."""
    t = context.t
    text = t(
        "feedback-thanks",
        meeting=_about(context, page),
        closes=moment_text(page.run.closes_at, context.zone, t.language),
    )
    first = page.questions[0]
    return _standing(page, text, ((Button(t("feedback-change"), data("page", page.run.id, first.id)),),))


def _standing(page: Sheet, text: Markup, buttons: tuple[tuple[Button, ...], ...]) -> Screen:
    return Screen(text, buttons, stands=("feedback", page.run.id, 0))


def where_they_are(context: Context, page: Sheet) -> Screen:
    """The screen at which a person left off."""
    if page.meeting is not None and page.attended is None:
        return ask_attendance(context, page)
    if page.attended is Attended.NO:
        return absent(context, page)
    if page.finished:
        return thanks(context, page)
    return ask(context, page, page.unanswered or page.questions[-1])


def absent(context: Context, page: Sheet) -> Screen:
    button = Button(context.t("attended-after-all"), data("was", page.run.id, "again"))
    return _standing(page, context.t("feedback-absent", meeting=_about(context, page)), ((button,),))


async def _page(context: Context, tap: Tap) -> Sheet:
    sheet = await feedback.sheet(context.session, context.person, tap.id, context.keys, now=context.now)
    context.must_be_of(sheet.opened_at)
    return sheet


async def show(context: Context, tap: Tap) -> Screen:
    return where_they_are(context, await _page(context, tap))


async def _arrive(context: Context, page: Sheet, question: Question) -> Screen:
    """Shows a question; an open one waits for a typed line, unless the person is in the middle of something else."""
    if question.kind is not Kind.OPEN:
        await _leave(context)
        return ask(context, page, question)
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is not None and draft.subject != SUBJECT:
        return ask(context, page, question)
    return await _wait(context, page, question)


async def _wait(context: Context, page: Sheet, question: Question) -> Screen:
    await context.begin(SUBJECT, "text", {"run": page.run.id, "question": question.id})
    return ask(context, page, question, waits=True)


async def _leave(context: Context) -> None:
    """What is typed from now on is no answer to the open question."""
    await drafts.end_of(context.session, context.person, context.chat_id, SUBJECT)


@tap("was", fresh=show)
async def on_was(context: Context, tap: Tap) -> Screen:
    page = await _page(context, tap)
    await _leave(context)
    if tap.word(1) == "again":
        return ask_attendance(context, page)
    attended = tap.choice(Attended)
    await feedback.took_part(context.session, page, attended, now=context.now)
    return where_they_are(context, page)


@tap("rate", fresh=show)
async def on_rate(context: Context, tap: Tap) -> Screen:
    page = await _page(context, tap)
    question = page.question(tap.number(1))
    value = None if tap.word(2) == "skip" else tap.number(2)
    if question.kind is Kind.OPEN or (page.meeting is not None and page.attended in (None, Attended.NO)):
        raise NotFound
    press = Press(context.update_id, context.now)
    await feedback.choose(context.session, page, question, value, keys=context.keys, press=press)
    return await _arrive(context, page, page.after(question) or question)


@tap("page", fresh=show)
async def on_page(context: Context, tap: Tap) -> Screen:
    page = await _page(context, tap)
    return await _arrive(context, page, page.question(tap.number(1)))


@tap("write", fresh=show)
async def on_write(context: Context, tap: Tap) -> Screen:
    """Lets go of whatever else the person was in the middle of."""
    page = await _page(context, tap)
    question = page.question(tap.number(1))
    if question.kind is not Kind.OPEN:
        raise NotFound
    return await _wait(context, page, question)


async def ask_again(context: Context, draft: Draft) -> Screen:
    page = await feedback.sheet(context.session, context.person, draft.data["run"], context.keys, now=context.now)
    return ask(context, page, page.question(draft.data["question"]), waits=True)


@said(SUBJECT, fresh=ask_again, yields_to_codes=True)
async def on_text(context: Context, draft: Draft, text: str) -> Screen:
    """A typed open answer; it is kept at once, and more typing replaces it."""
    try:
        page = await feedback.sheet(context.session, context.person, draft.data["run"], context.keys, now=context.now)
    except Refused as refusal:  # closed meanwhile: the dialogue must not stay open behind it
        await drafts.end(context.session, context.person, context.chat_id)
        return Screen(context.t(refusal.key, **refusal.values))
    question = page.question(draft.data["question"])
    press = Press(context.update_id, context.now)
    typed = tidy(text, limit=question.length + 1)
    await feedback.write(context.session, page, question, typed, keys=context.keys, press=press)
    return ask(context, page, question, waits=True)


@tap("done", fresh=show)
async def on_done(context: Context, tap: Tap) -> Screen:
    page = await _page(context, tap)
    press = Press(context.update_id, context.now)
    await feedback.finish(context.session, page, keys=context.keys, press=press)
    await _leave(context)
    return thanks(context, page)


@letter("feedback", stands="feedback")
async def feedback_letter(context: Context, delivery: Delivery) -> Screen:
    """Asks, reminds those who have not finished, or (a later revision) asks all again after answers were lost."""
    again, person = delivery.slot != "", context.person
    if not person.wants_feedback or (again and not person.wants_reminders):
        raise Superseded
    if not await feedback.wanting(context.session, person.id, delivery.subject):
        raise Superseded
    if not await runs.fits(context.session, delivery, person, now=context.now):
        raise Superseded
    page = await feedback.sheet(context.session, context.person, delivery.subject, context.keys, now=context.now)
    screen = where_they_are(context, page)
    if not again and not delivery.revision:
        return screen
    heading = context.t("feedback-reminder" if again else "feedback-anew")
    return Screen(Markup("\n\n").join([heading, screen.text]), screen.buttons, stands=screen.stands)
