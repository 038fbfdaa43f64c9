"""The digest in words, short enough for one phone screen: a caption, which has 1,024 units."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup

from handlers import responses
from handlers.dates import month_title
from handlers.dates.printing import near_day_text
from handlers.figures import change, decimal, number, steps
from handlers.forms.labels import asked, ends
from handlers.layout import cut, shown_length
from handlers.reports.digest.attendance_text import attended, is_recorded, who
from handlers.reports.digest.attention import needing, reasons
from handlers.reports.digest.length_budget import BUDGETS, Budget
from handlers.results.result_text import period_name
from handlers.texts import Texts
from models.months import Month
from models.periods import Span, parse
from models.reports.funnel import Funnel
from models.reports.statements import Statement
from models.reports.statistics import Coming, DigestFigures
from models.results.aggregates import Label
from models.results.extremes import ENDS, strong_and_weak


def digest_text(t: Texts, figures: DigestFigures, *, is_ongoing: bool = False) -> Markup:
    """The digest's text: the funnel, statements, groups that need attention, quotes and coming meetings."""
    return fitting(t, figures, is_ongoing=is_ongoing)[0]


def fitting(t: Texts, figures: DigestFigures, *, is_ongoing: bool = False) -> tuple[Markup, Budget]:
    """The text in the first budget whose limit it keeps, and that budget."""
    for budget, limit in BUDGETS:
        text = Markup("\n\n").join(filter(None, _parts(t, figures, budget, is_ongoing=is_ongoing)))
        if shown_length(text) <= limit:
            break
    return text, budget


def _parts(t: Texts, figures: DigestFigures, budget: Budget, *, is_ongoing: bool) -> list[Markup]:
    what = [nothing(t, figures), _roster(t, figures.funnel) if _was(figures.funnel) else Markup("")]
    if not figures.is_empty:
        what = [_funnel(t, figures, budget), _statements(t, figures, budget)]
    return [
        Markup("\n").join(filter(None, [heading(t, figures), whose(t, figures, budget.name)])),
        *what,
        _attention(t, figures, budget),
        _highlights(t, figures, budget),
        _coming(t, figures, budget),
        t("digest-ongoing") if is_ongoing else Markup(""),
    ]


def nothing(t: Texts, figures: DigestFigures) -> Markup:
    """That nothing happened, or that there were no groups."""
    return t("digest-nothing" if _was(figures.funnel) else "digest-no-groups")


def heading(t: Texts, figures: DigestFigures) -> Markup:
    """The heading with the month or quarter."""
    period = parse(figures.period)
    key = "digest-heading" if isinstance(period, Month) else "digest-heading-quarter"
    return t(key, month=period_title(t, period))


WHOSE = 2
"""Groups named below the heading, at most."""


def whose(t: Texts, figures: DigestFigures, name: int) -> Markup:
    """The groups that the digest is of, their names in ``name`` units at most; empty for the whole organisation."""
    names = [cut(group, name) for group in figures.of or ()]
    if len(names) < 2:
        return t("digest-whose-one", names=names[0]) if names else Markup("")
    listed, more = ", ".join(names[:WHOSE]), len(names) - WHOSE
    return t("digest-whose", names=t("and-more", names=listed, n=more) if more > 0 else listed)


def period_title(t: Texts, period: Span) -> str:
    """ "maaliskuu 2027", or a quarter by its first and last month: "tammi–maaliskuu 2027"."""
    return month_title(period.year, period.month, t.language) if isinstance(period, Month) else period_name(t, period)


def since(t: Texts, figures: DigestFigures, name: str, *, has_year: bool = True) -> Markup:
    """A count of the period before and of a year ago, for those in which there were groups."""
    then = _then(figures, has_year=has_year)
    counts = {key: number(getattr(funnel, name), t.language) for key, funnel in then.items() if _was(funnel)}
    parts = [t(f"digest-since-{key}", figure=figure) for key, figure in counts.items()]
    return Markup(" ({})").format(Markup(", ").join(parts)) if parts else Markup("")


def _then(figures: DigestFigures, *, has_year: bool) -> dict[str, Funnel | None]:
    return {"before": figures.before, **({"year": figures.year_before} if has_year else {})}


def _was(funnel: Funnel | None) -> bool:
    return funnel is not None and (funnel.groups > 0 or not funnel.is_empty)


def _funnel(t: Texts, figures: DigestFigures, budget: Budget) -> Markup:
    now, shown = figures.funnel, steps(figures.funnel, t.language)
    printed = {name: step.figure for name, step in shown.items()}
    lines = [meetings(t, figures), _roster(t, now)]
    if now.meetings:
        unsent = t("digest-unsent", n=now.unsent) if now.unsent else ""
        lines.append(t("digest-invited", rate=shown["yes"].rate, unsent=unsent, **printed))
    if is_recorded(now):
        lines.append(attended(t, now, since(t, figures, "attended", has_year=budget.has_year), _who(t, now, budget)))
    if now.unrecorded:
        lines.append(t("digest-unrecorded", n=now.unrecorded))
    lines += _answered(t, figures, budget)
    if is_unchanged(figures):
        lines.append(t("digest-unchanged"))
    return Markup("\n").join(lines)


def meetings(t: Texts, figures: DigestFigures) -> Markup:
    """The line of meetings: held, held earlier, cancelled."""
    now = figures.funnel
    cancelled = t("digest-cancelled", n=now.cancelled) if now.cancelled else ""
    return t("digest-meetings", n=now.meetings, since=since(t, figures, "meetings"), cancelled=cancelled)


def is_unchanged(figures: DigestFigures) -> bool:
    """Whether every count in the text was the same in the period before."""
    return replace(figures.funnel, groups=0) == replace(figures.before, groups=0)


def _who(t: Texts, now: Funnel, budget: Budget) -> list[Markup]:
    """How many people attended, on site and remotely."""
    ways = {"on_site": number(now.on_site, t.language), "remote": number(now.remote, t.language)}
    return [*who(t, now), *([t("digest-ways", **ways)] if budget.has_ways else [])]


def _answered(t: Texts, figures: DigestFigures, budget: Budget) -> Iterator[Markup]:
    """How many answered of those asked and of those present, and which forms have too few answers to be counted."""
    now = figures.funnel.response
    has_counted = now.answered > 0 or not now.few
    if has_counted and not now.is_empty:
        earlier = _then(figures, has_year=budget.has_year)
        then = {key: funnel.response if funnel is not None else None for key, funnel in earlier.items()}
        yield t("digest-answered", response=responses.rates(t, now, then))
    if now.few:
        yield t("digest-few-answers" if has_counted else "digest-answered", response=responses.few(t, now))


def _roster(t: Texts, now: Funnel) -> Markup:
    shown = steps(now, t.language)
    roster, reachable = shown["roster"], shown["reachable"]
    return t("digest-roster", roster=roster.figure, reachable=reachable.figure, rate=reachable.rate)


def strongest_and_weakest(figures: DigestFigures, most: int = ENDS) -> tuple[Sequence[Statement], Sequence[Statement]]:
    """The strongest statements, and the weakest with the lowest first.

    Of the most common scale alone: means on different scales cannot be compared.
    """
    scales = by_scale(figures.statements)
    statements = scales[0] if scales else []
    strong, weak = strong_and_weak(len(statements), most)
    return statements[:strong], statements[len(statements) - weak :][::-1]


def by_scale(statements: Sequence[Statement]) -> list[list[Statement]]:
    """The statements by scale, the most common scale first."""
    scales: dict[object, list[Statement]] = {}
    for statement in statements:
        scales.setdefault((statement.low, statement.high, statement.low_name, statement.high_name), []).append(
            statement
        )
    return sorted(scales.values(), key=len, reverse=True)


def _statements(t: Texts, figures: DigestFigures, budget: Budget) -> Markup:
    if not figures.statements:
        return no_statements(t, figures)
    strong, weak = strongest_and_weakest(figures, budget.ends)
    low, high = (cut(end, budget.scale_end) for end in ends(t, strong[0]))
    lines = [t("digest-strongest")]
    lines += [statement(t, figures, item, budget.statement) for item in strong]
    lines += [t("digest-weakest")] if weak else []
    lines += [statement(t, figures, item, budget.statement) for item in weak]
    lines.append(Markup("<i>{}, {}</i>").format(low, high))
    lines += pooled(t, figures) if budget.has_pools else []
    return Markup("\n").join(lines)


def pooled(t: Texts, figures: DigestFigures) -> list[Markup]:
    """A line about the answers of several meetings that are among the figures; empty if there are none."""
    of = figures.pooled
    if of is None:
        return []
    key = "digest-pooled" if of.is_exact else "digest-pooled-most"
    return [t(key, answers=number(of.answers, t.language), people=number(of.people, t.language))]


def no_statements(t: Texts, figures: DigestFigures) -> Markup:
    """Why there are no means: all are withheld, or no results came. The line above says if answers were too few."""
    if figures.withheld:
        return t("digest-means-withheld")
    # None: what earlier programs froze does not say.
    return t("digest-no-results") if figures.releases == 0 and not figures.funnel.response.few else Markup("")


def has_all_statements(t: Texts, figures: DigestFigures, budget: Budget) -> bool:
    """Whether the text has every statement, none of them cut."""
    statements = [statement for statements in strongest_and_weakest(figures, budget.ends) for statement in statements]
    words = [asked(t, Label(statement.identity, statement.text)) for statement in statements]
    return len(statements) == len(figures.statements) and all(cut(label, budget.statement) == label for label in words)


def statement(t: Texts, figures: DigestFigures, statement: Statement, most: int) -> Markup:
    """A statement with its mean, its n and its change."""
    words = cut(asked(t, Label(statement.identity, statement.text)), most)
    moved = ", ".join(_moved(t, figures, statement))
    mean = decimal(statement.mean, t.language)
    return t("digest-statement", statement=words, mean=mean, change=f" ({moved})" if moved else "", n=statement.mean.n)


def _moved(t: Texts, figures: DigestFigures, statement: Statement) -> list[str]:
    """The change of a mean, and the period of the earlier one if that is not the period before."""
    moved = change(statement.mean, statement.earlier, t.language)
    if not moved or statement.earlier_month is None:
        return []
    is_before = statement.earlier_month == str(parse(figures.period).shifted(-1))
    return [moved] if is_before else [moved, period_title(t, parse(statement.earlier_month))]


def _attention(t: Texts, figures: DigestFigures, budget: Budget) -> Markup:
    needs = needing(figures)
    if not needs:
        return Markup("")
    shown = needs[: budget.groups]
    if not shown:
        return t("digest-attention-count", n=len(needs))
    lines = [t("digest-attention")]
    lines += [
        t("digest-attention-line", group=cut(name, budget.name), why=reasons(t, entries)) for name, entries in shown
    ]
    if len(needs) > len(shown):
        lines.append(t("digest-attention-more", n=len(needs) - len(shown)))
    return Markup("\n").join(lines)


def has_all_attention(figures: DigestFigures, budget: Budget) -> bool:
    """Whether the text has every group that needs attention, none of the names cut."""
    needs = needing(figures)
    return len(needs) <= budget.groups and all(cut(name, budget.name) == name for name, _ in needs)


def _highlights(t: Texts, figures: DigestFigures, budget: Budget) -> Markup:
    """The quotes from open answers."""
    quotes = [cut(quote, budget.quote) for quote in figures.highlights[: budget.quotes]]
    if not quotes:
        return Markup("")
    return Markup("\n").join([t("digest-highlights"), *(t("digest-highlight", text=quote) for quote in quotes)])


def _coming(t: Texts, figures: DigestFigures, budget: Budget) -> Markup:
    """The meetings of the next period, after those of the rest of a period that is not over."""
    period = parse(figures.period)
    lines: list[Markup] = []
    if figures.rest:
        lines += _called(t, period, len(figures.rest), figures.rest, budget)
    if figures.coming:
        lines += _called(t, period.shifted(1), figures.coming, figures.meetings, budget)
    elif _was(figures.funnel):
        lines.append(t("digest-coming-none", month=period_title(t, period.shifted(1))))
    return Markup("\n").join(lines)


def _called(t: Texts, period: Span, count: int, meetings: Sequence[Coming], budget: Budget) -> Iterator[Markup]:
    yield t("digest-coming", n=count, month=period_title(t, period))
    shown_meetings = meetings[: budget.coming]
    for meeting in shown_meetings:
        yield coming_line(t, meeting, budget.name, budget.title)
    if shown_meetings and count > len(shown_meetings):
        yield t("digest-coming-more", n=count - len(shown_meetings))


def coming_line(t: Texts, meeting: Coming, name: int, title: int) -> Markup:
    """A coming meeting, with its group's name and its title in so many units at most."""
    words = Markup(": {}").format(cut(meeting.title, title)) if meeting.title else ""
    return t(
        "digest-coming-line", group=cut(meeting.group, name), day=near_day_text(meeting.day, t.language), title=words
    )


def has_all_coming(figures: DigestFigures, budget: Budget) -> bool:
    """Whether the text has every coming meeting, none of the titles cut; or all that earlier versions froze."""
    all_meetings = (*figures.rest, *figures.meetings)
    shown = [meeting for part in (figures.rest, figures.meetings) for meeting in part[: budget.coming]]
    is_whole = all(cut(meeting.title or "", budget.title) == (meeting.title or "") for meeting in all_meetings)
    return len(figures.meetings) < figures.coming or (len(shown) == len(all_meetings) and is_whole)
