"""The digest in words, short enough for one phone screen: a caption of `AIM` units if it can be, of 1,024 always."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from markupsafe import Markup

from handlers.dates import month_title
from handlers.dates.printing import bare_day_text, near_day_text
from handlers.digest_rooms import AIM, ENDS, FOR_THE_AIM, ROOMS, Room, at_words
from handlers.figures import change, decimal, number, percent, steps
from handlers.form_words import asked, ends
from handlers.result_text import period_name, shown_size
from handlers.screen import CAPTION_LENGTH
from handlers.texts import Texts
from models.attention import Attention, Reason
from models.funnel import Flow, Funnel
from models.groups import in_order
from models.months import Month
from models.outcome import Words
from models.periods import Span, parse
from models.possible import Share
from models.statistics import MonthFigures, Statement


def digest_text(t: Texts, figures: MonthFigures, *, is_ongoing: bool = False) -> Markup:
    """What happened, what was said of it, who needs attention and what comes, as far as there is room."""
    told = Markup("")
    for most, rooms in ((AIM, ROOMS[:FOR_THE_AIM]), (CAPTION_LENGTH, ROOMS[FOR_THE_AIM - 1 :])):
        for room in rooms:
            told = Markup("\n\n").join(filter(None, _parts(t, figures, room, is_ongoing=is_ongoing)))
            if shown_size(told) <= most:
                return told
    return told


def _parts(t: Texts, figures: MonthFigures, room: Room, *, is_ongoing: bool) -> list[Markup]:
    what = [nothing(t, figures), _roster(t, figures.funnel) if _was(figures.funnel) else Markup("")]
    if not figures.is_empty:
        what = [_funnel(t, figures, room), _statements(t, figures, room)]
    return [
        Markup("\n").join(filter(None, [heading(t, figures), whose(t, figures, room.name)])),
        *what,
        _attention(t, figures, room),
        _highlights(t, figures, room),
        _coming(t, figures, room) if figures.coming or _was(figures.funnel) else Markup(""),
        t("digest-ongoing") if is_ongoing else Markup(""),
    ]


def nothing(t: Texts, figures: MonthFigures) -> Markup:
    """That nothing happened; before the first group and after the last, that there was none."""
    return t("digest-nothing" if _was(figures.funnel) else "digest-no-groups")


def heading(t: Texts, figures: MonthFigures) -> Markup:
    """What it is a digest of."""
    period = parse(figures.month)
    key = "digest-heading" if isinstance(period, Month) else "digest-heading-quarter"
    return t(key, month=period_title(t, period))


WHOSE = 2
"""Groups that stand by name under the heading."""


def whose(t: Texts, figures: MonthFigures, name: int) -> Markup:
    """Which groups it is of, the first by names of so many units; of the organisation nothing."""
    names = [at_words(one, name) for one in figures.of or ()]
    if len(names) < 2:
        return t("digest-whose-one", names=names[0]) if names else Markup("")
    told, more = ", ".join(names[:WHOSE]), len(names) - WHOSE
    return t("digest-whose", names=t("and-more", names=told, n=more) if more > 0 else told)


def period_title(t: Texts, period: Span) -> str:
    """ "maaliskuu 2027", or a quarter by its first and last month."""
    return month_title(period.year, period.month, t.language) if isinstance(period, Month) else period_name(t, period)


def since(t: Texts, figures: MonthFigures, name: str) -> Markup:
    """The same count in the period before and a year ago, as far as there were groups then."""
    then = {"before": figures.before, "year": figures.year_before}
    told = {key: number(getattr(one, name), t.language) for key, one in then.items() if _was(one)}
    return _since(t, told)


def _was(one: Funnel | None) -> bool:
    return one is not None and (one.groups > 0 or not one.is_empty)


def _since(t: Texts, told: dict[str, str]) -> Markup:
    parts = [t(f"digest-since-{key}", figure=figure) for key, figure in told.items()]
    return Markup(" ({})").format(Markup(", ").join(parts)) if parts else Markup("")


def _funnel(t: Texts, figures: MonthFigures, room: Room) -> Markup:
    now, shown = figures.funnel, steps(figures.funnel, t.language)
    printed = {name: step.figure for name, step in shown.items()}
    lines = [meetings(t, figures), _roster(t, now)]
    if now.meetings:
        lines.append(t("digest-invited", rate=shown["yes"].rate, **printed))
        attended = since(t, figures, "attended")
        lines.append(
            t("digest-attended", rate=shown["attended"].rate, since=attended, who=_who(t, now, room), **printed)
        )
    if now.asked:
        lines.append(t("digest-answered", rate=shown["answered"].rate, since=_rates(t, figures), **printed))
    if now.waiting:
        lines.append(t("digest-waiting", n=now.waiting))
    if is_unchanged(figures):
        lines.append(t("digest-unchanged"))
    return Markup("\n").join(lines)


def meetings(t: Texts, figures: MonthFigures) -> Markup:
    """How many were held, and how many earlier; how many were not."""
    now = figures.funnel
    cancelled = t("digest-cancelled", n=now.cancelled) if now.cancelled else ""
    return t("digest-meetings", n=now.meetings, since=since(t, figures, "meetings"), cancelled=cancelled)


def is_unchanged(figures: MonthFigures) -> bool:
    """Whether every count that is told was the same in the period before."""
    return replace(figures.funnel, groups=0) == replace(figures.before, groups=0)


def people(t: Texts, flow: Flow) -> Markup:
    """By how many different people; of some attendances only that somebody was there is known, and nobody's name."""
    if not flow.people:
        return Markup("")
    return t("digest-people-named" if flow.unnamed else "digest-people", n=flow.people)


def _who(t: Texts, now: Funnel, room: Room) -> Markup:
    """By how many people, and how they were there."""
    ways = {"on_site": number(now.on_site, t.language), "remote": number(now.remote, t.language)}
    told = [people(t, now)] if now.people else []
    told += [t("digest-ways", **ways)] if room.has_ways else []
    return Markup("").join(Markup(", {}").format(one) for one in told)


def _rates(t: Texts, figures: MonthFigures) -> Markup:
    then = {"before": figures.before, "year": figures.year_before}
    told = {
        key: percent(Share(one.answered, one.asked), t.language)
        for key, one in then.items()
        if one is not None and one.asked
    }
    parts = [t(f"digest-since-{key}", figure=figure) for key, figure in told.items()]
    return Markup("; {}").format(Markup(", ").join(parts)) if parts else Markup("")


def _roster(t: Texts, now: Funnel) -> Markup:
    shown = steps(now, t.language)
    roster, reachable = shown["roster"], shown["reachable"]
    return t("digest-roster", roster=roster.figure, reachable=reachable.figure, rate=reachable.rate)


def strongest_and_weakest(figures: MonthFigures, most: int = ENDS) -> tuple[Sequence[Statement], Sequence[Statement]]:
    """Of the most common scale, for means on different ones have no order; the weakest of all comes first."""
    scales = by_scale(figures.statements)
    some = scales[0] if scales else []
    strong = min(most, (len(some) + 1) // 2)
    weak = min(most, len(some) - strong)
    return some[:strong], some[len(some) - weak :][::-1]


def by_scale(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Statements apart by their scales, the most common first: a mean is nothing without the ends of its scale."""
    found: dict[object, list[Statement]] = {}
    for one in statements:
        found.setdefault((one.low, one.high, one.low_name, one.high_name), []).append(one)
    return sorted(found.values(), key=len, reverse=True)


def _statements(t: Texts, figures: MonthFigures, room: Room) -> Markup:
    if not figures.statements:
        return t("digest-no-statements")
    strong, weak = strongest_and_weakest(figures, room.ends)
    if not strong:
        return t("digest-statements-in-picture")
    low, high = (at_words(one, 30) for one in ends(t, strong[0]))
    lines = [t("digest-strongest")]
    lines += [statement(t, figures, one, room.statement) for one in strong]
    lines += [t("digest-weakest")] if weak else []
    lines += [statement(t, figures, one, room.statement) for one in weak]
    return Markup("\n").join([*lines, Markup("<i>{}, {}</i>").format(low, high)])


def statement(t: Texts, figures: MonthFigures, one: Statement, most: int) -> Markup:
    """A statement with its mean, its n and its change."""
    words = at_words(asked(t, Words(one.identity, one.text)), most)
    moved = ", ".join(_moved(t, figures, one))
    mean = decimal(one.mean, t.language)
    return t("digest-statement", statement=words, mean=mean, change=f" ({moved})" if moved else "", n=one.mean.n)


def statement_figures(t: Texts, figures: MonthFigures, one: Statement) -> str:
    """The n of a mean, and its change; since when, if that was not the period before."""
    moved, *month = _moved(t, figures, one) or [""]
    if month:
        return str(t("chart-n-changed", n=one.mean.n, change=moved, month=month[0]))
    return str(t("chart-n-moved" if moved else "chart-n", n=one.mean.n, change=moved))


def _moved(t: Texts, figures: MonthFigures, one: Statement) -> list[str]:
    """The change of a mean, and the period since which, if that was not the one before."""
    moved = change(one.mean, one.earlier, t.language)
    if not moved or one.earlier_month is None:
        return []
    is_before = one.earlier_month == str(parse(figures.month).shifted(-1))
    return [moved] if is_before else [moved, period_title(t, parse(one.earlier_month))]


def needing(figures: MonthFigures) -> list[tuple[str, list[Attention]]]:
    """The groups that need attention with their reasons, those with most first."""
    found = [(name, list(some)) for name, some in groupby(figures.attention, key=lambda one: one.group)]
    return sorted(found, key=lambda one: (-len(one[1]), in_order(one[0])))


def reasons(t: Texts, some: list[Attention]) -> str:
    """Why a group needs attention: "ei kokousta 3.1.2027 jälkeen"."""
    return "; ".join(_reason(t, one) for one in some)


def _reason(t: Texts, one: Attention) -> str:
    if one.reason is Reason.QUIET:
        return _quiet(t, one)
    if one.now is None:
        return str(t("digest-few-untold"))
    now = percent(one.now, t.language)
    if one.reason is Reason.FALLING and one.before is not None:
        return str(t("digest-falling", now=now, before=percent(one.before, t.language)))
    asked_of = number(one.now.whole, t.language)
    return str(t("digest-few", rate=now, answered=number(one.now.part, t.language), asked=asked_of))


def _quiet(t: Texts, one: Attention) -> str:
    coming = t("digest-quiet-coming", day=bare_day_text(one.coming, t.language)) if one.coming else ""
    if one.since is not None:
        return str(t("digest-quiet-since", day=bare_day_text(one.since, t.language), coming=coming))
    if one.founded is not None:
        return str(t("digest-quiet-never", day=bare_day_text(one.founded, t.language), coming=coming))
    return str(t("digest-quiet"))


def _attention(t: Texts, figures: MonthFigures, room: Room) -> Markup:
    needs = needing(figures)
    if not needs:
        return Markup("")
    told = needs[: room.groups]
    if not told:
        return t("digest-attention-count", n=len(needs))
    lines = [t("digest-attention")]
    lines += [t("digest-attention-line", group=at_words(name, room.name), why=reasons(t, some)) for name, some in told]
    if len(needs) > len(told):
        lines.append(t("digest-attention-more", n=len(needs) - len(told)))
    return Markup("\n").join(lines)


def _highlights(t: Texts, figures: MonthFigures, room: Room) -> Markup:
    """What people said: two at most; one that begins with an endless word is left out."""
    told = [at_words(one, room.quote) for one in figures.highlights[: room.quotes]]
    told = [one for one in told if shown_size(Markup.escape(one)) <= room.quote]
    if not told:
        return Markup("")
    return Markup("\n").join([t("digest-highlights"), *(t("digest-highlight", text=one) for one in told)])


def _coming(t: Texts, figures: MonthFigures, room: Room) -> Markup:
    following = period_title(t, parse(figures.month).shifted(1))
    if not figures.coming:
        return t("digest-coming-none", month=following)
    lines = [t("digest-coming", n=figures.coming, month=following)]
    for one in figures.meetings[: room.coming]:
        title = Markup(": {}").format(at_words(one.title, room.title)) if one.title and room.title else ""
        group, day = at_words(one.group, room.name), near_day_text(one.day, t.language)
        lines.append(t("digest-coming-line", group=group, day=day, title=title))
    return Markup("\n").join(lines)
