"""The groups that need attention, with their reasons in words."""

from itertools import groupby

from handlers.dates.printing import bare_day_text
from handlers.figures import number, percent
from handlers.texts import Texts
from models.people.names import in_order
from models.reports.attention import LATEST, Attention, Reason
from models.reports.statistics import DigestFigures


def needing(figures: DigestFigures) -> list[tuple[str, list[Attention]]]:
    """The groups that need attention with their reasons, those with the most reasons first."""
    groups = [(name, list(entries)) for name, entries in groupby(figures.attention, key=lambda entry: entry.group)]
    return sorted(groups, key=lambda group: (-len(group[1]), in_order(group[0])))


def reasons(t: Texts, entries: list[Attention]) -> str:
    """Why a group needs attention: "ei kokousta 3.1.2027 jälkeen"."""
    return "; ".join(_reason(t, entry) for entry in entries)


def _reason(t: Texts, entry: Attention) -> str:
    if entry.reason is Reason.QUIET:
        return _quiet(t, entry)
    if entry.now is None:
        return str(t("digest-few-untold"))
    now, n = percent(entry.now, t.language), entry.latest or LATEST
    if entry.reason is Reason.FALLING and entry.before is not None:
        return str(t("digest-falling", n=n, now=now, before=percent(entry.before, t.language)))
    asked = number(entry.now.whole, t.language)
    key = "digest-few-at-most" if entry.is_upper_bound else "digest-few"
    return str(t(key, n=n, rate=now, answered=number(entry.now.part, t.language), asked=asked))


def _quiet(t: Texts, entry: Attention) -> str:
    coming = t("digest-quiet-coming", day=bare_day_text(entry.coming, t.language)) if entry.coming else ""
    if entry.since is not None:
        return str(t("digest-quiet-since", day=bare_day_text(entry.since, t.language), coming=coming))
    if entry.founded is not None:
        return str(t("digest-quiet-never", day=bare_day_text(entry.founded, t.language), coming=coming))
    return str(t("digest-quiet"))
