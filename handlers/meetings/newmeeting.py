"""/newmeeting: one line, or one question at a time; then the card as members will see it, and one tap to send it.

The draft row holds what is known; `ask_next` asks for the first gap. Moving and correcting a meeting is the same
dialogue with no gaps to begin with.
"""

from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

from handlers import dates
from handlers.dates import Doubt, When
from handlers.meetings.meeting_draft import ask_next, choices_screen, confirm_screen, plan_of, when_from, when_to
from handlers.meetings.meeting_line import TYPED, at, kept, read_line
from handlers.meetings.meetings import meeting_card
from handlers.routes import Context, Tap, command, tap, text_input
from handlers.screen import Screen
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import NotFound, Refused, Stale
from models.meetings import announcing, meetings
from models.meetings.meetings import Mode
from models.people import access
from models.people.access import RoleKind

SUBJECT = "newmeeting"
YEARS = 5
"""How far the calendar turns: farther than any meeting is called."""


@command("newmeeting", role=RoleKind.COORDINATOR)
async def on_newmeeting(context: Context, line: str) -> Screen:
    groups = await access.coordinated_groups(context.session, context.person)
    if not groups:
        raise Refused("newmeeting-no-groups")
    draft = await context.begin(SUBJECT, "")
    read = read_line(context, groups, line)
    _learn(context, draft, **read.known)
    screen = choices_screen(context, draft, read.doubt) if read.doubt else await ask_next(context, draft)
    notes = [context.t(note.key, **note.values) for note in read.notes]
    return replace(screen, text=Markup("\n\n").join([*notes, screen.text]))


def _learn(context: Context, draft: Draft, **known: Any) -> None:
    drafts.learn(draft, draft.awaits, now=context.now, **known)


@text_input(SUBJECT, on_refusal=ask_next)
async def on_text(context: Context, draft: Draft, text: str) -> Screen:
    """A typed answer to the question that was asked."""
    if draft.awaits not in TYPED:
        return await ask_next(context, draft)
    try:
        known = await TYPED[draft.awaits](context, draft, text)
    except Doubt as doubt:
        return choices_screen(context, draft, doubt)
    _learn(context, draft, **known)
    return await ask_next(context, draft)


async def _draft(context: Context, tap: Tap) -> Draft:
    return await drafts.of(context.session, context.person, context.chat_id, SUBJECT, number=tap.id)


async def show_current(context: Context, tap: Tap) -> Screen:
    """What an old card shows: the meeting that it has become, or the dialogue that is open now, if any."""
    meeting = await announcing.card_of(context.session, context.person, context.chat_id, context.message_id)
    if meeting is not None:
        return await meeting_card(context, meeting)
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is None or draft.subject != SUBJECT:
        return Screen(context.t("dialogue-is-over"))
    return await ask_next(context, draft)


@tap("nm-show", on_refusal=show_current)
async def show(context: Context, tap: Tap) -> Screen:
    return await ask_next(context, await _draft(context, tap))


@tap("nm-group", on_refusal=show_current)
async def on_group(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    group = await access.access_group(context.session, context.person, tap.number(1))
    _learn(context, draft, group=group.id)
    return await ask_next(context, draft)


@tap("nm-day", on_refusal=show_current)
async def on_day(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    try:
        _learn(context, draft, **when_to(kept(context, draft, When(_day(tap)))))
    except Doubt as doubt:
        return choices_screen(context, draft, doubt)
    return await ask_next(context, draft)


def _day(tap: Tap) -> date:
    try:
        return date.fromisoformat(tap.word(1))
    except ValueError:
        raise NotFound from None


@tap("nm-month", on_refusal=show_current)
async def on_month(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    month = _day(tap)
    if abs(month.year - context.now.year) > YEARS:
        raise NotFound
    _learn(context, draft, month=month.isoformat())
    return await ask_next(context, draft)


@tap("nm-time", on_refusal=show_current)
async def on_time(context: Context, tap: Tap) -> Screen:
    """Hours from a button: ``0900`` and ``1200``."""
    draft = await _draft(context, tap)
    if "day" not in draft.data:
        raise NotFound
    try:
        start, end = (datetime.strptime(tap.word(i), "%H%M").time() for i in (1, 2))  # noqa: DTZ007  (wall clock)
    except ValueError:
        raise NotFound from None
    try:
        _learn(context, draft, **at(context, draft, start, end))
    except Doubt as doubt:
        return choices_screen(context, draft, doubt)
    return await ask_next(context, draft)


@tap("nm-length", on_refusal=show_current)
async def on_length(context: Context, tap: Tap) -> Screen:
    """How many minutes the meeting takes, when only its start was typed."""
    draft = await _draft(context, tap)
    when = when_from(draft.data)
    minutes = tap.number(1)
    if when.start is None or not 0 < minutes <= 24 * 60:
        raise NotFound
    start, _ = dates.when_to_utc(when, context.zone)
    end = (start + timedelta(minutes=minutes)).astimezone(context.zone)
    known = {**asdict(when), "end": end.time(), "end_day": end.date(), "end_fold": end.fold}
    _learn(context, draft, **when_to(When(**known)))
    return await ask_next(context, draft)


@tap("nm-mode", on_refusal=show_current)
async def on_mode(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    _learn(context, draft, mode=tap.choice(Mode))
    return await ask_next(context, draft)


@tap("nm-skip", on_refusal=show_current)
async def on_skip(context: Context, tap: Tap) -> Screen:
    """The topic, place, link or description is not known yet."""
    draft = await _draft(context, tap)
    if tap.word(1) not in {"title", "place", "link", "description"}:
        raise NotFound
    _learn(context, draft, **{tap.word(1): None})
    return await ask_next(context, draft)


@tap("nm-doubt", on_refusal=show_current)
async def on_doubt(context: Context, tap: Tap) -> Screen:
    """One of the readings that the bot offered."""
    draft = await _draft(context, tap)
    offered = draft.data.get("offers", [])
    if tap.number(1) >= len(offered):
        raise NotFound
    _learn(context, draft, **offered[tap.number(1)])
    return await ask_next(context, draft)


@tap("nm-edit", on_refusal=show_current)
async def on_edit(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    chosen = tap.word(1)
    gaps = {"title": ["title"], "day": ["day"], "time": ["start", "end"], "mode": ["mode"], "place": ["place"]}
    gaps |= {"link": ["link"], "description": ["description"], "group": ["group"], "menu": []}
    if chosen not in gaps or (chosen == "group" and "meeting" in draft.data):
        raise NotFound
    if chosen == "menu":
        return await confirm_screen(context, draft, editing=True)
    kept = {name: value for name, value in draft.data.items() if name not in gaps[chosen]}
    draft.data = {**kept, "undo": {name: draft.data[name] for name in gaps[chosen] if name in draft.data}}
    return await ask_next(context, draft)


@tap("nm-undo", on_refusal=show_current)
async def on_undo(context: Context, tap: Tap) -> Screen:
    """Leaves a field as it was."""
    draft = await _draft(context, tap)
    draft.data = {**draft.data, **draft.data.get("undo", {})}
    return await ask_next(context, draft)


@tap("nm-go", on_refusal=show_current)
async def on_go(context: Context, tap: Tap) -> Screen:
    """Calls the meeting, or changes the one that the dialogue is about."""
    done = await announcing.card_of(context.session, context.person, context.chat_id, context.message_id)
    if done is not None:  # pressed twice, or delivered again
        return await meeting_card(context, done)
    draft = await _draft(context, tap)
    plan = plan_of(context, draft)
    if plan is None:
        return await ask_next(context, draft)
    group = await access.access_group(context.session, context.person, draft.data["group"])
    await drafts.end(context.session, context.person, context.chat_id)
    if "meeting" in draft.data:
        return await _change(context, draft.data["meeting"], draft.data["sequence"], plan)
    meeting = await meetings.create(context.session, group, context.person, plan, now=context.now)
    sent = await announcing.announce(context.session, meeting, policy=context.policy, now=context.now)
    toast = context.t("newmeeting-sent", n=sent) if sent else context.t("newmeeting-called")
    return (await meeting_card(context, meeting)).toasting(toast)


async def _change(context: Context, meeting_id: int, sequence: int, plan: meetings.MeetingPlan) -> Screen:
    meeting = await meetings.access_meeting(context.session, context.person, meeting_id)
    was = meeting.starts_at
    try:
        weighty = await meetings.change(context.session, meeting, plan, sequence=sequence, now=context.now)
    except Stale as stale:  # begun, cancelled or changed by another: the dialogue has nothing left to save
        toast = context.t(stale.key, **stale.values)
        return (await meeting_card(context, meeting)).toasting(toast, alert=True)
    if weighty:
        sent = await announcing.ask_again(context.session, meeting, was=was, policy=context.policy, now=context.now)
        toast = context.t("meeting-moved", n=sent)
    else:
        await announcing.correct_cards(context.session, meeting, now=context.now)
        toast = context.t("meeting-corrected")
    return (await meeting_card(context, meeting)).toasting(toast)


@tap("nm-drop", on_refusal=show_current)
async def on_drop(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    await drafts.end(context.session, context.person, context.chat_id)
    if "meeting" not in draft.data:
        return Screen(context.t("newmeeting-dropped"))
    meeting = await meetings.access_meeting(context.session, context.person, draft.data["meeting"])
    return await meeting_card(context, meeting)
