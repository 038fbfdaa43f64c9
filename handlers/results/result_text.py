"""Results in words: each question with its figures and their n, or why there are none."""

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from markupsafe import Markup

from handlers import responses
from handlers.dates import months_title
from handlers.dates.printing import bare_day_text
from handlers.figures import bar, change, decimal, number, percent
from handlers.forms.labels import asked, ends, form_name, option
from handlers.meetings.invitations import meeting_name
from handlers.texts import Texts
from models.feedback.releases import Withheld, spread_from
from models.forms.items import QuestionKind
from models.periods import Period
from models.results.aggregates import Aggregate, OptionTotal, Result, Segment
from models.results.result_views import View
from models.results.results import ListedResult
from models.valid_figures import Mean, Parts, Share


def listed_name(t: Texts, listed: ListedResult) -> Markup:
    """The name of a result in lists: its meeting, its form sent on its own, or its pool."""
    if listed.pooled:
        return t("results-pooled", group=listed.group)
    if listed.meeting is None:
        return t("feedback-on-its-own", form=form_name(t, listed.form), group=listed.group)
    return meeting_name(t, listed.meeting)


def view_name(t: Texts, view: View) -> Markup:
    """The heading of a view."""
    if view.listed is not None:
        return listed_name(t, view.listed)
    assert view.period is not None
    period = period_name(t, view.period)
    return t("result-of-period", form=form_name(t, view.form), group=view.group, period=period)


def period_name(t: Texts, period: Period) -> str:
    """ "2027", "tammi–maaliskuu 2027", or all time."""
    if period.months is None:
        return t("period-all").unescape()
    if period.quarter is None:
        return str(period.year)
    first, last = period.months
    return months_title(first.year, first.month, last.month, t.language)


def head(t: Texts, view: View) -> Markup:
    """The heading, how many answered, and whether names are shown."""
    aggregate, listed = view.aggregate, view.listed
    lines = [Markup("<b>{}</b>").format(view_name(t, view)), answered(t, view)]
    if view.period is not None:
        lines.append(t("result-forms", n=aggregate.forms))
    if listed is not None and listed.named:
        lines.append(t("result-named"))
    return Markup("\n").join(lines)


def answered(t: Texts, view: View) -> Markup:
    """How many answered; of a pool, how many answers it has and of how many people."""
    aggregate, listed = view.aggregate, view.listed
    rates = responses.rates(t, aggregate.response)
    if listed is None or not listed.pooled:
        return t("result-answered", response=rates)
    if not aggregate.answered:
        return t("result-texts-waited", people=listed.response.answered if listed.people is None else listed.people)
    if listed.people is None:
        return t("result-answered", response=rates)
    return t("result-answered-pooled", answered=aggregate.answered, people=listed.people, response=rates)


def since(t: Texts, view: View, zone: ZoneInfo, result: Result) -> str:
    """When the earlier mean was given: a day, or the period before."""
    assert result.earlier is not None
    if view.period is not None and view.period.before is not None:
        return period_name(t, view.period.before)
    return bare_day_text(result.earlier.at.astimezone(zone).date(), t.language)


def blocks(t: Texts, view: View, zone: ZoneInfo, results: Sequence[Result] | None = None) -> list[Markup]:
    """One block for each question, with the ends of the scale where they differ from the question before."""
    parts, last = [], ("", "")
    for result in view.aggregate.results if results is None else results:
        lines = []
        if result.mean is not None and ends(t, result) != last:
            last = ends(t, result)
            lines.append(Markup("<i>{}\n{}</i>").format(*last))
        lines.append(block(t, view, zone, result))
        parts.append(Markup("\n\n").join(lines))
    if results is None and (note := texts_note(t, view.aggregate)):
        parts.append(note)
    return parts


def texts_note(t: Texts, aggregate: Aggregate) -> Markup:
    """Why there are no open answers and distributions yet."""
    least = spread_from(aggregate.threshold)
    is_small = aggregate.answered < least and aggregate.forms == 1 and not aggregate.texts
    return t("result-texts-few", least=least) if is_small else Markup("")


def block(t: Texts, view: View, zone: ZoneInfo, result: Result) -> Markup:
    """One question with its figures, its n, and how many texts there are to it."""
    aggregate, question = view.aggregate, Markup.escape(asked(t, result.words))
    if result.background is not None:
        lines = [question, *_backgrounds(t, result, aggregate)]
    elif result.mean is not None:
        lines = _scale(t, view, zone, result)
    elif result.withheld is not None and not result.spread:
        lines = [question, withheld(t, result, aggregate.threshold, of_pool=aggregate.is_pool)]
    else:
        match result.kind:
            case QuestionKind.OPEN:
                waiting = t("result-texts-waiting", least=view.waits) if view.waits else t("result-no-texts")
                lines = [question] if result.texts else [question, waiting]
            case QuestionKind.SCALE | QuestionKind.SINGLE | QuestionKind.SEVERAL | QuestionKind.YES_NO:
                lines = [question, *_choices(t, result)]
            case _:
                assert_never(result.kind)
    if result.texts:
        key = "result-texts-behind" if result.kind.is_typed else "result-others-behind"
        lines.append(t(key, n=len(result.texts)))
    return Markup("\n").join(lines)


def withheld(t: Texts, result: Result, threshold: int, *, of_pool: bool = False) -> Markup:
    """Why a figure is not shown. In a pool, there may be more answers than the threshold, but of fewer people."""
    if of_pool and result.withheld is Withheld.FEW:
        return t("withheld-few-people")
    return t(f"withheld-{result.withheld}", threshold=threshold, least=spread_from(threshold), n=result.n or 0)


def mean_figures(t: Texts, mean: Mean, moved: str = "", since: str = "") -> Markup:
    """The n of a mean, and the change since an earlier mean."""
    return t("result-n-changed", n=mean.n, change=moved, since=since) if moved else t("chart-n", n=mean.n)


def changed(t: Texts, view: View, zone: ZoneInfo, result: Result) -> Markup:
    """As `mean_figures`, for a statement's mean over all who answered."""
    assert result.mean is not None
    if result.earlier is None:
        return mean_figures(t, result.mean)
    moved = change(result.mean, result.earlier.mean, t.language)
    return mean_figures(t, result.mean, moved, since(t, view, zone, result))


def _scale(t: Texts, view: View, zone: ZoneInfo, result: Result) -> list[Markup]:
    assert result.mean is not None
    shown = t(
        "result-statement",
        statement=asked(t, result.words),
        mean=decimal(result.mean, t.language),
        figures=changed(t, view, zone, result),
        bar=bar(result.mean),
    )
    if not result.spread:
        return [shown]
    counts = " · ".join(f"{option(t, total.words, total.value)}: {figure(t, total)}" for total in result.spread)
    if result.spread_n != result.mean.n:
        return [shown, t("result-distribution-of", n=result.spread_n, counts=counts)]
    return [shown, t("result-distribution", counts=counts)]


def figure(t: Texts, option: OptionTotal) -> str:
    """How many people chose an option, or that the count is not shown."""
    return t("result-not-shown").unescape() if option.people is None else number(option.people, t.language)


def _choices(t: Texts, result: Result) -> list[Markup]:
    if not result.spread:
        return []
    return [choices_n(t, result), *(t("result-choice", option=o, figures=f) for o, f, _ in choices(t, result))]


def choices_n(t: Texts, result: Result) -> Markup:
    """How many people the percentages are shares of."""
    return t("result-several-n" if result.kind.takes_several else "chart-n", n=result.spread_n)


def choices(t: Texts, result: Result) -> list[tuple[str, str, Share | None]]:
    """Each option with its people and percent; in a single choice also the people that no option accounts for."""
    counts = [total.people for total in result.spread if total.people is not None]
    rows = [
        (option(t, total.words, total.value), *_told(t, total.people, result.spread_n, figure(t, total)))
        for total in result.spread
    ]
    if not result.kind.takes_several:
        unsaid = Parts(tuple(counts), result.spread_n).unsaid
        if unsaid.part and len(counts) == len(result.spread):
            rows.append((t("result-unsaid").unescape(), *_told(t, unsaid.part, unsaid.whole, "")))
    return rows


def _told(t: Texts, people: int | None, n: int, hidden: str) -> tuple[str, Share | None]:
    if people is None:
        return hidden, None
    share = Share(people, n)
    return f"{number(people, t.language)} ({percent(share, t.language)})", share


def _backgrounds(t: Texts, result: Result, aggregate: Aggregate) -> list[Markup]:
    if not result.groups:
        return [t("result-groups-each") if aggregate.forms > 1 else no_groups(t, aggregate)]
    shown = [t("result-choice", option=name, figures=figures) for name, figures, _ in groups(t, result)]
    return [t("chart-n", n=result.n or 0), *shown]


def no_groups(t: Texts, aggregate: Aggregate) -> Markup:
    """Why the backgrounds of those who answered are not shown."""
    if aggregate.is_pool:
        return t("result-groups-pooled")
    return t("result-groups-withheld", threshold=aggregate.threshold)


def groups(t: Texts, result: Result) -> list[tuple[str, str, Share]]:
    """Each group of respondents with people and percent of all of them."""
    parts = Parts(tuple(group.n for group in result.groups), result.n or 0)
    return [
        (group_name(t, group), f"{number(group.n, t.language)} ({percent(share, t.language)})", share)
        for group, share in zip(result.groups, parts.shares, strict=True)
    ]


def group_name(t: Texts, group: Segment) -> str:
    """The name of a group of respondents, also of merged ones: "järjestö, yritys tai ei kerrottu, yhteensä"."""
    names = [option(t, label, 1) for label in group.backgrounds]
    names += [t("result-untold").unescape()] if group.untold else []
    if len(names) == 1:
        return names[0]
    return t("result-together", names=", ".join(names[:-1]), last=names[-1]).unescape()


def group_means(t: Texts, view: View, background: Result) -> list[Markup]:
    """One block for each statement that has means by group."""
    of = {(group_name(t, group), identity): mean for group in background.groups for identity, mean in group.means}
    parts = []
    for result in view.aggregate.results:
        rows = [(name, mean) for (name, identity), mean in of.items() if identity == result.words.identity]
        if rows and result.kind.has_mean:
            lines = [Markup.escape(asked(t, result.words)), Markup("<i>{} · {}</i>").format(*ends(t, result))]
            for name, mean in rows:
                figures = mean_figures(t, mean)
                lines.append(t("result-mean-of", group=name, mean=decimal(mean, t.language), figures=figures))
            parts.append(Markup("\n").join(lines))
    return parts
