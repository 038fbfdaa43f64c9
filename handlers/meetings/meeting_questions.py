"""The screens of /newmeeting: a question for each field, and the card to confirm."""

from dataclasses import replace
from datetime import time
from typing import assert_never

from markupsafe import Markup

from handlers.dates import Doubt, choice_text, example_text, moment_text, time_text, when_text
from handlers.meetings.invitations import preview
from handlers.meetings.meeting_days import month_buttons
from handlers.meetings.meeting_draft import MeetingDraft, MeetingStep, plan_of
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.delivery.drafts import Draft
from models.errors import NotAllowed
from models.meetings import announcing, meetings
from models.meetings.meetings import Meeting, MeetingPlan, Mode
from models.people import access, groups
from models.people.groups import Workgroup
from models.people.people import Reachability

HOURS = (("0900", "1000"), ("0900", "1100"), ("0900", "1200"), ("1200", "1400"), ("1300", "1500"), ("1300", "1600"))
LENGTHS = (60, 90, 120, 180)
"""Minutes."""
MOST_GROUPS = 30
MOST_NAMES = 10
"""Names of people who cannot be reached, on the card."""
Rows = tuple[tuple[Button, ...], ...]


async def ask_next(context: Context, draft: Draft[MeetingDraft]) -> Screen:
    """Asks the next question; when all is known, shows the card to confirm."""
    known = draft.state
    step = known.gap
    if step is None:
        context.update_draft(draft, replace(known, awaits=MeetingStep.CONFIRM, undo=None))
        return await confirm_screen(context, draft)
    context.update_draft(draft, replace(known, awaits=step))
    rows = await _answers(context, draft, step)
    heading = await _so_far(context, known)
    question = context.t(f"ask-{step}", example=example_text(context.now, context.zone, context.language))
    return Screen(Markup("\n\n").join(filter(None, [heading, question])), (*rows, _leave(context, draft)))


def _leave(context: Context, draft: Draft[MeetingDraft]) -> tuple[Button, ...]:
    """Back to the card if one field is asked again; else out of the dialogue."""
    if draft.state.undo is not None:
        return (Button(context.t("back"), data("nm-undo", draft.number)),)
    return (Button(context.t("cancel"), data("nm-drop", draft.number)),)


async def _so_far(context: Context, known: MeetingDraft) -> Markup:
    """What is known already, in a line."""
    lines: list[str] = []
    if known.group is not None:
        lines.append((await _access_group(context, known)).name)
    if isinstance(known.title, str):
        lines.append(known.title)
    if known.when is not None:
        lines.append(when_text(known.when, context.zone, context.language))
    return context.t("so-far", known=" · ".join(lines)) if lines else Markup("")


async def _access_group(context: Context, known: MeetingDraft) -> Workgroup:
    """The gate of the group, at every step: a role may be taken away during the dialogue."""
    assert known.group is not None
    return await access.access_group(context.session, context.person, known.group)


async def _answers(context: Context, draft: Draft[MeetingDraft], step: MeetingStep) -> Rows:
    """The buttons under a question."""
    t, number = context.t, draft.number
    match step:
        case MeetingStep.GROUP:
            coordinated = await access.coordinated_groups(context.session, context.person)
            if not coordinated:
                raise NotAllowed("newmeeting-no-groups")
            shown = coordinated[:MOST_GROUPS]
            return tuple((Button(group.name, data("nm-group", number, group.id)),) for group in shown)
        case MeetingStep.DAY:
            return month_buttons(context, number, draft.state.month)
        case MeetingStep.TIME:
            buttons = [Button(_hours(context, start, end), data("nm-time", number, start, end)) for start, end in HOURS]
            return (tuple(buttons[:3]), tuple(buttons[3:]))
        case MeetingStep.LENGTH:
            return (tuple(Button(t(f"length-{minutes}"), data("nm-length", number, minutes)) for minutes in LENGTHS),)
        case MeetingStep.MODE:
            return tuple((Button(t(f"mode-{mode}"), data("nm-mode", number, mode)),) for mode in Mode)
        case MeetingStep.TITLE | MeetingStep.PLACE | MeetingStep.LINK | MeetingStep.DESCRIPTION:
            return ((Button(t(f"skip-{step}"), data("nm-skip", number, step)),),)
        case MeetingStep.CONFIRM:
            return ()  # nothing is asked
        case _:
            assert_never(step)


def _hours(context: Context, start: str, end: str) -> str:
    first, last = (time_text(time(int(at[:2]), int(at[2:])), context.language) for at in (start, end))
    return f"{first}–{last}"


def doubt_screen(context: Context, draft: Draft[MeetingDraft], doubt: Doubt) -> Screen:
    """A doubtful date: what is doubtful, and the readings to choose from."""
    known = draft.state if draft.state.day is not None else draft.state.without("start", "end")
    step = MeetingStep.TIME if doubt.key == "date-time-not-found" else known.awaits
    context.update_draft(draft, replace(known, awaits=step, offers=tuple(doubt.choices)))
    rows = reading_rows(context, doubt, "nm-doubt", draft.number)
    return Screen(context.t(doubt.key, **doubt.values), (*rows, _leave(context, draft)))


def reading_rows(context: Context, doubt: Doubt, name: str, number: int) -> Rows:
    """A button for each reading of a doubtful date."""
    return tuple(
        (Button(choice_text(when, context.zone, context.language), data(name, number, index)),)
        for index, when in enumerate(doubt.choices)
    )


async def confirm_screen(context: Context, draft: Draft[MeetingDraft], *, editing: bool = False) -> Screen:
    """The card as members will see it, how many will get it and who cannot; buttons to send, change or drop it."""
    t, known = context.t, draft.state
    plan = plan_of(context, known)
    if plan is None:
        return await ask_next(context, draft)
    group = await _access_group(context, known)
    meeting = await _changed(context, known)
    if meeting is None:
        lines = [t("confirm-new"), preview(t, group.name, plan, "invitation-heading")]
    elif plan == meeting.plan:
        lines = [t("confirm-unchanged"), preview(t, group.name, plan, None)]
        return Screen(Markup("\n\n").join(lines), _edit_rows(context, draft, plan, leave=True))
    else:
        heading = "invitation-moved" if meetings.needs_new_answers(meeting, plan) else None
        lines = [t("confirm-change"), preview(t, group.name, plan, heading)]
    lines += await _consequences(context, group.id, plan, meeting)
    rows = _edit_rows(context, draft, plan) if editing else _main_rows(context, draft)
    return Screen(Markup("\n\n").join(lines), rows)


async def _changed(context: Context, known: MeetingDraft) -> Meeting | None:
    """The meeting that the dialogue changes, if it is about one."""
    if known.meeting is None:
        return None
    return await meetings.access_meeting(context.session, context.person, known.meeting)


async def _consequences(context: Context, group_id: int, plan: MeetingPlan, meeting: Meeting | None) -> list[Markup]:
    """How many people will be notified and when, and who cannot be reached."""
    t = context.t
    if meeting is not None and not meetings.needs_new_answers(meeting, plan):
        return [t("confirm-quietly")]
    people = await groups.members(context.session, group_id)
    if not people:
        return [t("confirm-nobody")]
    away = [person.name for person in people if person.reach is not Reachability.REACHABLE]
    lines = [t("confirm-recipients", n=len(people) - len(away))]
    near = meeting is not None and announcing.is_near(meeting.starts_at, plan.starts_at, now=context.now)
    due, _ = announcing.leaving(plan.starts_at, context.policy.quiet, now=context.now, urgent=near)
    if due > context.now:
        lines.append(t("confirm-later", when=moment_text(due, context.zone, context.language)))
    if away:
        lines.append(t("confirm-unreachable", n=len(away), names=_names(t, away)))
    return lines


def _names(t: Texts, names: list[str]) -> str | Markup:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else t("and-more", names=shown, n=len(names) - MOST_NAMES)


def _main_rows(context: Context, draft: Draft[MeetingDraft]) -> Rows:
    t, number = context.t, draft.number
    send = t("confirm-send" if draft.state.meeting is None else "confirm-save")
    return (
        (Button(send, data("nm-go", number)),),
        (
            Button(t("confirm-edit"), data("nm-edit", number, "menu")),
            Button(t("confirm-drop"), data("nm-drop", number)),
        ),
    )


def _edit_rows(context: Context, draft: Draft[MeetingDraft], plan: MeetingPlan, *, leave: bool = False) -> Rows:
    """A button for each field; then back to the card, or (``leave``) out of a dialogue that changes nothing yet."""
    steps = [MeetingStep.TITLE, MeetingStep.DAY, MeetingStep.TIME, MeetingStep.MODE]
    steps += [MeetingStep.PLACE] if plan.mode.has_place else []
    steps += [MeetingStep.LINK] if plan.mode.has_link else []
    steps += [MeetingStep.DESCRIPTION] + ([MeetingStep.GROUP] if draft.state.meeting is None else [])
    buttons = [Button(context.t(f"edit-{step}"), data("nm-edit", draft.number, step)) for step in steps]
    pairs = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return (*pairs, (Button(context.t("back"), data("nm-drop" if leave else "nm-show", draft.number)),))
