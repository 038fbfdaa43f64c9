"""What a survey's draft lacks, the questions for it, and the card with exactly what people will get."""

from datetime import date, datetime, time
from typing import Any
from zlib import crc32

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from handlers import dates
from handlers.dates import Doubt, When, choice_text, day_text, moment_text
from handlers.feedback.feedback import where_they_are
from handlers.forms.labels import form_name
from handlers.meetings.meeting_draft import when_from, when_to
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.calendar import DAY, is_day_off, to_utc
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import Refused
from models.feedback import survey_plan
from models.feedback.survey_plan import MOST_REMINDERS, Audience, Timing
from models.forms import forms
from models.forms.forms import Form, FormVersion
from models.people import access
from models.people.groups import Workgroup

MORNING, AFTERNOON = time(9), time(16)
"""When a survey opens, and when it closes, on a day without an hour."""
LASTS = {"week": relativedelta(weeks=1), "fortnight": relativedelta(weeks=2), "month": relativedelta(months=1)}
WRONG = {
    "survey-opens-in-the-past": "opens",
    "survey-opens-too-far": "opens",
    "survey-closes-too-soon": "closes",
    "survey-closes-too-late": "closes",
}
"""What is to be asked again after which refusal."""
DRAFT_FIELDS = ("group", "opens", "closes", "reminders")
NOW = "now"
Rows = tuple[tuple[Button, ...], ...]


def at_clock(context: Context, day: date, at: time) -> datetime:
    """A wall clock's moment here."""
    return to_utc(day, at, context.zone).moments[0]


def today(context: Context) -> date:
    return context.now.astimezone(context.zone).date()


def opens_at(context: Context, known: dict[str, Any]) -> datetime:
    """When the survey will open: what was chosen, out of quiet time."""
    chosen = None if known["opens"] == NOW else datetime.fromisoformat(known["opens"])
    return survey_plan.opening(context.now, context.policy, at=chosen)


def timing_of(context: Context, known: dict[str, Any]) -> Timing | None:
    """The times of a draft that has them all."""
    if not {"opens", "closes", "reminders"} <= set(known):
        return None
    closes = datetime.fromisoformat(known["closes"])
    return Timing(opens_at(context, known), closes, known["reminders"])


def example(context: Context) -> str:
    """Something to type, true in any year: Wednesday of next week."""
    day = today(context)
    return moment_text(at_clock(context, day + (9 - day.weekday()) * DAY, MORNING), context.zone, context.language)


def read(context: Context, name: str, when: When) -> str:
    """A typed day, with its hour or the usual one, as the draft keeps it."""
    if when.end is not None or when.end_day is not None:
        raise Refused("survey-one-moment", example=example(context))
    if when.start is not None:
        return dates.when_to_utc(when, context.zone)[0].isoformat()
    if name == "opens" and when.day == today(context):
        return NOW
    return at_clock(context, when.day, MORNING if name == "opens" else AFTERNOON).isoformat()


def _unsettled(context: Context, draft: Draft) -> Markup | None:
    """Lets go of times that cannot be, or cannot be any more, and says why."""
    known = draft.data
    if "opens" not in known:
        return None
    opens = opens_at(context, known)
    closes = datetime.fromisoformat(known["closes"]) if "closes" in known else opens + 7 * DAY
    try:
        survey_plan.ensure_valid(Timing(opens, closes, 0), zone=context.zone, now=context.now)
    except Refused as refusal:
        draft.data = {key: value for key, value in known.items() if key != WRONG[refusal.key]}
        return context.t(refusal.key, **refusal.values)
    return None


async def access_form_and_groups(context: Context, draft: Draft) -> tuple[Form, list[Workgroup], Workgroup | None]:
    """The gate, at every step, for roles are taken away and groups archived meanwhile: form, groups, the one chosen."""
    form, mine = await survey_plan.access_form_to_send(context.session, context.person, draft.data["form"])
    if "group" not in draft.data:
        return form, mine, None
    group = next((other for other in mine if other.id == draft.data["group"]), None)
    if group is None:
        gone = await access.access_group(context.session, context.person, draft.data["group"])
        raise Refused("roster-archived", group=gone.name)
    return form, mine, group


async def ask_next(context: Context, draft: Draft) -> Screen:
    """Asks for the first gap; without one, shows the card to confirm."""
    form, mine, group = await access_form_and_groups(context, draft)
    why = _unsettled(context, draft)
    name = next((step for step in DRAFT_FIELDS if step not in draft.data), "confirm")
    drafts.learn(draft, name, now=context.now)
    if name == "confirm" and group is not None:
        draft.data = {key: value for key, value in draft.data.items() if key != "undo"}
        return await card(context, draft, form, group)
    heading = context.t("survey-heading", form=form_name(context.t, form), group=group.name if group else "…")
    so_far = _opens_line(context, draft.data) if "opens" in draft.data else None
    question, rows = _question(context, draft, name, mine)
    text = Markup("\n\n").join(filter(None, [heading, so_far, why, question]))
    return Screen(text, (*rows, _ways(context, draft, name)))


def _opens_line(context: Context, known: dict[str, Any]) -> Markup:
    """When it opens, and why not when it was chosen to."""
    opens = opens_at(context, known)
    when = moment_text(opens, context.zone, context.language)
    if known["opens"] == NOW:
        return context.t("survey-opens-now") if opens <= context.now else context.t("survey-opens-later", when=when)
    moved = opens != datetime.fromisoformat(known["opens"])
    return context.t("survey-opens-moved" if moved else "survey-opens", when=when)


def _ways(context: Context, draft: Draft, name: str) -> tuple[Button, ...]:
    """Back, where there is something before it, and out."""
    t, number = context.t, draft.number
    out = Button(t("cancel"), data("survey-drop", number))
    has_before = "undo" in draft.data or name != "opens" or draft.data.get("chose", False)
    if name == "group" or not has_before:
        return (out,)
    return (Button(t("back"), data("survey-back", number)), out)


def _question(context: Context, draft: Draft, name: str, mine: list[Workgroup]) -> tuple[Markup, Rows]:
    t, number = context.t, draft.number
    if name == "group":
        rows = tuple((Button(group.name, data("survey-group", number, group.id)),) for group in mine[:30])
        return t("survey-ask-group"), rows
    if name == "opens":
        return t("survey-ask-opens", example=example(context)), _openings(context, number)
    if name == "closes":
        return t("survey-ask-closes", example=example(context)), _closings(context, draft)
    return _reminders(context, draft)


def _openings(context: Context, number: int) -> Rows:
    t, tomorrow = context.t, at_clock(context, today(context) + DAY, MORNING)
    moved = survey_plan.opening(context.now, context.policy, at=tomorrow)
    now = survey_plan.opening(context.now, context.policy)
    at_once = t("survey-now") if now <= context.now else t("survey-first-morning", when=_moment(context, now))
    rows = [(Button(at_once, data("survey-open", number, NOW)),)]
    if moved == tomorrow:
        rows.append((Button(t("survey-tomorrow"), data("survey-open", number, "tomorrow")),))
    return tuple(rows)


def _moment(context: Context, at: datetime) -> str:
    return moment_text(at, context.zone, context.language)


def closing(context: Context, draft: Draft, length: str) -> datetime:
    """The end of the first working day so long after the opening."""
    day = opens_at(context, draft.data).astimezone(context.zone).date() + LASTS[length]
    while is_day_off(day, context.policy.quiet):
        day += DAY
    return at_clock(context, day, AFTERNOON)


def _closings(context: Context, draft: Draft) -> Rows:
    return tuple(
        (
            Button(
                context.t(
                    f"survey-lasts-{length}",
                    day=day_text(closing(context, draft, length).astimezone(context.zone).date(), context.language),
                ),
                data("survey-close", draft.number, length),
            ),
        )
        for length in LASTS
    )


def _reminders(context: Context, draft: Draft) -> tuple[Markup, Rows]:
    """Each number of reminders with its moments; two only where there is time for two."""
    lines, rows = [context.t("survey-ask-reminders")], []
    for count in range(MOST_REMINDERS + 1):
        timing = timing_of(context, {**draft.data, "reminders": count})
        moments = timing.reminds_at(context.policy) if timing else ()
        if len(moments) == count:
            lines.append(reminders_line(context, moments))
            label = context.t("survey-reminders", n=count) if count else context.t("survey-no-reminders")
            rows.append((Button(label, data("survey-remind", draft.number, count)),))
    return Markup("\n").join(lines), tuple(rows)


def reminders_line(context: Context, moments: tuple[datetime, ...]) -> Markup:
    if not moments:
        return context.t("survey-reminds-never")
    return context.t("survey-reminds", n=len(moments), moments=", ".join(_moment(context, at) for at in moments))


def choices_screen(context: Context, draft: Draft, doubt: Doubt) -> Screen:
    """A doubtful date: what is doubtful, and the readings to choose from."""
    drafts.learn(draft, draft.awaits, now=context.now, offers=[when_to(when) for when in doubt.choices])
    rows = tuple(
        (Button(choice_text(when, context.zone, context.language), data("survey-doubt", draft.number, index)),)
        for index, when in enumerate(doubt.choices)
    )
    key = "survey-one-moment" if doubt.key == "date-several-days" else doubt.key
    text = context.t(key, **{**doubt.values, "example": example(context)})
    return Screen(text, (*rows, _ways(context, draft, draft.awaits)))


def offered(context: Context, draft: Draft, index: int) -> str | None:
    """One of the readings offered, as the draft keeps it."""
    offers = draft.data.get("offers", [])
    return read(context, draft.awaits, when_from(offers[index])) if index < len(offers) else None


def stamp(draft: Draft) -> str:
    """Tells a card from one that said something else: only what a card shows is sent by its button."""
    told = [draft.data.get(name) for name in ("form", *DRAFT_FIELDS)]
    return f"{crc32(repr(told).encode()):08x}"


async def card(context: Context, draft: Draft, form: Form, group: Workgroup) -> Screen:
    """The message as people will get it, when, how many, who not; one tap sends it."""
    t, timing = context.t, timing_of(context, draft.data)
    assert timing is not None
    version = await forms.newest(context.session, form)
    people = await survey_plan.audience(context.session, group.id)
    other = await survey_plan.at_the_same_time(context.session, group, form, timing)
    lines = [*_as_received(context, group, version, timing), _facts(context, draft, group, version, timing)]
    lines.append(_recipients(context, people))
    rows: list[tuple[Button, ...]] = []
    if other is not None:
        lines.append(t("survey-already"))
        rows.append((Button(t("survey-see-other"), data("survey", other)),))
    elif people.asked:
        key = "survey-send" if timing.opens_at <= context.now else "survey-plan"
        rows.append((Button(t(key, n=len(people.asked)), data("survey-go", draft.number, version.id, stamp(draft))),))
    else:
        rows.append((Button(t("survey-members"), data("roster", group.id, 0)),))
    return Screen(Markup("\n\n").join(lines), (*rows, *_edits(context, draft)))


def _as_received(context: Context, group: Workgroup, version: FormVersion, timing: Timing) -> list[Markup]:
    """The first screen of the form, with its buttons in words."""
    submission = survey_plan.first_page(group, version, timing, policy=context.policy)
    shown = where_they_are(context, submission)
    labels = " | ".join(button.label for row in shown.buttons for button in row)
    return [context.t("survey-card"), shown.text, context.t("survey-card-buttons", labels=labels)]


def _facts(context: Context, draft: Draft, group: Workgroup, version: FormVersion, timing: Timing) -> Markup:
    t = context.t
    lines = [
        t("survey-card-group", group=group.name),
        _opens_line(context, draft.data),
        t("survey-closes", when=_moment(context, timing.closes_at)),
        reminders_line(context, timing.reminds_at(context.policy)),
        openness(context, named=version.named, threshold=context.policy.threshold),
    ]
    return Markup("\n").join(lines)


def openness(context: Context, *, named: bool, threshold: int) -> Markup:
    """Anonymous or named, in words."""
    return context.t("survey-named") if named else context.t("survey-anonymous", threshold=threshold)


def _recipients(context: Context, people: Audience) -> Markup:
    """How many get it, and how many not and why."""
    t = context.t
    lines = [t("survey-recipients", n=len(people.asked)) if people.asked else t("survey-nobody")]
    lines += [t(f"survey-missed-{reach}", n=n) for reach, n in people.unreached.items()]
    if people.unwilling:
        lines.append(t("survey-missed-unwilling", n=people.unwilling))
    return Markup("\n").join(lines)


def _edits(context: Context, draft: Draft) -> Rows:
    t, number = context.t, draft.number
    names = ["opens", "closes", "reminders", *(["group"] if draft.data.get("chose") else [])]
    buttons = [Button(t(f"survey-edit-{name}"), data("survey-edit", number, name)) for name in names]
    pairs = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return (*pairs, (Button(t("cancel"), data("survey-drop", number)),))
