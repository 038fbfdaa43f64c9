"""/newmeeting: one line or one question at a time, then the card to confirm.

`MeetingDraft` holds what is known; `ask_next` asks for the first gap. A meeting is changed in the same dialogue, which
then begins with everything known.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from markupsafe import Markup

from handlers import dates
from handlers.dates import Doubt, When
from handlers.meetings.meeting_draft import FIELDS, MAY_BE_OPEN, MeetingDraft, MeetingStep, plan_of
from handlers.meetings.meeting_line import TYPED, at_hours, on_day, read_line
from handlers.meetings.meeting_questions import ask_next, confirm_screen, doubt_screen
from handlers.meetings.meetings import meeting_card
from handlers.routes import Context, Tap, command, tap, text_input
from handlers.screen import Screen
from models.delivery.drafts import Draft, Fields
from models.errors import NotFound, Refused, Stale
from models.meetings import announcing, meetings
from models.meetings.meetings import Mode
from models.people import access
from models.people.access import RoleKind

YEARS = 5
"""How far the calendar turns, in both directions."""


@command("newmeeting", role=RoleKind.COORDINATOR)
async def on_newmeeting(context: Context, line: str) -> Screen:
    groups = await access.coordinated_groups(context.session, context.person)
    if not groups:
        raise Refused("newmeeting-no-groups")
    read = read_line(context, groups, line)
    draft = await context.begin(read.known)
    screen = doubt_screen(context, draft, read.doubt) if read.doubt else await ask_next(context, draft)
    notes = [context.t(note.key, **note.values) for note in read.notes]
    return replace(screen, text=Markup("\n\n").join([*notes, screen.text]))


async def _go_on(context: Context, draft: Draft[MeetingDraft], known: MeetingDraft) -> Screen:
    """Stores what is known now, and asks the next question."""
    context.update_draft(draft, known)
    return await ask_next(context, draft)


@text_input(MeetingDraft, on_refusal=ask_next)
async def on_text(context: Context, draft: Draft[MeetingDraft], text: str) -> Screen:
    """A typed answer to the question that was asked."""
    known = draft.state
    if known.awaits not in TYPED:
        return await ask_next(context, draft)
    try:
        known = await TYPED[known.awaits](context, known, text)
    except Doubt as doubt:
        return doubt_screen(context, draft, doubt)
    return await _go_on(context, draft, known)


async def show_current(context: Context, tap: Tap) -> Screen:
    """The current state for an old card: the meeting that was made of it, else the dialogue that is under way."""
    meeting = await announcing.card_of(context.session, context.person, context.chat_id, context.message_id)
    if meeting is not None:
        return await meeting_card(context, meeting)
    draft = await context.find_draft(MeetingDraft)
    return await ask_next(context, draft) if draft else Screen(context.t("dialogue-is-over"))


@tap("nm-show", on_refusal=show_current)
async def show(context: Context, tap: Tap) -> Screen:
    return await ask_next(context, await context.access_draft(MeetingDraft, tap.id))


@tap("nm-group", on_refusal=show_current)
async def on_group(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(MeetingDraft, tap.id)
    group = await access.access_group(context.session, context.person, tap.number(1))
    return await _go_on(context, draft, replace(draft.state, group=group.id))


@tap("nm-day", on_refusal=show_current)
async def on_day_tap(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(MeetingDraft, tap.id)
    try:
        known = on_day(context, draft.state, When(_day(tap)))
    except Doubt as doubt:
        return doubt_screen(context, draft, doubt)
    return await _go_on(context, draft, known)


def _day(tap: Tap) -> date:
    try:
        return date.fromisoformat(tap.word(1))
    except ValueError:
        raise NotFound from None


@tap("nm-month", on_refusal=show_current)
async def on_month(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(MeetingDraft, tap.id)
    month = _day(tap)
    if abs(month.year - context.now.year) > YEARS:
        raise NotFound
    return await _go_on(context, draft, replace(draft.state, month=month))


@tap("nm-time", on_refusal=show_current)
async def on_time(context: Context, tap: Tap) -> Screen:
    """Hours from a button: ``0900`` and ``1200``."""
    draft = await context.access_draft(MeetingDraft, tap.id)
    try:
        start, end = (datetime.strptime(tap.word(i), "%H%M").time() for i in (1, 2))  # noqa: DTZ007  (wall clock)
    except ValueError:
        raise NotFound from None
    try:
        known = at_hours(context, draft.state, start, end)
    except Doubt as doubt:
        return doubt_screen(context, draft, doubt)
    return await _go_on(context, draft, known)


@tap("nm-length", on_refusal=show_current)
async def on_length(context: Context, tap: Tap) -> Screen:
    """The meeting's length in minutes, if only its start was typed."""
    draft = await context.access_draft(MeetingDraft, tap.id)
    known, minutes = draft.state, tap.number(1)
    if known.when is None or known.start is None or not 0 < minutes <= 24 * 60:
        raise NotFound
    start, _ = dates.when_to_utc(known.when, context.zone)
    end = (start + timedelta(minutes=minutes)).astimezone(context.zone)
    known = replace(known, end=end.time(), end_day=end.date(), end_fold=end.fold, offers=())
    return await _go_on(context, draft, known)


@tap("nm-mode", on_refusal=show_current)
async def on_mode(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(MeetingDraft, tap.id)
    return await _go_on(context, draft, replace(draft.state, mode=tap.choice(Mode)))


@tap("nm-skip", on_refusal=show_current)
async def on_skip(context: Context, tap: Tap) -> Screen:
    """Leaves the topic, place, link or description open."""
    draft = await context.access_draft(MeetingDraft, tap.id)
    step = tap.choice(MeetingStep)
    if step not in MAY_BE_OPEN:
        raise NotFound
    left_open: Fields = dict.fromkeys(FIELDS[step])
    return await _go_on(context, draft, replace(draft.state, **left_open))


@tap("nm-doubt", on_refusal=show_current)
async def on_doubt(context: Context, tap: Tap) -> Screen:
    """Takes one of the offered readings of a doubtful date."""
    draft = await context.access_draft(MeetingDraft, tap.id)
    known = draft.state
    if tap.number(1) >= len(known.offers):
        raise NotFound
    return await _go_on(context, draft, known.at(known.offers[tap.number(1)]))


@tap("nm-edit", on_refusal=show_current)
async def on_edit(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(MeetingDraft, tap.id)
    if tap.word(1) == "menu":
        return await confirm_screen(context, draft, editing=True)
    known, step = draft.state, tap.choice(MeetingStep)
    if step not in FIELDS or (step is MeetingStep.GROUP and known.meeting is not None):
        raise NotFound
    return await _go_on(context, draft, known.asked_again(step))


@tap("nm-undo", on_refusal=show_current)
async def on_undo(context: Context, tap: Tap) -> Screen:
    """Puts back the field that was asked again."""
    draft = await context.access_draft(MeetingDraft, tap.id)
    return await _go_on(context, draft, draft.state.undone())


@tap("nm-go", on_refusal=show_current)
async def on_go(context: Context, tap: Tap) -> Screen:
    """Creates the meeting, or changes the one that the dialogue is about."""
    done = await announcing.card_of(context.session, context.person, context.chat_id, context.message_id)
    if done is not None:  # a double tap or a redelivery
        return await meeting_card(context, done)
    draft = await context.access_draft(MeetingDraft, tap.id)
    known = draft.state
    plan = plan_of(context, known)
    if plan is None or known.group is None:
        return await ask_next(context, draft)
    group = await access.access_group(context.session, context.person, known.group)
    await context.end_draft()
    if known.meeting is not None:
        return await _change(context, known.meeting, known.sequence, plan)
    meeting = await meetings.create(context.session, group, context.person, plan, now=context.now)
    sent = await announcing.announce(context.session, meeting, policy=context.policy, now=context.now)
    toast = context.t("newmeeting-sent", n=sent) if sent else context.t("newmeeting-called")
    return (await meeting_card(context, meeting)).toasting(toast)


async def _change(context: Context, meeting_id: int, sequence: int, plan: meetings.MeetingPlan) -> Screen:
    meeting = await meetings.access_meeting(context.session, context.person, meeting_id)
    was = meeting.starts_at
    try:
        weighty = await meetings.change(context.session, meeting, plan, sequence=sequence, now=context.now)
    except Stale as stale:  # begun, cancelled or changed by somebody else meanwhile
        toast = context.refusal_text(stale)
        return (await meeting_card(context, meeting)).toasting(toast, alert=True)
    if weighty:
        sent = await announcing.invite_again(context.session, meeting, was=was, policy=context.policy, now=context.now)
        toast = context.t("meeting-moved", n=sent)
    else:
        await announcing.correct_cards(context.session, meeting, now=context.now)
        toast = context.t("meeting-corrected")
    return (await meeting_card(context, meeting)).toasting(toast)


@tap("nm-drop", on_refusal=show_current)
async def on_drop(context: Context, tap: Tap) -> Screen:
    known = (await context.access_draft(MeetingDraft, tap.id)).state
    await context.end_draft()
    if known.meeting is None:
        return Screen(context.t("newmeeting-dropped"))
    meeting = await meetings.access_meeting(context.session, context.person, known.meeting)
    return await meeting_card(context, meeting)
