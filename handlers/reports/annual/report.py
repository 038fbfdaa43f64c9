"""/report 2027: the year of the organisation in a short text, and as a publication, a workbook and pictures."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version as installed

from markupsafe import Markup

from handlers import responses
from handlers.figures import number, percent
from handlers.reports.annual.paper import report_page, report_pdf
from handlers.reports.annual.sections import until
from handlers.reports.annual.sheet import manifest_json, report_xlsx
from handlers.routes import Context, Tap, command, command_button, data, tap
from handlers.screen import Button, File, Screen
from handlers.texts import Texts
from models.errors import NotFound, Refused
from models.people.access import RoleKind
from models.reports.annual import snapshots
from models.reports.annual.forms import Part
from models.reports.annual.snapshots import Snapshot, SnapshotContent
from models.valid_figures import Rate

Make = Callable[[SnapshotContent, str, str], File]


@cache
def version() -> str:
    """The program's version."""
    return installed("koolla")


@command("report", role=RoleKind.MANAGER)
async def on_report(context: Context, line: str) -> Screen:
    """The year typed after the command, or last year."""
    await snapshots.require_reader(context.session, context.person)
    year = read_year(line) if line.strip() else context.now.astimezone(context.zone).year - 1
    return await _year_screen(context, year)


async def _year_screen(context: Context, year: int) -> Screen:
    """A year's main figures, or why there are none and a button to a year that has some."""
    take = partial(snapshots.take, version=version(), now=context.now, organisation=context.policy.organisation)
    try:
        taken = await take(context.session, year, context.zone)
    except Refused as refusal:
        return _instead(context, refusal)
    return report_screen(context, taken)


def _instead(context: Context, refusal: Refused) -> Screen:
    there = refusal.values.get("first") or refusal.values.get("this")
    ways = (Button(str(context.t("report-of", year=there)), data("report-year", int(there))),) if there else ()
    return Screen(context.refusal_text(refusal), (*((ways,) if ways else ()), (command_button(context, "help"),)))


@tap("report-year")
async def on_report_year(context: Context, tap: Tap) -> Screen:
    """Another year."""
    await snapshots.require_reader(context.session, context.person)
    return await _year_screen(context, read_year(tap.word(0)))


def read_year(line: str) -> int:
    """Reads a year from 2000 to 2199. Raises Refused for anything else."""
    if not re.fullmatch(r"2[01][0-9]{2}", line.strip(), re.ASCII):
        raise Refused("report-unread")
    return int(line)


@tap("report")
async def on_report_again(context: Context, tap: Tap) -> Screen:
    """The text again, as a new message: the button is below a file, which cannot be edited into a text."""
    return replace(report_screen(context, await _access_snapshot(context, tap)), new_message=True)


async def _access_snapshot(context: Context, tap: Tap) -> Snapshot:
    """The snapshot of a button. Raises NotFound, NotAllowed, or Refused if the button is older than it."""
    snapshot = await snapshots.access_snapshot(context.session, context.person, tap.id)
    context.reject_older_than(snapshot.made_at)
    return snapshot


def report_screen(context: Context, snapshot: Snapshot) -> Screen:
    """The main figures, with a button for each kind of file."""
    t = context.t
    files = tuple(Button(str(t(f"report-way-{way}")), data("report-file", snapshot.id, way)) for way in WAYS)
    turned = Button(t("report-way-pages"), data("report-page", snapshot.id, 0))
    rows = (files[:2], (turned, *files[2:]), (command_button(context, "digest"), command_button(context, "help")))
    return Screen(summary(t, snapshot.parsed), rows)


def summary(t: Texts, content: SnapshotContent) -> Markup:
    """The main figures in a few lines."""
    year, done = content.figures, content.figures.activity
    on_site, remote = number(done.on_site, t.language), number(done.remote, t.language)
    now = "" if year.is_over else "-now"
    named = {"named": number(done.named, t.language), "rate": percent(Rate(done.named, done.called), t.language)}
    lines = [
        t(f"report-meetings-line{now}", n=done.meetings, groups=number(done.groups, t.language)),
        t("report-attended-line", n=done.attended, on_site=on_site, remote=remote),
        t("report-people-line", n=done.people, **named),
        *([_answered(t, part) for part in year.parts if not part.response.is_empty] or [t("report-answered-none")]),
    ]
    heading, about = t("report-heading", year=str(year.year)), Markup.escape(until(t, content))
    return Markup("\n\n").join([heading, about, Markup("\n").join(lines), t(f"report-files{now}")])


def _answered(t: Texts, part: Part) -> Markup:
    """Answers after meetings count attendances, the others people: they are never added up."""
    return t(f"report-answered-{part.sort}", response=Markup(", ").join(responses.parts(t, part.response)))


@tap("report-file")
async def on_report_file(context: Context, tap: Tap) -> Screen:
    """The report as a file, in a message of its own."""
    snapshot = await _access_snapshot(context, tap)
    if tap.word(1) not in WAYS:
        raise NotFound
    content = snapshot.parsed
    text = context.t("report-here", year=str(content.figures.year), about=until(context.t, content))
    draws = partial(WAYS[tap.word(1)], content, context.language, version())
    return Screen(text, ((_back(context, snapshot),),), draws=draws, new_message=True)


def _back(context: Context, snapshot: Snapshot) -> Button:
    return Button(context.t("report-back"), data("report", snapshot.id))


@tap("report-page")
async def on_report_page(context: Context, tap: Tap) -> Screen:
    """A page as a picture. Turning edits the same message; after the last page comes the first."""
    snapshot, page = await _access_snapshot(context, tap), tap.number(1)
    content = snapshot.parsed
    turns = [Button(context.t("previous"), data("report-page", snapshot.id, page - 1, "turn"))] if page else []
    turns.append(Button(context.t("next"), data("report-page", snapshot.id, page % MOST_PAGES + 1, "turn")))
    text = context.t("report-page", year=str(content.figures.year))  # drawing tells what is on it
    draws = partial(report_page, content, context.language, version(), page)
    is_turn = len(tap.args) > 2
    return Screen(text, (tuple(turns), (_back(context, snapshot),)), draws=draws, new_message=not is_turn)


MOST_PAGES = 999
WAYS: dict[str, Make] = {"pdf": report_pdf, "xlsx": report_xlsx, "json": manifest_json}
