"""Surveys: forms sent without a meeting. The list and the pages; withdrawing a planned one, ending an open one."""

from datetime import datetime
from typing import assert_never

from markupsafe import Markup

from handlers import responses
from handlers.dates import moment_text
from handlers.forms.labels import form_name
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.delivery.cards import Card
from models.delivery.kinds import CardKind
from models.errors import Stale
from models.feedback import surveys
from models.feedback.runs import RunState
from models.feedback.surveys import Survey

Rows = tuple[tuple[Button, ...], ...]


def _name(context: Context, survey: Survey) -> Markup:
    form = form_name(context.t, survey.form)
    return context.t("feedback-on-its-own", form=form, group=survey.group.name)


def _moment(context: Context, at: datetime) -> str:
    return moment_text(at, context.zone, context.language)


@tap("surveys")
async def on_list(context: Context, tap: Tap) -> Screen:
    return await survey_list(context)


async def survey_list(context: Context) -> Screen:
    """Planned, open and closed surveys, each with a button."""
    t = context.t
    listed = await surveys.listed(context.session, context.person)
    forms = Button(t("survey-forms"), data("forms"))
    if not listed:
        return Screen(t("surveys-none"), ((forms,),))
    lines = [t("surveys-heading"), *(_survey_line(context, survey) for survey in listed)]
    rows = tuple((Button(_name(context, survey).unescape()[:60], data("survey", survey.id)),) for survey in listed[:80])
    return Screen(Markup("\n\n").join(lines), (*rows, (forms,)))


def _survey_line(context: Context, survey: Survey) -> Markup:
    t, name = context.t, _name(context, survey)
    opens, closes = _moment(context, survey.timing.opens_at), _moment(context, survey.timing.closes_at)
    match survey.state:
        case RunState.PLANNED:
            return t("surveys-planned", name=name, when=opens)
        case RunState.OPEN:
            return t("surveys-open", name=name, when=closes)
        case RunState.CLOSED | RunState.PREVIEW:  # previews are not listed
            return t("surveys-closed", name=name, when=closes)
        case _:
            assert_never(survey.state)


async def _survey(context: Context, tap: Tap) -> Survey:
    return await surveys.access_survey(context.session, context.person, tap.id)


@tap("survey", on_refusal=on_list)
async def on_survey(context: Context, tap: Tap) -> Screen:
    return survey_screen(context, await _survey(context, tap))


async def show(context: Context, tap: Tap) -> Screen:
    """The survey's current page, after a refusal."""
    return survey_screen(context, await _survey(context, tap))


def survey_screen(context: Context, survey: Survey) -> Screen:
    """A survey's page: its times and counts, and buttons for what can be done with it."""
    t = context.t
    lines = [
        Markup("<b>{}</b>\n{}").format(_name(context, survey), _state(context, survey)),
        Markup("\n").join([*_counts(context, survey), *_reminder_lines(context, survey)]),
        t("survey-named") if survey.named else t("survey-anonymous", threshold=survey.threshold),
    ]
    return Screen(Markup("\n\n").join(lines), _buttons(context, survey), card=Card(CardKind.SURVEY, survey.id))


def _is_over(context: Context, survey: Survey) -> bool:
    return survey.timing.closes_at <= context.now


def _state(context: Context, survey: Survey) -> Markup:
    t = context.t
    opens, closes = _moment(context, survey.timing.opens_at), _moment(context, survey.timing.closes_at)
    if survey.state is RunState.PLANNED:
        return t("survey-is-planned", opens=opens, closes=closes)
    if survey.state is RunState.CLOSED:
        return t("survey-was-closed", when=closes)
    return t("survey-is-counted") if _is_over(context, survey) else t("survey-is-open", closes=closes)


def _counts(context: Context, survey: Survey) -> list[Markup]:
    t = context.t
    if survey.progress is not None:
        return [responses.progress(t, survey.progress, survey.threshold)]
    if survey.response is not None:
        return [t("survey-response", response=responses.of_one_form(t, survey.response))]
    return [t("survey-would-ask", n=survey.would_ask)]


def _reminder_lines(context: Context, survey: Survey) -> list[Markup]:
    """When each reminder is or was sent."""
    t = context.t
    moments = survey.timing.reminds_at(context.policy)
    if survey.state is RunState.CLOSED or _is_over(context, survey):
        moments = tuple(at for at in moments if at < survey.timing.closes_at)
    if not moments:
        return [t("survey-reminds-never")]
    return [
        t("survey-reminded" if at <= context.now else "survey-will-remind", when=_moment(context, at)) for at in moments
    ]


def _buttons(context: Context, survey: Survey) -> Rows:
    t = context.t
    rows: list[tuple[Button, ...]] = []
    match survey.state:
        case RunState.PLANNED:
            rows.append((Button(t("survey-withdraw"), data("survey-withdraw", survey.id)),))
        case RunState.OPEN:
            end = () if _is_over(context, survey) else (Button(t("survey-end"), data("survey-end", survey.id)),)
            rows.append((Button(t("refresh"), data("survey", survey.id)), *end))
        case RunState.CLOSED | RunState.PREVIEW:
            if survey.release_id is not None:
                rows.append((Button(t("survey-results"), data("result", survey.release_id)),))
        case _:
            assert_never(survey.state)
    return (*rows, (Button(t("back"), data("surveys")),))


@tap("survey-withdraw", on_refusal=show)
async def on_withdraw(context: Context, tap: Tap) -> Screen:
    survey = await _survey(context, tap)
    surveys.ensure_state(survey, RunState.PLANNED, now=context.now)
    return _confirmation(context, survey, "withdraw")


@tap("survey-end", on_refusal=show)
async def on_end(context: Context, tap: Tap) -> Screen:
    survey = await _survey(context, tap)
    surveys.ensure_state(survey, RunState.OPEN, now=context.now)
    return _confirmation(context, survey, "end")


def _confirmation(context: Context, survey: Survey, what: str) -> Screen:
    """Asks for confirmation. The button also has the survey's stamp: ids of withdrawn surveys are used again."""
    t = context.t
    yes = Button(t(f"survey-{what}-yes"), data(f"survey-{what}-yes", survey.id, survey.stamp))
    back = Button(t("back"), data("survey", survey.id))
    return Screen(t(f"survey-{what}-sure", name=_name(context, survey)), ((yes,), (back,)))


async def _confirmed_survey(context: Context, tap: Tap) -> Survey:
    """Raises Stale if the id belongs to another survey than when the button was drawn."""
    survey = await _survey(context, tap)
    if tap.number(1) != survey.stamp:
        raise Stale
    return survey


@tap("survey-withdraw-yes", on_refusal=show)
async def on_withdraw_yes(context: Context, tap: Tap) -> Screen:
    await surveys.withdraw(context.session, context.person, await _confirmed_survey(context, tap), now=context.now)
    return (await survey_list(context)).toasting(context.t("toast-survey-withdrawn"))


@tap("survey-end-yes", on_refusal=show)
async def on_end_yes(context: Context, tap: Tap) -> Screen:
    survey = await _confirmed_survey(context, tap)
    await surveys.end(context.session, context.person, survey, now=context.now)
    return (await show(context, tap)).toasting(context.t("toast-survey-ended"))
