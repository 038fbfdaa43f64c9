"""Sending a form on its own to a workgroup: one question at a time, then the card, and one tap to send it.

The draft row holds what is known; `ask_next` asks for the first gap.
"""

from datetime import timedelta

from handlers import dates
from handlers.dates import Doubt
from handlers.feedback.survey_draft import (
    DRAFT_FIELDS,
    LASTS,
    MORNING,
    NOW,
    access_form_and_groups,
    ask_next,
    at_clock,
    choices_screen,
    closing,
    offered,
    read,
    stamp,
    timing_of,
    today,
)
from handlers.feedback.surveys import survey_list, survey_screen
from handlers.meetings.meeting_line import group_named
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery import drafts
from models.delivery.drafts import Draft
from models.errors import NotFound, Refused, Stale
from models.feedback import survey_plan, surveys
from models.feedback.survey_plan import MOST_REMINDERS
from models.feedback.surveys import SurveyPlan
from models.people.people import tidy

SUBJECT = "newsurvey"
AT_ONCE = {"heti", "nyt", "nu", "genast", "now", "at once"}


@tap("survey-new")
async def on_new(context: Context, tap: Tap) -> Screen:
    """Begins; the group is asked for where there are several."""
    form, mine = await survey_plan.access_form_to_send(context.session, context.person, tap.id)
    known = {"form": form.id, "reminders": 1}
    known |= {"group": mine[0].id} if len(mine) == 1 else {"chose": True}
    return await ask_next(context, await context.begin(SUBJECT, "", known))


async def _draft(context: Context, tap: Tap) -> Draft:
    return await drafts.of(context.session, context.person, context.chat_id, SUBJECT, number=tap.id)


async def show_current(context: Context, tap: Tap) -> Screen:
    """What an old card shows: the survey that it has become, the dialogue that is open now, or what has been sent."""
    sent = await surveys.card_of(context.session, context.person, context.chat_id, context.message_id)
    if sent is not None:
        return survey_screen(context, sent)
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is None or draft.subject != SUBJECT:
        return await survey_list(context)
    return await ask_next(context, draft)


async def _learn(context: Context, draft: Draft, **known: object) -> Screen:
    drafts.learn(draft, draft.awaits, now=context.now, offers=[], **known)
    return await ask_next(context, draft)


@text_input(SUBJECT, on_refusal=ask_next)
async def on_text(context: Context, draft: Draft, text: str) -> Screen:
    """A typed answer to the question that was asked."""
    _, mine, _ = await access_form_and_groups(context, draft)
    typed = tidy(text, limit=100)
    if draft.awaits == "group":
        found = group_named(mine, typed)
        if not found:
            raise Refused("newmeeting-no-such-group")
        return await _learn(context, draft, **found)
    if draft.awaits == "opens" and typed.casefold().rstrip(".!") in AT_ONCE:
        return await _learn(context, draft, opens=NOW)
    if draft.awaits in ("opens", "closes"):
        try:
            when = dates.read_when(typed, now=context.now, zone=context.zone, language=context.language)
        except Doubt as doubt:
            return choices_screen(context, draft, doubt)
        return await _learn(context, draft, **{draft.awaits: read(context, draft.awaits, when)})
    return await ask_next(context, draft)


@tap("survey-group", on_refusal=show_current)
async def on_group(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    _, mine, _ = await access_form_and_groups(context, draft)
    if tap.number(1) not in {group.id for group in mine}:
        raise NotFound
    return await _learn(context, draft, group=tap.number(1))


@tap("survey-open", on_refusal=show_current)
async def on_open(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    if tap.word(1) not in (NOW, "tomorrow"):
        raise NotFound
    tomorrow = at_clock(context, today(context) + timedelta(days=1), MORNING)
    return await _learn(context, draft, opens=NOW if tap.word(1) == NOW else tomorrow.isoformat())


@tap("survey-close", on_refusal=show_current)
async def on_close(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    if tap.word(1) not in LASTS or "opens" not in draft.data:
        raise NotFound
    return await _learn(context, draft, closes=closing(context, draft, tap.word(1)).isoformat())


@tap("survey-remind", on_refusal=show_current)
async def on_remind(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    if tap.number(1) > MOST_REMINDERS:
        raise NotFound
    return await _learn(context, draft, reminders=tap.number(1))


@tap("survey-doubt", on_refusal=show_current)
async def on_doubt(context: Context, tap: Tap) -> Screen:
    """One of the readings that the bot offered."""
    draft = await _draft(context, tap)
    if draft.awaits not in ("opens", "closes"):
        raise NotFound
    chosen = offered(context, draft, tap.number(1))
    if chosen is None:
        raise NotFound
    return await _learn(context, draft, **{draft.awaits: chosen})


@tap("survey-edit", on_refusal=show_current)
async def on_edit(context: Context, tap: Tap) -> Screen:
    """Asks once more for one thing; what it was stays at hand."""
    draft, name = await _draft(context, tap), tap.word(1)
    if name not in DRAFT_FIELDS or name not in draft.data or (name == "group" and not draft.data.get("chose")):
        raise NotFound
    kept = {key: value for key, value in draft.data.items() if key != name}
    draft.data = {**kept, "undo": {name: draft.data[name]}}
    return await ask_next(context, draft)


@tap("survey-back", on_refusal=show_current)
async def on_back(context: Context, tap: Tap) -> Screen:
    """Leaves a thing as it was; or else to the question before."""
    draft = await _draft(context, tap)
    if "undo" in draft.data:
        draft.data = {**draft.data, **draft.data["undo"]}
        return await ask_next(context, draft)
    if draft.awaits not in DRAFT_FIELDS:
        return await ask_next(context, draft)
    before = DRAFT_FIELDS[: DRAFT_FIELDS.index(draft.awaits)]
    known = [name for name in before if name in draft.data and (name != "group" or draft.data.get("chose"))]
    draft.data = {key: value for key, value in draft.data.items() if key not in known[-1:]}
    return await ask_next(context, draft)


@tap("survey-go", on_refusal=show_current)
async def on_go(context: Context, tap: Tap) -> Screen:
    """Sends it, or plans it."""
    sent = await surveys.card_of(context.session, context.person, context.chat_id, context.message_id)
    if sent is not None:  # pressed twice, or delivered again
        return survey_screen(context, sent)
    draft = await _draft(context, tap)
    version_id = tap.number(1)
    if tap.word(2) != stamp(draft):
        raise Stale("survey-card-is-old")
    asked = await ask_next(context, draft)
    form, _, group = await access_form_and_groups(context, draft)
    timing = timing_of(context, draft.data)
    if draft.awaits != "confirm" or timing is None or group is None:  # its time has passed since it was drawn
        return asked
    decided = SurveyPlan(group, form, version_id, timing)
    if not await drafts.end(context.session, context.person, context.chat_id):
        raise Stale("dialogue-is-over")
    run = await surveys.send(
        context.session, context.person, decided, context.keys, policy=context.policy, now=context.now
    )
    page = await surveys.access_survey(context.session, context.person, run.id)
    opened = timing.opens_at <= context.now
    toast = context.t("toast-survey-sent", n=page.asked) if opened else context.t("toast-survey-planned")
    return survey_screen(context, page).toasting(toast)


@tap("survey-drop", on_refusal=show_current)
async def on_drop(context: Context, tap: Tap) -> Screen:
    draft = await _draft(context, tap)
    form_id = draft.data["form"]
    await drafts.end(context.session, context.person, context.chat_id)
    ways = (Button(context.t("survey-form"), data("form", form_id)), Button(context.t("surveys"), data("surveys")))
    return Screen(context.t("survey-dropped"), (ways,))
