"""Sending a form on its own to a workgroup: one question at a time, then the card, and one tap to send it.

`SurveyDraft` holds what is known; `ask_next` asks for the first gap.
"""

from dataclasses import replace
from datetime import timedelta

from handlers import dates
from handlers.dates import Doubt
from handlers.feedback.survey_draft import (
    LASTS,
    MORNING,
    NOW,
    QUESTIONS,
    SurveyDraft,
    SurveyStep,
    at_clock,
    closes_at,
    stamp,
    timing_of,
    today,
    with_moment,
)
from handlers.feedback.survey_questions import access_form_and_groups, ask_next, doubt_screen
from handlers.feedback.surveys import survey_list, survey_screen
from handlers.locale_table import LOCALE_TABLE
from handlers.meetings.meeting_line import group_named
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft
from models.errors import NotFound, Refused, Stale
from models.feedback import survey_plan, surveys
from models.feedback.survey_plan import MOST_REMINDERS
from models.feedback.surveys import SurveyPlan
from models.people.people import tidy

AT_ONCE = frozenset(word for locale in LOCALE_TABLE.values() for word in locale.at_once)
"""Of all languages, whatever the reader's own."""


@tap("survey-new")
async def on_new(context: Context, tap: Tap) -> Screen:
    """Begins the dialogue. Asks for the group if there are several."""
    form, groups = await survey_plan.access_form_to_send(context.session, context.person, tap.id)
    known = SurveyDraft(form=form.id, reminders=1)
    known = replace(known, group=groups[0].id) if len(groups) == 1 else replace(known, chose=True)
    return await ask_next(context, await context.begin(known))


async def show_current(context: Context, tap: Tap) -> Screen:
    """After a refusal: the survey that this card has become, or the open dialogue, or else the list of surveys."""
    sent = await surveys.card_of(context.session, context.person, context.chat_id, context.message_id)
    if sent is not None:
        return survey_screen(context, sent)
    draft = await context.find_draft(SurveyDraft)
    return await ask_next(context, draft) if draft else await survey_list(context)


async def _go_on(context: Context, draft: Draft[SurveyDraft], known: SurveyDraft) -> Screen:
    """Stores what is known now, and asks the next question."""
    context.update_draft(draft, replace(known, offers=()))
    return await ask_next(context, draft)


@text_input(SurveyDraft, on_refusal=ask_next)
async def on_text(context: Context, draft: Draft[SurveyDraft], text: str) -> Screen:
    """A typed answer to the question that was asked."""
    known = draft.state
    _, groups, _ = await access_form_and_groups(context, known)
    typed = tidy(text, limit=100)
    if known.awaits is SurveyStep.GROUP:
        group = group_named(groups, typed)
        if group is None:
            raise Refused("newmeeting-no-such-group")
        return await _go_on(context, draft, replace(known, group=group.id))
    if known.awaits is SurveyStep.OPENS and typed.casefold().rstrip(".!") in AT_ONCE:
        return await _go_on(context, draft, replace(known, opens=NOW))
    if known.awaits in (SurveyStep.OPENS, SurveyStep.CLOSES):
        try:
            when = dates.read_when(typed, now=context.now, zone=context.zone, language=context.language)
        except Doubt as doubt:
            return doubt_screen(context, draft, doubt)
        return await _go_on(context, draft, with_moment(context, known, when))
    return await ask_next(context, draft)


@tap("survey-group", on_refusal=show_current)
async def on_group(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(SurveyDraft, tap.id)
    _, groups, _ = await access_form_and_groups(context, draft.state)
    if tap.number(1) not in {group.id for group in groups}:
        raise NotFound
    return await _go_on(context, draft, replace(draft.state, group=tap.number(1)))


@tap("survey-open", on_refusal=show_current)
async def on_open(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(SurveyDraft, tap.id)
    if tap.word(1) not in (NOW, "tomorrow"):
        raise NotFound
    tomorrow = at_clock(context, today(context) + timedelta(days=1), MORNING)
    return await _go_on(context, draft, replace(draft.state, opens=NOW if tap.word(1) == NOW else tomorrow))


@tap("survey-close", on_refusal=show_current)
async def on_close(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(SurveyDraft, tap.id)
    known = draft.state
    if tap.word(1) not in LASTS or known.opens is None:
        raise NotFound
    return await _go_on(context, draft, replace(known, closes=closes_at(context, known, tap.word(1))))


@tap("survey-remind", on_refusal=show_current)
async def on_remind(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(SurveyDraft, tap.id)
    if tap.number(1) > MOST_REMINDERS:
        raise NotFound
    return await _go_on(context, draft, replace(draft.state, reminders=tap.number(1)))


@tap("survey-doubt", on_refusal=show_current)
async def on_doubt(context: Context, tap: Tap) -> Screen:
    """Takes one of the offered readings of a doubtful date."""
    draft = await context.access_draft(SurveyDraft, tap.id)
    known = draft.state
    if known.awaits not in (SurveyStep.OPENS, SurveyStep.CLOSES) or tap.number(1) >= len(known.offers):
        raise NotFound
    return await _go_on(context, draft, with_moment(context, known, known.offers[tap.number(1)]))


@tap("survey-edit", on_refusal=show_current)
async def on_edit(context: Context, tap: Tap) -> Screen:
    """Asks for one field again; "back" restores its value."""
    draft, step = await context.access_draft(SurveyDraft, tap.id), tap.choice(SurveyStep)
    known = draft.state
    if not known.is_answered(step):
        raise NotFound
    context.update_draft(draft, known.asked_again(step))
    return await ask_next(context, draft)


@tap("survey-back", on_refusal=show_current)
async def on_back(context: Context, tap: Tap) -> Screen:
    """Restores a field that is asked again; otherwise goes to the question before."""
    draft = await context.access_draft(SurveyDraft, tap.id)
    known = draft.state
    if known.undo is not None:
        context.update_draft(draft, known.undone())
    elif known.awaits in QUESTIONS:
        answered = [step for step in QUESTIONS[: QUESTIONS.index(known.awaits)] if known.is_answered(step)]
        context.update_draft(draft, known.without(*answered[-1:]))
    return await ask_next(context, draft)


@tap("survey-go", on_refusal=show_current)
async def on_go(context: Context, tap: Tap) -> Screen:
    """Sends or plans the survey. After a second tap shows the survey that was sent."""
    sent = await surveys.card_of(context.session, context.person, context.chat_id, context.message_id)
    if sent is not None:  # a double tap or a redelivered update
        return survey_screen(context, sent)
    draft = await context.access_draft(SurveyDraft, tap.id)
    version_id = tap.number(1)
    if tap.word(2) != stamp(draft.state):
        raise Stale("survey-card-is-old")
    asked = await ask_next(context, draft)
    known = draft.state
    form, _, group = await access_form_and_groups(context, known)
    timing = timing_of(context, known)
    if known.awaits is not SurveyStep.CONFIRM or timing is None or group is None:
        return asked  # the chosen times have passed since the card was drawn
    plan = SurveyPlan(group, form, version_id, timing)
    if not await context.end_draft():
        raise Stale("dialogue-is-over")
    run = await surveys.send(
        context.session, context.person, plan, context.keys, policy=context.policy, now=context.now
    )
    survey = await surveys.access_survey(context.session, context.person, run.id)
    sending = survey.progress
    toast = context.t("toast-survey-planned") if sending is None else context.t("toast-survey-sent", n=sending.waiting)
    return survey_screen(context, survey).toasting(toast)


@tap("survey-drop", on_refusal=show_current)
async def on_drop(context: Context, tap: Tap) -> Screen:
    draft = await context.access_draft(SurveyDraft, tap.id)
    form_id = draft.state.form
    await context.end_draft()
    row = (Button(context.t("survey-form"), data("form", form_id)), Button(context.t("surveys"), data("surveys")))
    return Screen(context.t("survey-dropped"), (row,))
