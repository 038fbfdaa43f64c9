"""The digest's figures as xlsx, exact: the funnel with its comparisons, groups, meetings, statements, months."""

from datetime import datetime

from handlers import responses
from handlers.figures import WHOLES, count_of
from handlers.forms.labels import asked, ends
from handlers.reports.digest.text import heading, period_title, pooled
from handlers.screen import File
from handlers.texts import Texts, texts
from handlers.workbook import CellValue, Sheet, workbook
from models.periods import parse
from models.reports.funnel import Flow, Funnel
from models.reports.statistics import DigestFigures
from models.results.aggregates import Label
from models.valid_figures import Rate

FUNNEL_COLUMNS = (
    "meetings",
    "cancelled",
    "groups",
    "roster",
    "reachable",
    "invited",
    "unsent",
    "yes",
    "attended",
    "on_site",
    "remote",
    "heads",
    "named",
    "people",
    "asked",
    "answered_of_asked",
    "present",
    "answered_of_present",
    "few",
    "few_asked",
)
RESPONSE = ("asked", "answered_of_asked", "present", "answered_of_present")
FLOWS = (
    *("meetings", "cancelled", "invited", "unsent", "yes", "attended", "heads", "named", "people"),
    *RESPONSE,
    *("few", "few_asked"),
)
OF_A_MEETING = ("invited", "unsent", "yes", "on_site", "remote", "heads", "named", *RESPONSE)
RATES = ("yes", "named", "answered_of_asked", "answered_of_present")
Lines = list[list[CellValue]]


def digest_xlsx(figures: DigestFigures, language: str, at: datetime) -> File:
    """A workbook made ``at`` a moment. Takes tenths of a second: call it in a thread."""
    t = texts(language)
    sheets = (
        Sheet(str(t("sheet-funnel")), _funnel(t, figures), (44, 14, 14, 14, 14, 24)),
        Sheet(str(t("sheet-groups")), _groups(t, figures), (44, *[14] * 15)),
        Sheet(str(t("sheet-held")), _meetings(t, figures), (12, 44, 44, *[14] * 15)),
        Sheet(str(t("sheet-statements")), _statements(t, figures), (60, 10, 10, 12, 24, 30, 30)),
        Sheet(str(t("sheet-months")), _months(t, figures), (14, *[14] * 15)),
    )
    name = f"{t('digest-file-name')}-{figures.period}.xlsx"
    return workbook(name, sheets, language, at=at, title=heading(t, figures).striptags())


def _funnel(t: Texts, figures: DigestFigures) -> Lines:
    period = parse(figures.period)
    then: list[Funnel | None] = [figures.funnel, figures.before, figures.year_before]
    titles = [period_title(t, span) for span in (period, period.shifted(-1), period.year_before)]
    whose = t("digest-whose", names=", ".join(figures.of)).unescape() if figures.of else str(t("sheet-funnel"))
    lines: Lines = [[whose, *titles, str(t("sheet-rate")), str(t("sheet-of"))]]
    for name in FUNNEL_COLUMNS:
        rate, of = _rate(t, figures.funnel, name)
        counts: list[CellValue] = [count_of(funnel, name) if funnel is not None else None for funnel in then]
        lines.append([str(t(f"sheet-{name}")), *counts, rate, of])
    return lines


def _rate(t: Texts, flow: Flow, name: str) -> tuple[Rate | None, str]:
    """A step's rate and the name of the step that it is a share of."""
    whole = WHOLES.get(name)
    if whole is None or not count_of(flow, whole):
        return None, ""
    return Rate(count_of(flow, name), count_of(flow, whole)), str(t(f"sheet-{whole}"))


def _groups(t: Texts, figures: DigestFigures) -> Lines:
    lines: Lines = [[str(t("sheet-group")), *(str(t(f"sheet-{name}")) for name in FLOWS)]]
    for group in figures.groups or ():
        counts: list[CellValue] = [count_of(group.flow, name) for name in FLOWS]
        lines.append([group.group, *counts])
    return lines


def _meetings(t: Texts, figures: DigestFigures) -> Lines:
    """The meetings held, with the answers to their own forms once these have closed."""
    rates = [str(t(f"sheet-{name}-rate")) for name in RATES]
    about = [str(t(f"sheet-{name}")) for name in ("day", "group", "title")]
    lines: Lines = [[*about, *(str(t(f"sheet-{name}")) for name in OF_A_MEETING), *rates]]
    for meeting in figures.held or ():
        counts = [_of_meeting(t, meeting.flow, name) for name in OF_A_MEETING]
        shares: list[CellValue] = [_rate(t, meeting.flow, name)[0] for name in RATES]
        lines.append([meeting.day.isoformat(), meeting.group, meeting.title, *counts, *shares])
    return lines


def _of_meeting(t: Texts, flow: Flow, name: str) -> CellValue:
    """A count of one meeting. If its form has too few answers, it says so in place of their number."""
    if not flow.response.few or name not in RESPONSE:
        return count_of(flow, name)
    few: dict[str, CellValue] = {
        "asked": flow.response.few_asked,
        "answered_of_asked": responses.fewer(t, flow.response.below).unescape(),
    }
    return few.get(name)


def _statements(t: Texts, figures: DigestFigures) -> Lines:
    names = ("statement", "mean", "n", "earlier", "earlier-period", "low", "high")
    lines: Lines = [[str(t(f"sheet-{name}")) for name in names]]
    for statement in figures.statements:
        before = period_title(t, parse(statement.earlier_month)) if statement.earlier_month else ""
        words = asked(t, Label(statement.identity, statement.text))
        lines.append([words, statement.mean, statement.mean.n, statement.earlier, before, *ends(t, statement)])
    lines += [[line.unescape()] for line in pooled(t, figures)]
    return lines


def _months(t: Texts, figures: DigestFigures) -> Lines:
    lines: Lines = [[str(t("sheet-month")), *(str(t(f"sheet-{name}")) for name in FLOWS)]]
    for month in figures.months or ():
        counts: list[CellValue] = [count_of(month.flow, name) for name in FLOWS]
        lines.append([month.month, *counts])
    return lines
