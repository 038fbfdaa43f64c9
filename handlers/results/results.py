"""/results: the released results of feedback, for the group's coordinators."""

from dataclasses import replace
from functools import partial

from markupsafe import Markup

from handlers import responses
from handlers.dates import day_text
from handlers.dates.printing import bare_day_text
from handlers.forms.labels import asked
from handlers.layout import cut, headed_pages
from handlers.paging import page_number, turns
from handlers.results.papers import paper_buttons
from handlers.results.result_charts import pages_of, results_picture
from handlers.results.result_text import blocks, group_means, head, listed_name, texts_note, view_name
from handlers.routes import Context, Tap, command, command_button, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from models.errors import NotFound
from models.people import access
from models.people.access import RoleKind
from models.results import result_views, results
from models.results.aggregates import Result
from models.results.result_views import View
from models.results.results import ListedResult, WaitingPool

Rows = tuple[tuple[Button, ...], ...]
LABEL = 60


@command("results", role=RoleKind.COORDINATOR)
async def on_results(context: Context, line: str) -> Screen:
    return await result_list(context)


async def result_list(context: Context, number: int = 0) -> Screen:
    """The forms of the person's groups, newest first: open, with too few answers, released.

    The first page also lists answers that wait for more.
    """
    t = context.t
    page = await results.latest(context.session, context.person, number)
    if not page.listed:
        return await _nothing(context)
    lines = [t("results-heading"), *(_result_line(context, listed) for listed in page.listed)]
    if not page.number:
        lines += [_pool_line(context, pool) for pool in await results.waiting_pools(context.session, context.person)]
    rows: list[tuple[Button, ...]] = [(button,) for listed in page.listed if (button := _button(context, listed))]
    rows.append(turns(t, "results", number=page.number, has_more=page.has_more))
    if await result_views.groups_with_results(context.session, context.person):
        rows.append((Button(t("summary-open"), data("periods")),))
    return Screen(Markup("\n\n").join(lines), tuple(rows))


async def _nothing(context: Context) -> Screen:
    """Why the list is empty, by role: coordinators, managers, members."""
    t, held = context.t, {role.kind for role in await access.roles(context.session, context.person.id)}
    if held & {RoleKind.COORDINATOR, RoleKind.ADMINISTRATOR}:
        return Screen(t("results-none"), ((command_button(context, "meetings"), command_button(context, "help")),))
    if RoleKind.MANAGER in held:
        return Screen(
            t("results-for-managers"), ((command_button(context, "digest"), command_button(context, "help")),)
        )
    return Screen(
        t("results-for-members"), ((command_button(context, "meetings"), command_button(context, "privacy")),)
    )


def _result_line(context: Context, listed: ListedResult) -> Markup:
    t, name = context.t, listed_name(context.t, listed)
    day = day_text(listed.day.astimezone(context.zone).date(), t.language)
    if listed.progress is not None:
        so_far = responses.progress(t, listed.progress, listed.threshold)
        return t("results-open", name=name, day=day, progress=so_far)
    if listed.unreadable:
        return t("results-unreadable", name=name, day=day)
    if listed.is_destroyed:
        return t("results-destroyed", name=name, day=day)
    if listed.pooled and listed.people is not None:
        answered = listed.response.answered
        return t("results-released-pooled", name=name, day=day, answered=answered, people=listed.people)
    if listed.release_id is not None:
        key = "results-released"
    else:
        key = "results-few-named" if listed.named else "results-few"
    return t(key, name=name, day=day, response=responses.of_one_form(t, listed.response))


def _pool_line(context: Context, pool: WaitingPool) -> Markup:
    if pool.only_texts:
        return context.t("results-waiting-texts", group=pool.group, least=2 * pool.threshold)
    return context.t("results-waiting", group=pool.group, threshold=pool.threshold)


def _button(context: Context, listed: ListedResult) -> Button | None:
    """Leads to a form's results, or to the names if a form with names had too few answers for figures."""
    day = bare_day_text(listed.day.astimezone(context.zone).date(), context.language)
    name = listed_name(context.t, listed).unescape()
    label = f"{cut(name, LABEL - len(day) - 1)} {day}"
    if listed.release_id is not None:
        return Button(label, data("result", listed.release_id))
    return (
        Button(label, data("named", listed.run_id)) if listed.named and not listed.is_open and listed.run_id else None
    )


def page_screen(context: Context, pages: list[Markup], tap: Tap, at: int, buttons: Rows = ()) -> Screen:
    """One of several pages, with the buttons to its neighbours; ``at`` is where a button's data has the number."""
    number = min(page_number(tap, at), len(pages) - 1)
    row = turns(context.t, tap.name, *tap.args[:at], number=number, has_more=number < len(pages) - 1)
    return Screen(pages[number], (row, *buttons))


@tap("results")
async def on_list(context: Context, tap: Tap) -> Screen:
    """The list, as a new message if the button is below a picture, which cannot be edited into a text."""
    if tap.args == ("new",):
        return replace(await result_list(context), new_message=True)
    return await result_list(context, page_number(tap, 0))


async def access_view(context: Context, tap: Tap, at: int = 0) -> View:
    """The results that a button's address names. Raises NotFound unless the person coordinates the group."""
    return await result_views.access_view(context.session, context.person, tap.word(at), context.zone)


def question_of(view: View, tap: Tap, at: int = 1) -> Result:
    """The question in a button, if it has been answered in this view."""
    return view.result(tap.number(at))


@tap("result")
async def on_result(context: Context, tap: Tap) -> Screen:
    return await result_screen(context, tap)


async def result_screen(context: Context, tap: Tap) -> Screen:
    """All questions of a release or period, in pages if the text is long."""
    view = await access_view(context, tap)
    back = data("results") if view.listed else data("periods", view.group_id)
    picture = [Button(context.t("result-picture"), data("result-picture", view.address))]
    files = paper_buttons(view.listed.release_id) if view.listed and view.listed.release_id else ()
    rows = (
        *_ways(context, view),
        files,
        (*(picture if view.aggregate.has_figures else []), Button(context.t("back"), back)),
    )
    parts = blocks(context.t, view, context.zone)
    pages = headed_pages(head(context.t, view), view_name(context.t, view), parts)
    return page_screen(context, pages, tap, 1, rows)


def _ways(context: Context, view: View) -> Rows:
    """Buttons from a view to its open answers, means by background, replies and names."""
    t, aggregate = context.t, view.aggregate
    with_texts = [result for result in aggregate.results if result.texts]
    rows = [
        (
            Button(
                _texts_label(context, result, alone=len(with_texts) == 1),
                data("result-texts", view.address, result.question_id),
            ),
        )
        for result in with_texts
    ]
    parted = [result for result in aggregate.results if any(group.means for group in result.groups)]
    rows += [
        (
            Button(
                t("result-means", background=_short(context, result)),
                data("result-means", view.address, result.question_id),
            ),
        )
        for result in parted
    ]
    if view.listed is not None and any(result.mean is not None for result in aggregate.results):
        rows.append((Button(t("replies-open"), data("replies", view.listed.release_id)),))
    if view.listed is not None and view.listed.named and view.listed.run_id is not None:
        rows.append((Button(t("named-open"), data("named", view.listed.run_id)),))
    return tuple(rows)


def _texts_label(context: Context, result: Result, *, alone: bool) -> str:
    n = len(result.texts)
    if alone and result.kind.is_typed:
        return context.t("result-texts-open", n=n).unescape()
    return context.t("result-texts-of", question=_short(context, result), n=n).unescape()


def _short(context: Context, result: Result) -> str:
    return cut(asked(context.t, result.words), 40)


@tap("result-means")
async def on_means(context: Context, tap: Tap) -> Screen:
    """The mean of each statement by group of respondents."""
    view = await access_view(context, tap)
    background = question_of(view, tap)
    parts = group_means(context.t, view, background)
    if not parts:
        raise NotFound
    name = context.t(
        "result-means-heading", name=view_name(context.t, view), background=asked(context.t, background.words)
    )
    pages = headed_pages(Markup("<b>{}</b>").format(name), name, parts)
    return page_screen(context, pages, tap, 2, ((Button(context.t("back"), data("result", view.address)),),))


@tap("result-picture")
async def on_picture(context: Context, tap: Tap) -> Screen:
    """A picture. Turning to the next one edits the same message."""
    screen = pictured(context, await access_view(context, tap), page_number(tap, 1))
    return replace(screen, new_message=len(tap.args) == 1)


def pictured(context: Context, view: View, page: int = 0) -> Screen:
    """A few questions with their picture. Open answers may be long and are behind buttons."""
    t, pages = context.t, pages_of(context.t, view.aggregate)
    page = max(0, min(page, len(pages) - 1))
    shown = pages[page] if pages else []
    is_last = page >= len(pages) - 1
    undrawn = [result for result in view.aggregate.results if not result.is_drawn] if is_last else []
    parts = blocks(t, view, context.zone, [*shown, *undrawn])
    note = texts_note(t, view.aggregate) if is_last else Markup("")
    text = Markup("\n\n").join(part for part in (head(t, view), *parts, note) if part)
    row = turns(t, "result-picture", view.address, number=page, has_more=not is_last)
    ways = (*(_ways(context, view) if is_last else ()), (Button(t("results-all"), data("results", "new")),))
    draws = partial(results_picture, view, page, context.language, context.zone)
    return Screen(text, (row, *ways), draws=draws if pages else None)


@renders(DeliveryKind.RESULTS)
async def render_results(context: Context, delivery: Delivery) -> Screen:
    view = await result_views.access_view(context.session, context.person, str(delivery.subject), context.zone)
    return pictured(context, view)
