"""The digest in words, short enough for one phone screen: a caption of `AIM` units if it can be, of 1,024 always.

What gives way when it is too long stands in `ROOMS`, in order; all of it is behind the buttons. Words stay whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from handlers.dates import month_title
from handlers.dates.printing import bare_day_text, near_day_text
from handlers.figures import change, decimal, number, percent, steps
from handlers.form_words import asked, ends
from handlers.result_text import period_name, shown_size
from handlers.screen import CAPTION_LENGTH
from handlers.texts import Texts
from models.attention import Attention, Reason
from models.funnel import Funnel
from models.months import Month
from models.outcome import Words
from models.periods import Span, parse
from models.possible import Share
from models.statistics import MonthFigures, Statement

AIM = 900
ENDS = 2
"""Statements told of the strongest, and of the weakest."""


@dataclass(frozen=True)
class Room:
    """How much of each part is told, in number or in units of length."""

    quotes: int = 2
    quote: int = 100
    coming: int = 3
    groups: int = 3
    """That need attention."""
    name: int = 40
    statement: int = 60
    has_ways: bool = True
    """How many came on site, how many remotely."""


ROOMS = (
    Room(),
    Room(quote=70),
    Room(quote=70, has_ways=False),
    Room(quote=70, has_ways=False, coming=2),
    Room(quote=70, has_ways=False, coming=2, quotes=1),
    Room(quote=70, has_ways=False, coming=1, quotes=1),
    Room(quote=70, has_ways=False, coming=1, quotes=1, groups=2),
    # So far for the aim; the rest only where Telegram would take no more.
    Room(quotes=0, has_ways=False, coming=1, groups=2),
    Room(quotes=0, has_ways=False, coming=1, groups=2, statement=45, name=30),
    Room(quotes=0, has_ways=False, coming=0, groups=2, statement=30, name=20),
    Room(quotes=0, has_ways=False, coming=0, groups=1, statement=20, name=10),
    Room(quotes=0, has_ways=False, coming=0, groups=0, statement=10, name=10),
)
FOR_THE_AIM = 7


def digest_text(t: Texts, figures: MonthFigures, *, is_ongoing: bool = False) -> Markup:
    """What happened, what was said of it, who needs attention and what comes, as far as there is room."""
    told = Markup("")
    for most in (AIM, CAPTION_LENGTH):
        for room in ROOMS[:FOR_THE_AIM] if most == AIM else ROOMS:
            told = Markup("\n\n").join(filter(None, _parts(t, figures, room, is_ongoing=is_ongoing)))
            if shown_size(told) <= most:
                return told
    return told


def _parts(t: Texts, figures: MonthFigures, room: Room, *, is_ongoing: bool) -> list[Markup]:
    what = [t("digest-nothing"), _roster(t, figures.funnel)]
    if not figures.is_empty:
        what = [_funnel(t, figures, room), _statements(t, figures, room)]
    return [
        Markup("\n").join(filter(None, [heading(t, figures), whose(t, figures, room.name)])),
        *what,
        _attention(t, figures, room),
        _highlights(t, figures, room),
        _coming(t, figures, room),
        t("digest-ongoing") if is_ongoing else Markup(""),
    ]


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


def at_words(text: str, most: int) -> str:
    """A text in at most so many units, an ellipsis after its last word; a first word that is longer stays whole."""
    if shown_size(Markup.escape(text)) <= most:
        return text
    first, *others = text.split()
    kept = first
    for word in others:
        if shown_size(Markup.escape(f"{kept} {word}")) >= most:
            break
        kept = f"{kept} {word}"
    return kept.rstrip(" ,.;:–-") + "…"


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
    """Whether the period was as the one before."""
    told = [(one.meetings, one.attended, one.asked, one.answered) for one in (figures.funnel, figures.before)]
    return told[0] == told[1]


def _who(t: Texts, now: Funnel, room: Room) -> Markup:
    """By how many people, and how they were there."""
    ways = {"on_site": number(now.on_site, t.language), "remote": number(now.remote, t.language)}
    told = [t("digest-people", n=now.people)] if now.people else []
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


def strongest_and_weakest(figures: MonthFigures) -> tuple[Sequence[Statement], Sequence[Statement]]:
    """Of the most common scale, for means on different ones have no order; the weakest of all comes first."""
    scales = by_scale(figures.statements)
    some = scales[0] if scales else []
    strong = min(ENDS, (len(some) + 1) // 2)
    weak = min(ENDS, len(some) - strong)
    return some[:strong], some[len(some) - weak :][::-1]


def by_scale(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Statements apart by their scales, the most common first: a mean is nothing without the ends of its scale."""
    found: dict[object, list[Statement]] = {}
    for one in statements:
        found.setdefault((one.low, one.high, one.low_name, one.high_name), []).append(one)
    return sorted(found.values(), key=len, reverse=True)


def _statements(t: Texts, figures: MonthFigures, room: Room) -> Markup:
    strong, weak = strongest_and_weakest(figures)
    if not strong:
        return t("digest-no-statements")
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
    return sorted(found, key=lambda one: (-len(one[1]), one[0]))


def reasons(t: Texts, some: list[Attention]) -> str:
    """Why a group needs attention: "ei kokousta 3.1.2027 jälkeen"."""
    return "; ".join(_reason(t, one) for one in some)


def _reason(t: Texts, one: Attention) -> str:
    if one.reason is Reason.QUIET:
        if one.since is None:
            return str(t("digest-quiet"))
        return str(t("digest-quiet-since", day=bare_day_text(one.since, t.language)))
    assert one.now is not None
    now = percent(one.now, t.language)
    if one.reason is Reason.FALLING and one.before is not None:
        return str(t("digest-falling", now=now, before=percent(one.before, t.language)))
    asked_of = number(one.now.whole, t.language)
    if one.fewer_than is not None:
        return str(t("digest-few-hidden", least=one.fewer_than, asked=asked_of))
    return str(t("digest-few", rate=now, answered=number(one.now.part, t.language), asked=asked_of))


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
        lines.append(
            t("digest-coming-line", group=at_words(one.group, room.name), day=near_day_text(one.day, t.language))
        )
    return Markup("\n").join(lines)
