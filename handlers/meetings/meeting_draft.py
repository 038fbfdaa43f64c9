"""What a meeting's draft lacks, the questions for it, and the confirmation card."""

from datetime import date, time
from typing import Any

from markupsafe import Markup

from handlers.dates import (
    Doubt,
    When,
    choice_text,
    example_text,
    moment_text,
    time_text,
    when_text,
    when_to_utc,
)
from handlers.meetings.invitations import preview
from handlers.meetings.meeting_days import month_buttons
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import NotAllowed
from models.meetings import announcing, meetings
from models.meetings.meetings import Meeting, MeetingPlan, Mode
from models.people import access, groups
from models.people.groups import Workgroup
from models.people.people import Reachability

HOURS = (("0900", "1000"), ("0900", "1100"), ("0900", "1200"), ("1200", "1400"), ("1300", "1500"), ("1300", "1600"))
LENGTHS = (60, 90, 120, 180)
Rows = tuple[tuple[Button, ...], ...]


def when_to(when: When) -> dict[str, Any]:
    """A reading as the draft row keeps it."""
    return {
        "day": when.day.isoformat(),
        "end_day": when.end_day.isoformat() if when.end_day else None,
        "fold": when.fold,
        "end_fold": when.end_fold,
        "offers": [],
        **({"start": when.start.isoformat()} if when.start else {}),
        **({"end": when.end.isoformat()} if when.end else {}),
    }


def when_from(kept: dict[str, Any]) -> When:
    """`when_to` undone."""
    return When(
        day=date.fromisoformat(kept["day"]),
        start=time.fromisoformat(kept["start"]) if kept.get("start") else None,
        end=time.fromisoformat(kept["end"]) if kept.get("end") else None,
        end_day=date.fromisoformat(kept["end_day"]) if kept.get("end_day") else None,
        fold=kept.get("fold", 0),
        end_fold=kept.get("end_fold", 0),
    )


def gap(known: dict[str, Any]) -> str | None:
    """The next thing to ask, or None when all is known."""
    mode = known.get("mode")
    asked = {
        "group": True,
        "title": True,
        "day": True,
        "time": "start" not in known,
        "length": "end" not in known,
        "mode": True,
        "place": mode in (Mode.ON_SITE, Mode.HYBRID),
        "link": mode in (Mode.REMOTE, Mode.HYBRID),
        "description": True,
    }
    return next((name for name, wanted in asked.items() if wanted and name not in known), None)


def plan_of(context: Context, draft: Draft) -> MeetingPlan | None:
    """The plan that a draft without gaps comes to."""
    known = draft.data
    if gap(known) is not None:
        return None
    start, end = when_to_utc(when_from(known), context.zone)
    assert end is not None
    mode = Mode(known["mode"])
    return MeetingPlan(
        title=known["title"],
        starts_at=start,
        ends_at=end,
        zone=context.zone,
        mode=mode,
        place=known.get("place") if mode.has_place else None,
        link=known.get("link") if mode.has_link else None,
        description=known["description"],
    )


async def ask_next(context: Context, draft: Draft) -> Screen:
    """Asks for the first gap; without one, shows the card to confirm."""
    name = gap(draft.data)
    drafts.learn(draft, name or "confirm", now=context.now)
    if name is None:
        draft.data = {key: value for key, value in draft.data.items() if key != "undo"}
        return await confirm_screen(context, draft)
    rows = await _choices(context, draft, name)
    heading = await _so_far(context, draft)
    question = context.t(f"ask-{name}", example=example_text(context.now, context.zone, context.language))
    return Screen(Markup("\n\n").join(filter(None, [heading, question])), (*rows, _leave(context, draft)))


def _leave(context: Context, draft: Draft) -> tuple[Button, ...]:
    """Back to the card where one field is being changed; out of the dialogue where it is being filled."""
    if "undo" in draft.data:
        return (Button(context.t("back"), data("nm-undo", draft.number)),)
    return (Button(context.t("cancel"), data("nm-drop", draft.number)),)


async def _so_far(context: Context, draft: Draft) -> Markup:
    """What is known already, so that nobody loses the thread."""
    lines: list[str | Markup] = []
    if "group" in draft.data:
        lines.append((await _access_group(context, draft)).name)
    if draft.data.get("title"):
        lines.append(draft.data["title"])
    if "day" in draft.data:
        lines.append(when_text(when_from(draft.data), context.zone, context.language))
    return context.t("so-far", known=" · ".join(lines)) if lines else Markup("")


async def _access_group(context: Context, draft: Draft) -> Workgroup:
    """The gate, at every step: a role may be taken away in mid-dialogue."""
    return await access.access_group(context.session, context.person, draft.data["group"])


async def _choices(context: Context, draft: Draft, name: str) -> Rows:
    t, number = context.t, draft.number
    if name == "group":
        mine = await access.coordinated_groups(context.session, context.person)
        if not mine:
            raise NotAllowed("newmeeting-no-groups")
        return tuple((Button(group.name, data("nm-group", number, group.id)),) for group in mine[:30])
    if name == "day":
        return month_buttons(context, draft)
    if name == "time":
        buttons = [Button(_hours(context, start, end), data("nm-time", number, start, end)) for start, end in HOURS]
        return (tuple(buttons[:3]), tuple(buttons[3:]))
    if name == "length":
        return (tuple(Button(t(f"length-{minutes}"), data("nm-length", number, minutes)) for minutes in LENGTHS),)
    if name == "mode":
        return tuple((Button(t(f"mode-{mode}"), data("nm-mode", number, mode)),) for mode in Mode)
    return ((Button(t(f"skip-{name}"), data("nm-skip", number, name)),),)


def _hours(context: Context, start: str, end: str) -> str:
    first, last = (time_text(time(int(at[:2]), int(at[2:])), context.language) for at in (start, end))
    return f"{first}–{last}"


def choices_screen(context: Context, draft: Draft, doubt: Doubt) -> Screen:
    """A doubtful date: what is doubtful, and the readings to choose from."""
    known = {name: value for name, value in draft.data.items() if name not in {"start", "end"} or "day" in draft.data}
    draft.data = {**known, "offers": [when_to(when) for when in doubt.choices]}
    drafts.learn(draft, "time" if doubt.key == "date-time-not-found" else draft.awaits or "day", now=context.now)
    rows = tuple(
        (Button(choice_text(when, context.zone, context.language), data("nm-doubt", draft.number, index)),)
        for index, when in enumerate(doubt.choices)
    )
    return Screen(context.t(doubt.key, **doubt.values), (*rows, _leave(context, draft)))


async def confirm_screen(context: Context, draft: Draft, *, editing: bool = False) -> Screen:
    """The card as members will see it, how many get it, who cannot; send, change or drop."""
    t = context.t
    plan = plan_of(context, draft)
    if plan is None:
        return await ask_next(context, draft)
    group = await _access_group(context, draft)
    meeting = await _changed(context, draft)
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


async def _changed(context: Context, draft: Draft) -> Meeting | None:
    """The meeting that the dialogue changes, if it is about one."""
    if "meeting" not in draft.data:
        return None
    return await meetings.access_meeting(context.session, context.person, draft.data["meeting"])


async def _consequences(context: Context, group_id: int, plan: MeetingPlan, meeting: Meeting | None) -> list[Markup]:
    """Who will hear of it and when, and who cannot."""
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
        lines.append(t("confirm-unreachable", n=len(away), names=_few(t, away)))
    return lines


def _few(t: Any, names: list[str], most: int = 10) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else t("and-more", names=shown, n=len(names) - most)


def _main_rows(context: Context, draft: Draft) -> Rows:
    t, number = context.t, draft.number
    return (
        (Button(t("confirm-save" if "meeting" in draft.data else "confirm-send"), data("nm-go", number)),),
        (
            Button(t("confirm-edit"), data("nm-edit", number, "menu")),
            Button(t("confirm-drop"), data("nm-drop", number)),
        ),
    )


def _edit_rows(context: Context, draft: Draft, plan: MeetingPlan, *, leave: bool = False) -> Rows:
    """A button for each field; then back to the card, or (``leave``) out of a dialogue that changes nothing yet."""
    names = ["title", "day", "time", "mode"]
    names += ["place"] if plan.mode.has_place else []
    names += ["link"] if plan.mode.has_link else []
    names += ["description"] + ([] if "meeting" in draft.data else ["group"])
    buttons = [Button(context.t(f"edit-{name}"), data("nm-edit", draft.number, name)) for name in names]
    pairs = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return (*pairs, (Button(context.t("back"), data("nm-drop" if leave else "nm-show", draft.number)),))
