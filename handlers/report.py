"""/report 2027: the year of the organisation in a short text, and as a publication, a workbook and pictures."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version as installed

from markupsafe import Markup

from handlers.charts import Inputs
from handlers.figures import number, percent
from handlers.report_rows import Row, Section
from handlers.report_sheet import file_name, manifest_json, report_xlsx
from handlers.report_words import report, until
from handlers.routes import Context, Tap, command, data, tap
from handlers.screen import Button, File, Screen
from handlers.start import go
from handlers.texts import Texts, texts
from handlers.typesetting import MARK, pages, pdf, settable, unknown
from models import snapshots
from models.access import RoleKind
from models.annual import Annual
from models.errors import NotFound, Refused
from models.possible import Rate, Share
from models.snapshots import Kept, Snapshot

Make = Callable[[Kept, str, str], File]


@cache
def version() -> str:
    """The program's."""
    return installed("koolla")


@command("report", role=RoleKind.MANAGER)
async def on_report(context: Context, line: str) -> Screen:
    """The year in the line; without one, the last."""
    await snapshots.demand(context.session, context.person)
    year = read_year(line) if line.strip() else context.now.astimezone(context.zone).year - 1
    taken = await snapshots.take(context.session, year, context.zone, version=version(), now=context.now)
    return report_screen(context, taken)


def read_year(line: str) -> int:
    """Reads a year of this millennium's beginning; whatever else is no year of a report."""
    if not re.fullmatch(r"2[01][0-9]{2}", line.strip(), re.ASCII):
        raise Refused("report-unread")
    return int(line)


@tap("report")
async def on_report_again(context: Context, tap: Tap) -> Screen:
    """The text again; from under a file, which cannot become it, as a new message."""
    return replace(report_screen(context, await _snapshot(context, tap)), fresh=True)


async def _snapshot(context: Context, tap: Tap) -> Snapshot:
    """The gate of every button of a report."""
    snapshot = await snapshots.of(context.session, context.person, tap.id)
    context.must_be_of(snapshot.made_at)
    return snapshot


def report_screen(context: Context, snapshot: Snapshot) -> Screen:
    """The main figures, with what can be made of them."""
    t = context.t
    files = tuple(Button(str(t(f"report-way-{way}")), data("report-file", snapshot.id, way)) for way in WAYS)
    turned = Button(t("report-way-pages"), data("report-page", snapshot.id, 0))
    rows = (files[:2], (turned, *files[2:]), (go(context, "digest"), go(context, "help")))
    return Screen(summary(t, snapshot.kept), rows)


def summary(t: Texts, kept: Kept) -> Markup:
    """The main figures in a few lines."""
    year, done = kept.figures, kept.figures.activity
    lines = [
        t("report-meetings-line", n=done.meetings, groups=number(done.groups, t.language)),
        t(
            "report-attended-line",
            n=done.attended,
            rate=percent(Rate(done.attended, done.invited), t.language),
            on_site=number(done.on_site, t.language),
            remote=number(done.remote, t.language),
        ),
        t("report-people-line", n=done.people, named=number(done.named, t.language)),
        _answered(t, year),
    ]
    heading, about = t("report-heading", year=str(year.year)), Markup.escape(until(t, kept))
    return Markup("\n\n").join([heading, about, Markup("\n").join(lines), t("report-files")])


def _answered(t: Texts, year: Annual) -> Markup:
    if not year.asked:
        return t("report-answered-none")
    rate = percent(Share(year.answered, year.asked), t.language)
    return t("report-answered-line", n=year.answered, asked=number(year.asked, t.language), rate=rate)


@tap("report-file")
async def on_report_file(context: Context, tap: Tap) -> Screen:
    """The report as a file, in a message of its own."""
    snapshot = await _snapshot(context, tap)
    if tap.word(1) not in WAYS:
        raise NotFound
    kept = snapshot.kept
    text = context.t("report-here", year=str(kept.figures.year), about=until(context.t, kept))
    draws = partial(WAYS[tap.word(1)], kept, context.language, version())
    return Screen(text, ((_back(context, snapshot),),), draws=draws, fresh=True)


def _back(context: Context, snapshot: Snapshot) -> Button:
    return Button(context.t("report-back"), data("report", snapshot.id))


@tap("report-page")
async def on_report_page(context: Context, tap: Tap) -> Screen:
    """A page as a picture; from one page to the next in place, and after the last the first again."""
    snapshot, page = await _snapshot(context, tap), tap.number(1)
    kept = snapshot.kept
    turns = [Button(context.t("previous"), data("report-page", snapshot.id, page - 1, "turn"))] if page else []
    turns.append(Button(context.t("next"), data("report-page", snapshot.id, page % MOST_PAGES + 1, "turn")))
    text = context.t("report-page", year=str(kept.figures.year))
    draws = partial(report_page, kept, context.language, version(), page)
    is_turn = len(tap.args) > 2
    return Screen(text, (tuple(turns), (_back(context, snapshot),)), draws=draws, fresh=not is_turn)


MOST_PAGES = 999


def report_pdf(kept: Kept, language: str, drawn_with: str) -> File:
    """The report on A4: tagged as PDF/UA-1 asks, and from the same snapshot the same bytes each time."""
    inputs = report_inputs(kept, language, drawn_with)
    return File(f"{file_name(kept, language)}.pdf", pdf("report", inputs, at=kept.made_at))


def report_pages(kept: Kept, language: str, drawn_with: str) -> list[File]:
    """Each page of the report as a picture."""
    drawn = pages("report", report_inputs(kept, language, drawn_with), at=kept.made_at)
    name = file_name(kept, language)
    return [File(f"{name}-{number}.png", one, is_picture=True) for number, one in enumerate(drawn, 1)]


def report_page(kept: Kept, language: str, drawn_with: str, page: int) -> File:
    """One page as a picture, counted on from the first after the last: how many there are only drawing tells."""
    drawn = report_pages(kept, language, drawn_with)
    return drawn[page % len(drawn)]


WAYS: dict[str, Make] = {"pdf": report_pdf, "xlsx": report_xlsx, "json": manifest_json}


def report_inputs(kept: Kept, language: str, drawn_with: str) -> Inputs:
    """What the pages show: every figure as printed, every bar as a share of its length."""
    t, made = texts(language), report(kept, language, drawn_with)
    told = {
        "title": made.title,
        "under": made.under,
        "tiles": made.tiles,
        "sections": [_section(one) for one in made.sections],
    }
    lacking = unknown(told)
    how = [*made.method, *([str(t("paper-method-missing", mark=MARK))] if lacking else [])]
    names = {name: str(t(f"report-{name}")) for name in ("contents", "method")}
    return {**settable(told, lacking), "names": names, "language": language, "how": how}


def _section(one: Section) -> Inputs:
    return {
        "level": one.level,
        "heading": one.heading,
        "head": one.head,
        "lead": one.lead,
        "rows": [_row(row) for row in one.rows],
        "texts": one.texts,
        "pairs": one.pairs,
        "notes": one.notes,
        "breaks": one.key in LONG,
    }


LONG = "groups", "questions"
"""Tables that may go on over a page's end."""


def _row(row: Row) -> Inputs:
    return {
        "label": row.label,
        "figures": [figure.printed for figure in row.figures],
        "along": None if row.along is None else float(row.along),
        "points": row.points,
        "notes": row.notes,
    }
