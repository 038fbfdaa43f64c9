"""Results of feedback: for the coordinators of the group, from what has been released and nothing else."""

from markupsafe import Markup

from handlers.dates import day_text
from handlers.figures import bar, decimal, percent
from handlers.invitations import meeting_name
from handlers.routes import Context, Tap, command, data, letter, tap
from handlers.screen import Button, Screen
from models import results
from models.outbox import Delivery
from models.results import Listed
from models.statistics import Result, Results


@command("results")
async def on_results(context: Context, line: str) -> Screen:
    return await result_list(context)


async def result_list(context: Context) -> Screen:
    """The latest forms of one's groups: open, waiting for more answers, released."""
    t = context.t
    listed = await results.latest(context.session, context.person)
    if not listed:
        return Screen(t("results-none"))
    lines = [t("results-heading")] + [_line(context, one) for one in listed]
    rows = tuple(
        (Button(_label(context, one), data("result", one.release_id)),) for one in listed if one.release_id is not None
    )
    return Screen(Markup("\n\n").join(lines), rows)


def _label(context: Context, one: Listed) -> str:
    name = meeting_name(context.t, one.meeting) if one.meeting else context.t("results-pooled", group=one.group)
    return name.unescape()[:60] if isinstance(name, str) else name


def _line(context: Context, one: Listed) -> Markup:
    t = context.t
    name = t("results-pooled", group=one.group) if one.meeting is None else meeting_name(t, one.meeting)
    day = day_text(one.day.astimezone(context.zone).date(), t.language)
    if one.is_open:
        return t("results-open", name=name, day=day)
    if one.release_id is None:
        return t("results-few", name=name, day=day, threshold=one.threshold)
    return t("results-released", name=name, day=day, answered=one.answered, asked=one.asked)


@tap("results")
async def on_list(context: Context, tap: Tap) -> Screen:
    return await result_list(context)


@tap("result")
async def on_result(context: Context, tap: Tap) -> Screen:
    listed, found = await results.of_release(context.session, context.person, tap.id)
    return result_screen(context, listed, found)


def result_screen(context: Context, listed: Listed, found: Results) -> Screen:
    t = context.t
    name = t("results-pooled", group=listed.group) if listed.meeting is None else meeting_name(t, listed.meeting)
    rate = percent(found.answered, found.asked, t.language)
    lines = [t("result-heading", name=name, answered=found.answered, asked=found.asked, rate=rate)]
    lines += [statement_text(context, result, found.threshold) for result in found.results]
    if found.texts:
        lines.append(t("result-texts", n=len(found.texts)))
        lines += [t("result-text", text=text) for text in found.texts]
    elif found.answered < 2 * found.threshold:
        lines.append(t("result-texts-few", least=2 * found.threshold))
    return Screen(Markup("\n\n").join(lines), ((Button(t("back"), data("results")),),))


def statement_text(context: Context, result: Result, threshold: int) -> Markup:
    """A statement with its mean, n, bar and distribution, or why they are not shown."""
    t = context.t
    statement = t(f"statement-{result.identity}")
    if result.mean is None:
        return t(f"result-withheld-{result.withheld}", statement=statement, threshold=threshold, n=result.n or 0)
    mean = decimal(result.mean.value, t.language)
    shown = t("result-statement", statement=statement, mean=mean, n=result.mean.n, bar=bar(result.mean))
    if not result.distribution:
        return shown
    counts = " · ".join(f"{value}: {chosen}" for value, chosen in result.distribution)
    return Markup("\n").join([shown, t("result-distribution", counts=counts)])


@letter("results", stands="results")
async def results_letter(context: Context, delivery: Delivery) -> Screen:
    listed, found = await results.of_release(context.session, context.person, delivery.subject)
    return result_screen(context, listed, found)
