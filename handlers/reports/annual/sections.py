"""An annual report as sections of rows, from which its pages, its workbook and its manifest are made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from handlers.dates.printing import bare_day_text
from handlers.figures import decimal, number
from handlers.forms.labels import asked
from handlers.reports.annual.answers import answers
from handlers.reports.annual.method import method, questions
from handlers.reports.annual.rows import of_whole, ranges
from handlers.sections import PrintedFigure, Row, Section, count, head
from handlers.texts import Texts, texts
from models.reports.annual.annual import Annual
from models.reports.annual.changes_told import ReportedChange
from models.reports.annual.snapshots import SnapshotContent
from models.valid_figures import Mean, Rate, Share


@dataclass(frozen=True)
class Report:
    """A report in one language."""

    title: str
    organisation: str
    under: str
    """The year or the part of it that the figures cover."""
    tiles: tuple[tuple[str, str], ...]
    """The main figures: what is counted, and the count as printed."""
    sections: tuple[Section, ...]
    method: tuple[str, ...]

    @property
    def rows(self) -> Iterator[tuple[Section, Row]]:
        return ((section, row) for section in self.sections for row in section.rows)


def report(content: SnapshotContent, language: str, version: str) -> Report:
    """The report of a snapshot in a language."""
    t, year = texts(language), content.figures
    return Report(
        title=str(t("report-title", year=str(year.year))),
        organisation=year.organisation,
        under=until(t, content),
        tiles=tuple(tiles(t, year)),
        sections=tuple(_sections(t, year)),
        method=tuple(method(t, content, version)),
    )


def until(t: Texts, content: SnapshotContent) -> str:
    """Which time the figures cover: the year, or its part up to a day."""
    year, day = content.figures, content.made_at.astimezone(ZoneInfo(content.figures.zone)).date()
    key = "report-over" if year.is_over else "report-ongoing"
    return t(key, year=str(year.year), day=bare_day_text(day, t.language)).unescape()


def tiles(t: Texts, year: Annual) -> Iterator[tuple[str, str]]:
    """The main figures: what is counted, and the count as printed. People and attendances are never added up."""
    done = year.activity
    counts = {"meetings": done.meetings, "attended": done.attended, "people": done.people}
    counts |= {str(part.sort): part.response.answered for part in year.parts if part.forms}
    for key, n in counts.items():
        yield t(f"report-tile-{key}").unescape(), number(n, t.language)


def _sections(t: Texts, year: Annual) -> Iterator[Section]:
    yield _activity(t, year)
    yield _groups(t, year)
    for part in year.parts:
        yield from answers(t, part)
    yield _texts(t, year)
    yield _replies(t, year)
    if year.parts:
        yield from questions(t, year)


# What was done


def _activity(t: Texts, year: Annual) -> Section:
    done = year.activity

    def row(name: str, n: int, of: str = "", whole: Rate | None = None, source: str = "meetings") -> Row:
        figures = (count(t, "report-column-count", n), *([of_whole(t, whole, of)] if whole else []))
        along = min(Fraction(whole.part, whole.whole), Fraction(1)) if whole and whole.whole else None
        words = t(f"report-{name}" if year.is_over or name not in STANDING else f"report-{name}-now").unescape()
        return Row(name, words, figures, str(t(f"report-source-{source}")), along=along)

    invited, attended = done.invited, done.attended
    rows = [
        row("groups", done.groups, source="groups"),
        row("roster", done.roster, source="groups"),
        row("meetings", done.meetings),
        row("cancelled", done.cancelled),
        row("invited", invited, source="invitations"),
        *([row("unsent", done.unsent, source="invitations")] if done.unsent else []),
        row("yes", done.yes, "report-of-invited", Share(done.yes, invited), source="invitations"),
        row("attended", attended, source="attendances"),
        row("on-site", done.on_site, "report-of-attended", Share(done.on_site, attended), source="attendances"),
        row("remote", done.remote, "report-of-attended", Share(done.remote, attended), source="attendances"),
        # Whoever was counted without a name may not have been invited, so the rate is of the others.
        row("named", done.named, "report-of-called", Rate(done.named, done.called), source="named"),
        row("heads", done.heads, "report-of-attended", Share(done.heads, attended), source="heads"),
        row("people", done.people, source="named"),
    ]
    return Section(
        "activity",
        t("report-activity").unescape(),
        head=head(t, "report-column-what", "report-column-count", "report-column-share"),
        intro=(t("report-people-note").unescape(),),
        rows=tuple(rows),
    )


STANDING = "groups", "roster"
"""Counted at the year's end or, while the year is not over, now."""
GROUP_COLUMNS = ("meetings", "attended", "on-site", "remote", "people")


def _groups(t: Texts, year: Annual) -> Section:
    done, names = year.activity, [f"report-column-{column}" for column in GROUP_COLUMNS]

    def row(place: str, name: str, counts: Sequence[int], along: Fraction | None = None) -> Row:
        figures = tuple(count(t, column, n) for column, n in zip(names, counts, strict=True))
        return Row(place, name, figures, str(t("report-source-by-group")), along=along)

    largest = max([group.attended for group in year.groups], default=0) or 1
    rows = [
        row(
            f"group-{place}",
            t("report-archived", name=group.name).unescape() if group.is_archived else group.name,
            (group.meetings, group.attended, group.on_site, group.remote, group.people),
            Fraction(group.attended, largest),
        )
        for place, group in enumerate(year.groups, 1)
    ]
    together = (done.meetings, done.attended, done.on_site, done.remote, done.people)
    rows += [row("groups-together", t("report-together").unescape(), together)] if rows else []
    return Section(
        "groups",
        t("report-by-group").unescape(),
        head=head(t, "report-column-group", *names),
        intro=(t("report-groups-note" if rows else "report-groups-none").unescape(),),
        rows=tuple(rows),
    )


# What people said, and what was done


def _texts(t: Texts, year: Annual) -> Section:
    quotes = tuple(quote.text for quote in year.highlights)
    intro = t("report-highlights-note" if quotes else "report-highlights-none").unescape()
    return Section("highlights", t("report-highlights").unescape(), texts=quotes, intro=(intro,))


def _replies(t: Texts, year: Annual) -> Section:
    """Replies to feedback, each with the statement's figure."""
    rows = [
        _replied(t, place, change, change.mean)
        for place, change in enumerate(year.replies, 1)
        if change.mean is not None
    ]
    return Section(
        "replies",
        t("report-replies").unescape(),
        intro=(t("report-replies-note" if year.replies else "report-replies-none").unescape(),),
        rows=tuple(rows),
        pairs=tuple((change.group, _statement(t, change), change.text) for change in year.replies),
    )


def _statement(t: Texts, change: ReportedChange) -> str:
    statement, mean = asked(t, change.statement), change.mean
    if mean is None:
        return statement
    figures = {"mean": decimal(mean, t.language), "n": number(mean.n, t.language)}
    return t("report-replied", statement=statement, **figures).unescape()


def _replied(t: Texts, place: int, change: ReportedChange, mean: Mean) -> Row:
    figures = PrintedFigure(str(t("paper-mean")), decimal(mean, t.language), mean, mean.n)
    return Row(
        f"reply-{place}",
        f"{change.group}: {asked(t, change.statement)}",
        (figures, PrintedFigure("n", number(mean.n, t.language), mean.n)),
        t("report-source-question", releases=ranges(change.releases)).unescape(),
        releases=change.releases,
    )
