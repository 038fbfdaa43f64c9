"""The invitation card of a person: the meeting, their answer, buttons to change it, and the calendar file."""

from dataclasses import replace
from functools import partial
from typing import assert_never

from markupsafe import Markup

from handlers.dates import hours_text, span_text
from handlers.meetings.calendar_files import calendar_file
from handlers.meetings.changes_told_lines import append_to_card, full_text
from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.delivery.cards import Card
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.errors import NotFound
from models.meetings import announcing, invitations
from models.meetings.invitations import Answer, Invitation, answers_for
from models.meetings.meetings import Meeting, MeetingPlan, MeetingState
from models.results import changes_told


def card_text(t: Texts, group: str, plan: MeetingPlan) -> Markup:
    """The card's lines: group, title, time, mode and place, link, description."""
    lines = [
        t("card-title", group=group, title=plan.title or t("topic-later")),
        t("card-when", when=span_text(plan.starts_at, plan.ends_at, plan.zone, t.language)),
        t(f"card-{plan.mode}", place=plan.place or t("place-later")),
    ]
    if plan.link and plan.mode.has_link:
        lines.append(t("card-link", link=plan.link))
    if plan.description:
        lines.append(t("card-description", description=plan.description))
    return Markup("\n").join(lines)


def answer_buttons(t: Texts, invitation: Invitation) -> tuple[Button, ...]:
    """A button for each answer that the mode allows; the label of the chosen one says so."""
    meeting, chosen = invitation.meeting, invitation.answer
    return tuple(
        Button(
            t(f"answer-{answer}-chosen" if answer is chosen else f"answer-{answer}"),
            data("rsvp", invitation.id, answer, meeting.revision),
        )
        for answer in answers_for(meeting.mode)
    )


async def card(context: Context, invitation: Invitation, heading: Markup | None = None) -> Screen:
    """A person's card in its current state, with "you said, we did" below it."""
    t, meeting = context.t, invitation.meeting
    lines = [] if heading is None else [heading, Markup("")]
    lines += [card_text(t, meeting.workgroup.name, meeting.plan), Markup("")]
    buttons: tuple[tuple[Button, ...], ...] = ()
    match meeting.state:
        case MeetingState.CANCELLED:
            lines += [] if heading else [t("card-cancelled")]  # the heading says it
        case MeetingState.ANNOUNCED | MeetingState.HELD if meeting.starts_at <= context.now:
            lines.append(t("card-begun"))
        case MeetingState.ANNOUNCED | MeetingState.HELD:
            lines.append(t(f"card-you-{invitation.answer}" if invitation.answer else "card-answer-please"))
            buttons = _rows(answer_buttons(t, invitation))
        case _:
            assert_never(meeting.state)
    is_off = meeting.state is MeetingState.CANCELLED
    changes = () if is_off else await changes_told.lines_for(context.session, invitation)
    text, whole = append_to_card(t, Markup("\n").join(lines), changes)
    if not whole:
        buttons = (*buttons, (Button(t("heard-open"), data("heard", invitation.id)),))
    return Screen(text, buttons, card=Card(CardKind.INVITATION, invitation.id, meeting.revision))


async def new_card(context: Context, invitation: Invitation, heading: Markup | None = None) -> Screen:
    """The card with the calendar file. Answering it later edits only its text and buttons."""
    shown = await card(context, invitation, heading)
    return replace(shown, draws=partial(calendar_file, context.t, invitation.meeting))


def _rows(buttons: tuple[Button, ...]) -> tuple[tuple[Button, ...], ...]:
    """The answers side by side, the last one (no) in a row of its own."""
    return (buttons[:-1], buttons[-1:])


async def show_card(context: Context, tap: Tap) -> Screen:
    """The card in its current state after a refusal; with a new calendar file if the meeting has moved since."""
    invitation = await invitations.access_invitation(context.session, context.person, tap.id)
    if tap.number(2) == invitation.meeting.revision:
        return await card(context, invitation)
    shown = await card(context, invitation, context.t("invitation-moved"))
    # Made here: after a refusal the transaction is rolled back, and the meeting cannot be read any more.
    return replace(shown, file=calendar_file(context.t, invitation.meeting))


@tap("rsvp", on_refusal=show_card)
async def on_answer(context: Context, tap: Tap) -> Screen:
    invitation = await invitations.access_invitation(context.session, context.person, tap.id)
    context.reject_older_than(invitation.invited_at)
    await invitations.reply(
        context.session,
        invitation,
        tap.choice(Answer),
        revision=tap.number(2),
        update_id=context.update_id,
        now=context.now,
    )
    shown = await card(context, invitation)
    return shown.toasting(context.t(f"toast-{invitation.answer}"))


async def _addressed(context: Context, delivery: Delivery) -> Invitation:
    """The invitation of a delivery. Raises Superseded if the meeting has begun or is cancelled, NotFound if the person
    has left the group."""
    invitation = await invitations.access_invitation(context.session, context.person, delivery.subject)
    meeting = invitation.meeting
    if meeting.state is not MeetingState.ANNOUNCED or meeting.starts_at <= context.now:
        raise Superseded
    return invitation


@renders(DeliveryKind.INVITATION)
async def render_invitation(context: Context, delivery: Delivery) -> Screen:
    invitation = await _addressed(context, delivery)
    if delivery.revision != invitation.meeting.revision:
        raise Superseded
    moved = await announcing.knew(context.session, invitation, before=delivery.revision)
    return await new_card(context, invitation, context.t("invitation-moved" if moved else "invitation-heading"))


@renders(DeliveryKind.CORRECTION)
async def render_correction(context: Context, delivery: Delivery) -> Screen:
    return await new_card(context, await _addressed(context, delivery))


@renders(DeliveryKind.CANCELLED)
async def render_cancelled(context: Context, delivery: Delivery) -> Screen:
    invitation = await invitations.access_invitation(context.session, context.person, delivery.subject)
    return await new_card(context, invitation, context.t("invitation-cancelled"))


@renders(DeliveryKind.REMINDER)
async def render_reminder(context: Context, delivery: Delivery) -> Screen:
    """For those whose answer `comes`; in the slot "silent" for those who have not answered."""
    invitation = await _addressed(context, delivery)
    if delivery.revision != invitation.meeting.revision or invitation.is_declined:
        raise Superseded
    if (delivery.slot == "silent") != (invitation.answer is None) or not context.person.wants_reminders:
        raise Superseded
    return await new_card(context, invitation, _reminder_heading(context, invitation))


def _reminder_heading(context: Context, invitation: Invitation) -> Markup:
    t, meeting = context.t, invitation.meeting
    if invitation.answer is None:
        return t("reminder-silent")
    zone = meeting.plan.zone
    start, today = meeting.starts_at.astimezone(zone), context.now.astimezone(zone).date()
    days = (start.date() - today).days
    if days > 1:
        return t("reminder-later", n=days)
    return t("reminder-tomorrow" if days else "reminder-today", at=hours_text(start.time(), None, t.language))


def preview(t: Texts, group: str, plan: MeetingPlan, key: str | None) -> Markup:
    """The card as members will see it, for the coordinator to check; ``key`` is that of its heading, if it gets one."""
    heading = [t(key), Markup("")] if key else []
    return Markup("\n").join([*heading, card_text(t, group, plan)])


def meeting_name(t: Texts, meeting: Meeting) -> Markup:
    """A meeting in one line: title and group."""
    return t("meeting-name", title=meeting.title or t("topic-later"), group=meeting.workgroup.name)


@tap("card")
async def on_card(context: Context, tap: Tap) -> Screen:
    """The person's card from the list of meetings: a new message, because it has a file."""
    shown = await new_card(context, await invitations.access_invitation(context.session, context.person, tap.id))
    return replace(shown, new_message=True)


@tap("heard")
async def on_heard(context: Context, tap: Tap) -> Screen:
    """The lines of "You said, we did" in full, where the card had no room for them."""
    invitation = await invitations.access_invitation(context.session, context.person, tap.id)
    changes = await changes_told.lines_for(context.session, invitation)
    if not changes:
        raise NotFound
    name = Markup("<b>{}</b>").format(meeting_name(context.t, invitation.meeting))
    return Screen(Markup("\n\n").join([name, full_text(context.t, changes)]), new_message=True)
