"""The groups that need attention, with their reasons in words."""

from itertools import groupby

from handlers.dates.printing import bare_day_text
from handlers.figures import number, percent
from handlers.texts import Texts
from models.people.groups import in_order
from models.reports.attention import LATEST, Attention, Reason
from models.reports.statistics import DigestFigures


def needing(figures: DigestFigures) -> list[tuple[str, list[Attention]]]:
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
    now, n = percent(one.now, t.language), one.latest or LATEST
    if one.reason is Reason.FALLING and one.before is not None:
        return str(t("digest-falling", n=n, now=now, before=percent(one.before, t.language)))
    asked_of = number(one.now.whole, t.language)
    return str(t("digest-few", n=n, rate=now, answered=number(one.now.part, t.language), asked=asked_of))


def _quiet(t: Texts, one: Attention) -> str:
    coming = t("digest-quiet-coming", day=bare_day_text(one.coming, t.language)) if one.coming else ""
    if one.since is not None:
        return str(t("digest-quiet-since", day=bare_day_text(one.since, t.language), coming=coming))
    if one.founded is not None:
        return str(t("digest-quiet-never", day=bare_day_text(one.founded, t.language), coming=coming))
    return str(t("digest-quiet"))
