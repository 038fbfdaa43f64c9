"""Results of feedback: for the coordinators of the group, from what has been released and nothing else."""

from dataclasses import replace
from functools import partial

from markupsafe import Markup

from handlers.charts import results_picture
from handlers.dates import day_text
from handlers.figures import bar, decimal, percent
from handlers.form_words import asked, ends, form_name, option
from handlers.invitations import meeting_name
from handlers.routes import Context, Tap, command, data, letter, tap
from handlers.screen import Button, Screen
from handlers.start import go
from models import results
from models.access import RoleKind
from models.items import Kind
from models.outbox import Delivery
from models.outcome import Outcome, Result
from models.possible import Share
from models.results import Listed, Waiting


@command("results", role=RoleKind.COORDINATOR)
async def on_results(context: Context, line: str) -> Screen:
    return await result_list(context)


async def result_list(context: Context) -> Screen:
    """The latest forms of one's groups: open, too few, released; then what waits for more answers."""
    t = context.t
    listed = await results.latest(context.session, context.person)
    if not listed:
        return Screen(t("results-none"), ((go(context, "meetings"), go(context, "help")),))
    waiting = await results.waiting(context.session, context.person)
    lines = [t("results-heading"), *(_line(context, one) for one in listed), *(_waiting(context, w) for w in waiting)]
    rows = tuple(
        (Button(_name(context, one).unescape()[:60], data("result", one.release_id)),)
        for one in listed
        if one.release_id is not None
    )
    return Screen(Markup("\n\n").join(lines), rows)


def _name(context: Context, one: Listed) -> Markup:
    if one.pooled:
        return context.t("results-pooled", group=one.group)
    if one.meeting is None:
        return context.t("feedback-on-its-own", form=form_name(context.t, one.form), group=one.group)
    return meeting_name(context.t, one.meeting)


def _line(context: Context, one: Listed) -> Markup:
    t, name = context.t, _name(context, one)
    day = day_text(one.day.astimezone(context.zone).date(), t.language)
    if one.is_open:
        return t("results-open", name=name, day=day)
    if one.unreadable:
        return t("results-unreadable", name=name, day=day, n=one.unreadable)
    if one.release_id is None:
        return t("results-few", name=name, day=day, threshold=one.threshold)
    return t("results-released", name=name, day=day, answered=one.answered, asked=one.asked)


def _waiting(context: Context, one: Waiting) -> Markup:
    if one.only_texts:
        return context.t("results-waiting-texts", group=one.group, least=2 * one.threshold)
    return context.t("results-waiting", group=one.group, threshold=one.threshold)


@tap("results")
async def on_list(context: Context, tap: Tap) -> Screen:
    """The list; from under a picture, which cannot become it, as a new message."""
    return replace(await result_list(context), fresh=tap.args == ("new",))


@tap("result")
async def on_result(context: Context, tap: Tap) -> Screen:
    listed, found = await results.of_release(context.session, context.person, tap.id)
    picture = [Button(context.t("result-picture"), data("result-picture", tap.id))] if found.has_figures else []
    return Screen(result_text(context, listed, found), ((*picture, Button(context.t("back"), data("results"))),))


@tap("result-picture")
async def on_picture(context: Context, tap: Tap) -> Screen:
    listed, found = await results.of_release(context.session, context.person, tap.id)
    return replace(pictured(context, listed, found), fresh=True)


def pictured(context: Context, listed: Listed, found: Outcome) -> Screen:
    """A form's statements with their picture; the open answers, which may be long, are behind a button."""
    t = context.t
    draws = partial(results_picture, _name(context, listed).unescape(), found, context.language)
    texts = (
        [Button(t("result-texts-open", n=len(found.texts)), data("result", listed.release_id))] if found.texts else []
    )
    return Screen(
        result_text(context, listed, found, with_texts=False),
        (tuple(texts), (Button(t("results-all"), data("results", "new")),)),
        draws=draws if found.has_figures else None,
    )


def result_text(context: Context, listed: Listed, found: Outcome, *, with_texts: bool = True) -> Markup:
    """How many answered, each statement, and the open answers or why there are none."""
    t = context.t
    rate = percent(Share(found.answered, found.asked), t.language)
    answered = t("result-answered", answered=found.answered, asked=found.asked, rate=rate)
    lines = [Markup("<b>{}</b>\n{}").format(_name(context, listed), answered)]
    statements = [result for result in found.results if result.kind is Kind.SCALE]
    if statements:
        lines.append(Markup("\n").join(ends(t, statements[0])))
    lines += [statement_text(context, result, found.threshold) for result in statements]
    if found.texts and with_texts:
        texts = [t("result-text", text=said.text) for said in found.texts]
        lines.append(Markup("\n").join([t("result-texts", n=len(found.texts)), *texts]))
    elif found.answered < 2 * found.threshold:
        lines.append(t("result-texts-few", least=2 * found.threshold))
    return Markup("\n\n").join(lines)


def statement_text(context: Context, result: Result, threshold: int) -> Markup:
    """A statement with its mean, n, bar and distribution, or why they are not shown."""
    t = context.t
    statement = Markup.escape(asked(t, result.words))
    if result.mean is None:
        return Markup("\n").join([statement, t(f"withheld-{result.withheld}", threshold=threshold, n=result.n or 0)])
    figures = t("chart-n", n=result.mean.n)
    mean = decimal(result.mean, t.language)
    shown = t("result-statement", statement=statement, mean=mean, figures=figures, bar=bar(result.mean))
    if not result.spread:
        return shown
    counts = " · ".join(f"{option(t, one.words, one.value)}: {one.people}" for one in result.spread)
    return Markup("\n").join([shown, t("result-distribution", counts=counts)])


@letter("results", stands="results")
async def results_letter(context: Context, delivery: Delivery) -> Screen:
    return pictured(context, *await results.of_release(context.session, context.person, delivery.subject))
