"""/meetings, and the coordinator's card of a meeting: who comes, changing, cancelling, attendance."""

from markupsafe import Markup

from handlers.alphabet import sorted_by_name
from handlers.dates import When, moment_text
from handlers.forms.form_text import asks
from handlers.meetings.arrivals import arrivals_button, attention
from handlers.meetings.invitations import card_text, meeting_name
from handlers.meetings.meeting_draft import MeetingDraft
from handlers.meetings.meeting_questions import ask_next
from handlers.routes import Context, Tap, command, command_button, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery.cards import Card
from models.delivery.drafts import DraftKind
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery
from models.meetings import announcing, attendance, invitations, meetings
from models.meetings.invitations import Turnout, answers_for
from models.meetings.meetings import Meeting, MeetingState
from models.people import access

PAGE = 8


@command("meetings")
async def on_meetings(context: Context, line: str) -> Screen:
    """The person's coming meetings, and those that they coordinate."""
    return await meeting_list(context)


async def meeting_list(context: Context) -> Screen:
    t = context.t
    mine = await invitations.coming_to(context.session, context.person, now=context.now)
    lines = [t("meetings-yours")] + [
        t(
            "meetings-line",
            when=moment_text(i.meeting.starts_at, i.meeting.plan.zone, t.language),
            meeting=meeting_name(t, i.meeting),
            answer=t(f"short-{i.answer or 'silent'}"),
        )
        for i in mine
    ]
    if not mine:
        lines = [t("meetings-none")]
    rows: list[tuple[Button, ...]] = [(Button(_label(context, i.meeting), data("card", i.id)),) for i in mine[:PAGE]]
    run = [group.id for group in await access.coordinated_groups(context.session, context.person)]
    if run:
        lines.append(t("meetings-run"))
        called = await meetings.coming(context.session, run, now=context.now)
        past = await meetings.recent(context.session, run, now=context.now, limit=4)
        rows += [
            (Button(t("manage", meeting=_label(context, m)).striptags(), data("meeting", m.id)),)
            for m in [*called[:PAGE], *past]
        ]
        rows.append((command_button(context, "newmeeting"),))
    if not rows:
        rows.append((command_button(context, "help"),))
    return Screen(Markup("\n\n").join(lines), tuple(rows))


def _label(context: Context, meeting: Meeting) -> str:
    when = moment_text(meeting.starts_at, meeting.plan.zone, context.language)
    return f"{when} {meeting.workgroup.name}"[:60]


@tap("meetings")
async def on_list(context: Context, tap: Tap) -> Screen:
    return await meeting_list(context)


async def meeting_card(context: Context, meeting: Meeting) -> Screen:
    """The coordinator's card: the meeting, who comes, and what can be done."""
    t, session = context.t, context.session
    turnout = await invitations.turnout(session, meeting)
    is_off = meeting.state is MeetingState.CANCELLED
    lines = [t("card-cancelled")] if is_off else []
    lines += [card_text(t, meeting.workgroup.name, meeting.plan), _turnout(context, meeting, turnout)]
    row: list[Button] = [Button(t("refresh"), data("meeting", meeting.id))]
    rows: list[tuple[Button, ...]] = []
    if meeting.starts_at > context.now and not is_off:
        rows.append(
            (
                Button(t("meeting-change"), data("m-change", meeting.id)),
                Button(t("meeting-cancel"), data("m-cancel", meeting.id)),
            )
        )
    elif not is_off:
        present = await attendance.present(session, meeting.id)
        lines.append(t("meeting-present", on_site=present.on_site, remote=present.remote))
        rows.append(
            (
                Button(t("meeting-attendance"), data("m-who", meeting.id, 0)),
                Button(t("meeting-heads"), data("m-heads", meeting.id)),
            )
        )
    if not is_off:
        asked, is_open = await asks(context, meeting)
        lines.append(asked)
        rows.append((Button(t("meeting-form"), data("m-form", meeting.id)),) if is_open else ())
    if missed := await attention(context, meeting):
        lines.append(missed)
    rows += [(arrivals_button(t, meeting),), (*row, Button(t("back"), data("meetings")))]
    return Screen(Markup("\n\n").join(lines), tuple(rows), card=Card(CardKind.MEETING, meeting.id, meeting.revision))


@renders(DeliveryKind.TURNOUT)
async def render_turnout(context: Context, delivery: Delivery) -> Screen:
    """The coordinator's card after somebody has answered."""
    meeting = await meetings.access_meeting(context.session, context.person, delivery.subject)
    return await meeting_card(context, meeting)


def _turnout(context: Context, meeting: Meeting, turnout: Turnout) -> Markup:
    """Who comes in which way, who does not, and who has not answered."""
    t = context.t
    is_off = meeting.state is MeetingState.CANCELLED
    silent = "turnout-unanswered" if is_off or meeting.starts_at <= context.now else "turnout-silent"
    lines = [t("turnout-heading-cancelled" if is_off else "turnout-heading")]
    for answer, names in turnout.by_answer.items():
        if names or answer in answers_for(meeting.mode):
            lines.append(t(f"turnout-{answer}", n=len(names), names=_names(context, names)))
    lines.append(t(silent, n=len(turnout.silent), names=_names(context, turnout.silent)))
    if turnout.unreachable:
        named = tuple(f"{name} ({t(f'reach-{reach}')})" for name, reach in turnout.unreachable)
        lines.append(t("turnout-unreachable", n=len(named), names=_names(context, named)))
    return Markup("\n").join(lines)


def _names(context: Context, names: tuple[str, ...], most: int = 15) -> str:
    if not names:
        return "–"
    shown = ", ".join(sorted_by_name(context.t, names, str)[:most])
    return shown if len(names) <= most else str(context.t("and-more", names=shown, n=len(names) - most))


async def _meeting(context: Context, tap: Tap) -> Meeting:
    return await meetings.access_meeting(context.session, context.person, tap.id)


@tap("meeting")
async def on_meeting(context: Context, tap: Tap) -> Screen:
    await context.end_draft(DraftKind.HEAD_COUNT)
    return await meeting_card(context, await _meeting(context, tap))


@tap("m-change", on_refusal=on_meeting)
async def on_change(context: Context, tap: Tap) -> Screen:
    """Begins the dialogue of /newmeeting with everything known; confirming it changes the meeting."""
    meeting = await _meeting(context, tap)
    meetings.ensure_upcoming(meeting, now=context.now)
    known = MeetingDraft(
        group=meeting.workgroup_id,
        meeting=meeting.id,
        sequence=meeting.sequence,
        title=meeting.title,
        mode=meeting.mode,
        place=meeting.place,
        link=meeting.link,
        description=meeting.description,
    )
    return await ask_next(context, await context.begin(known.at(_when(meeting))))


def _when(meeting: Meeting) -> When:
    zone = meeting.plan.zone
    start, end = meeting.starts_at.astimezone(zone), meeting.ends_at.astimezone(zone)
    end_day = end.date() if end.date() != start.date() else None
    return When(start.date(), start.time(), end.time(), end_day, start.fold, end.fold)


@tap("m-cancel", on_refusal=on_meeting)
async def on_cancel(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation, with the number of people who will be notified."""
    meeting = await _meeting(context, tap)
    meetings.ensure_upcoming(meeting, now=context.now)
    t, people = context.t, await announcing.aware(context.session, meeting)
    question = t("cancel-sure", n=len(people)) if people else t("cancel-sure-unheard")
    text = Markup("\n\n").join([question, card_text(t, meeting.workgroup.name, meeting.plan)])
    yes, no = (
        Button(t("cancel-yes"), data("m-cancel-yes", meeting.id)),
        Button(t("cancel-no"), data("meeting", meeting.id)),
    )
    return Screen(text, ((yes,), (no,)))


@tap("m-cancel-yes", on_refusal=on_meeting)
async def on_cancel_yes(context: Context, tap: Tap) -> Screen:
    meeting = await _meeting(context, tap)
    await meetings.cancel(context.session, meeting, now=context.now)
    notified = await announcing.notify_cancelled(context.session, meeting, policy=context.policy, now=context.now)
    toast = context.t("cancel-done", n=notified) if notified else context.t("cancel-done-unheard")
    return (await meeting_card(context, meeting)).toasting(toast)
