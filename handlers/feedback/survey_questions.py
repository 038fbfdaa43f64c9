"""The screens of planning a survey: the question for what is not known yet, and the card with what people will get."""

from dataclasses import replace
from datetime import datetime

from markupsafe import Markup

from handlers.dates import Doubt, day_text, moment_text
from handlers.feedback.feedback import where_they_are
from handlers.feedback.survey_draft import (
    LASTS,
    MORNING,
    NOW,
    SurveyDraft,
    SurveyStep,
    at_clock,
    closes_at,
    example,
    opens_at,
    stamp,
    timing_of,
    today,
)
from handlers.forms.labels import form_name
from handlers.meetings.meeting_questions import reading_rows
from handlers.routes import Context, data
from handlers.screen import Button, Screen
from models.calendar import DAY
from models.delivery.drafts import Draft
from models.errors import Refused
from models.feedback import survey_plan
from models.feedback.survey_plan import MOST_REMINDERS, Audience, Timing
from models.forms import forms
from models.forms.forms import Form, FormVersion
from models.people import access
from models.people.groups import Workgroup

NOT_POSSIBLE = {
    "survey-opens-in-the-past": "opens",
    "survey-opens-too-far": "opens",
    "survey-closes-too-soon": "closes",
    "survey-closes-too-late": "closes",
}
"""The field that is asked again after each refusal."""
MOST_GROUPS = 30
Rows = tuple[tuple[Button, ...], ...]


async def access_form_and_groups(
    context: Context, known: SurveyDraft
) -> tuple[Form, list[Workgroup], Workgroup | None]:
    """The gate, at every step, for roles are taken away and groups archived meanwhile.

    Returns the form, the groups to choose from, and the chosen one.
    """
    form, groups = await survey_plan.access_form_to_send(context.session, context.person, known.form)
    if known.group is None:
        return form, groups, None
    group = next((group for group in groups if group.id == known.group), None)
    if group is None:
        archived = await access.access_group(context.session, context.person, known.group)
        raise Refused("roster-archived", group=archived.name)
    return form, groups, group


async def ask_next(context: Context, draft: Draft[SurveyDraft]) -> Screen:
    """Asks the next question; when all is known, shows the card to confirm."""
    form, groups, group = await access_form_and_groups(context, draft.state)
    known, why = _possible(context, draft.state)
    step = known.gap
    if step is None:
        assert group is not None
        context.update_draft(draft, replace(known, awaits=SurveyStep.CONFIRM, undo=None))
        return await card(context, draft, form, group)
    context.update_draft(draft, replace(known, awaits=step))
    heading = context.t("survey-heading", form=form_name(context.t, form), group=group.name if group else "…")
    so_far = _opens_line(context, known) if known.opens is not None else None
    question, rows = _question(context, draft, step, groups)
    text = Markup("\n\n").join(filter(None, [heading, so_far, why, question]))
    return Screen(text, (*rows, _leave(context, draft)))


def _possible(context: Context, known: SurveyDraft) -> tuple[SurveyDraft, Markup | None]:
    """Without a time that is not possible (any more), and the text that says why."""
    if known.opens is None:
        return known, None
    opens = opens_at(context, known)
    try:
        survey_plan.ensure_valid(Timing(opens, known.closes or opens + 7 * DAY, 0), zone=context.zone, now=context.now)
    except Refused as refusal:
        return known.without(NOT_POSSIBLE[refusal.key]), context.t(refusal.key, **refusal.values)
    return known, None


def _opens_line(context: Context, known: SurveyDraft) -> Markup:
    """When it opens, and why that differs from the chosen time."""
    opens = opens_at(context, known)
    when = moment_text(opens, context.zone, context.language)
    if known.opens == NOW:
        return context.t("survey-opens-now") if opens <= context.now else context.t("survey-opens-later", when=when)
    return context.t("survey-opens" if opens == known.opens else "survey-opens-moved", when=when)


def _leave(context: Context, draft: Draft[SurveyDraft]) -> tuple[Button, ...]:
    """The last row: back, unless this is the first question, and cancel."""
    t, number, known = context.t, draft.number, draft.state
    out = Button(t("cancel"), data("survey-drop", number))
    is_first = known.undo is None and known.awaits is SurveyStep.OPENS and not known.chose
    if known.awaits is SurveyStep.GROUP or is_first:
        return (out,)
    return (Button(t("back"), data("survey-back", number)), out)


def _question(
    context: Context, draft: Draft[SurveyDraft], step: SurveyStep, groups: list[Workgroup]
) -> tuple[Markup, Rows]:
    """A question with its buttons."""
    t, number = context.t, draft.number
    if step is SurveyStep.GROUP:
        rows = tuple((Button(group.name, data("survey-group", number, group.id)),) for group in groups[:MOST_GROUPS])
        return t("survey-ask-group"), rows
    if step is SurveyStep.OPENS:
        return t("survey-ask-opens", example=example(context)), _openings(context, number)
    if step is SurveyStep.CLOSES:
        return t("survey-ask-closes", example=example(context)), _closing_choices(context, draft)
    return _reminder_choices(context, draft)


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


def _closing_choices(context: Context, draft: Draft[SurveyDraft]) -> Rows:
    rows = []
    for length in LASTS:
        day = closes_at(context, draft.state, length).astimezone(context.zone).date()
        label = context.t(f"survey-lasts-{length}", day=day_text(day, context.language))
        rows.append((Button(label, data("survey-close", draft.number, length)),))
    return tuple(rows)


def _reminder_choices(context: Context, draft: Draft[SurveyDraft]) -> tuple[Markup, Rows]:
    """Each number of reminders with its moments; two only where there is time for two."""
    lines, rows = [context.t("survey-ask-reminders")], []
    for count in range(MOST_REMINDERS + 1):
        timing = timing_of(context, replace(draft.state, reminders=count))
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


def doubt_screen(context: Context, draft: Draft[SurveyDraft], doubt: Doubt) -> Screen:
    """A doubtful date: what is doubtful, and the readings to choose from."""
    context.update_draft(draft, replace(draft.state, offers=tuple(doubt.choices)))
    rows = reading_rows(context, doubt, "survey-doubt", draft.number)
    key = "survey-one-moment" if doubt.key == "date-several-days" else doubt.key
    text = context.t(key, **{**doubt.values, "example": example(context)})
    return Screen(text, (*rows, _leave(context, draft)))


async def card(context: Context, draft: Draft[SurveyDraft], form: Form, group: Workgroup) -> Screen:
    """The message as people will get it, its times, how many get it and who does not; one tap sends it."""
    t, timing = context.t, timing_of(context, draft.state)
    assert timing is not None
    version = await forms.newest(context.session, form)
    people = await survey_plan.audience(context.session, group.id)
    other = await survey_plan.overlapping_survey(context.session, group, form, timing)
    lines = [*_as_received(context, group, version, timing), _facts(context, draft.state, group, version, timing)]
    lines.append(_recipients(context, people))
    rows: list[tuple[Button, ...]] = []
    if other is not None:
        lines.append(t("survey-already"))
        rows.append((Button(t("survey-see-other"), data("survey", other)),))
    elif people.asked:
        key = "survey-send" if timing.opens_at <= context.now else "survey-plan"
        go = data("survey-go", draft.number, version.id, stamp(draft.state))
        rows.append((Button(t(key, n=len(people.asked)), go),))
    else:
        rows.append((Button(t("survey-members"), data("roster", group.id, 0)),))
    return Screen(Markup("\n\n").join(lines), (*rows, *_edits(context, draft)))


def _as_received(context: Context, group: Workgroup, version: FormVersion, timing: Timing) -> list[Markup]:
    """The first screen of the form, with its buttons in words."""
    submission = survey_plan.sample_submission(group, version, timing, policy=context.policy)
    shown = where_they_are(context, submission)
    labels = " | ".join(button.label for row in shown.buttons for button in row)
    return [context.t("survey-card"), shown.text, context.t("survey-card-buttons", labels=labels)]


def _facts(context: Context, known: SurveyDraft, group: Workgroup, version: FormVersion, timing: Timing) -> Markup:
    t = context.t
    lines = [
        t("survey-card-group", group=group.name),
        _opens_line(context, known),
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


def _edits(context: Context, draft: Draft[SurveyDraft]) -> Rows:
    t, number = context.t, draft.number
    steps = [
        SurveyStep.OPENS,
        SurveyStep.CLOSES,
        SurveyStep.REMINDERS,
        *([SurveyStep.GROUP] if draft.state.chose else []),
    ]
    buttons = [Button(t(f"survey-edit-{step}"), data("survey-edit", number, step)) for step in steps]
    pairs = tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2))
    return (*pairs, (Button(t("cancel"), data("survey-drop", number)),))
