"""Forms sent on their own: the list, and each with its counts; a planned one can be taken back, an open one ended."""

from datetime import datetime

from markupsafe import Markup

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
    """What is to come, what is open, what was; each behind a button."""
    t = context.t
    found = await surveys.listed(context.session, context.person)
    forms = Button(t("survey-forms"), data("forms"))
    if not found:
        return Screen(t("surveys-none"), ((forms,),))
    lines = [t("surveys-heading"), *(_line(context, one) for one in found)]
    rows = tuple((Button(_name(context, one).unescape()[:60], data("survey", one.id)),) for one in found[:80])
    return Screen(Markup("\n\n").join(lines), (*rows, (forms,)))


def _line(context: Context, one: Survey) -> Markup:
    t, name = context.t, _name(context, one)
    opens, closes = _moment(context, one.timing.opens_at), _moment(context, one.timing.closes_at)
    if one.state is RunState.PLANNED:
        return t("surveys-planned", name=name, when=opens)
    return t("surveys-open" if one.state is RunState.OPEN else "surveys-closed", name=name, when=closes)


async def _survey(context: Context, tap: Tap) -> Survey:
    return await surveys.survey_to_run(context.session, context.person, tap.id)


@tap("survey", on_refusal=on_list)
async def on_survey(context: Context, tap: Tap) -> Screen:
    return survey_screen(context, await _survey(context, tap))


async def show(context: Context, tap: Tap) -> Screen:
    """The fresh page, whatever was refused."""
    return survey_screen(context, await _survey(context, tap))


def survey_screen(context: Context, survey: Survey) -> Screen:
    """A survey with its times and counts; what can be done with it."""
    t = context.t
    lines = [
        Markup("<b>{}</b>\n{}").format(_name(context, survey), _state(context, survey)),
        Markup("\n").join([*_counts(context, survey), *_reminders(context, survey)]),
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
    if survey.state is RunState.PLANNED:
        return [t("survey-would-ask", n=survey.asked)]
    lines = [t("survey-asked", n=survey.asked)]
    if survey.answered is None:
        return [*lines, t("survey-few", threshold=survey.threshold)]
    return [*lines, t("survey-answered", n=survey.answered)]


def _reminders(context: Context, survey: Survey) -> list[Markup]:
    """When each reminder leaves, or that it has left."""
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
    if survey.state is RunState.PLANNED:
        rows.append((Button(t("survey-withdraw"), data("survey-withdraw", survey.id)),))
    elif survey.state is RunState.OPEN:
        end = () if _is_over(context, survey) else (Button(t("survey-end"), data("survey-end", survey.id)),)
        rows.append((Button(t("refresh"), data("survey", survey.id)), *end))
    elif survey.release_id is not None:
        rows.append((Button(t("survey-results"), data("result", survey.release_id)),))
    return (*rows, (Button(t("back"), data("surveys")),))


@tap("survey-withdraw", on_refusal=show)
async def on_withdraw(context: Context, tap: Tap) -> Screen:
    """Asks once more."""
    survey = await _survey(context, tap)
    surveys.must_be(survey, RunState.PLANNED, now=context.now)
    return _sure(context, survey, "withdraw")


@tap("survey-end", on_refusal=show)
async def on_end(context: Context, tap: Tap) -> Screen:
    """Asks once more."""
    survey = await _survey(context, tap)
    surveys.must_be(survey, RunState.OPEN, now=context.now)
    return _sure(context, survey, "end")


def _sure(context: Context, survey: Survey, what: str) -> Screen:
    """The button names the survey by its stamp too: a number is given anew when a survey was withdrawn."""
    t = context.t
    yes = Button(t(f"survey-{what}-yes"), data(f"survey-{what}-yes", survey.id, survey.stamp))
    back = Button(t("back"), data("survey", survey.id))
    return Screen(t(f"survey-{what}-sure", name=_name(context, survey)), ((yes,), (back,)))


async def _same(context: Context, tap: Tap) -> Survey:
    survey = await _survey(context, tap)
    if tap.number(1) != survey.stamp:
        raise Stale
    return survey


@tap("survey-withdraw-yes", on_refusal=show)
async def on_withdraw_yes(context: Context, tap: Tap) -> Screen:
    await surveys.withdraw(context.session, context.person, await _same(context, tap), now=context.now)
    return (await survey_list(context)).toasting(context.t("toast-survey-withdrawn"))


@tap("survey-end-yes", on_refusal=show)
async def on_end_yes(context: Context, tap: Tap) -> Screen:
    survey = await _same(context, tap)
    await surveys.end(context.session, context.person, survey, now=context.now)
    return (await show(context, tap)).toasting(context.t("toast-survey-ended"))
