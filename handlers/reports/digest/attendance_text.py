"""Attendances in words: how many, how many of them without a name, and those by name as a share of those invited."""

from collections.abc import Iterable, Iterator

from markupsafe import Markup

from handlers.figures import number, percent
from handlers.texts import Texts
from models.reports.funnel import Flow
from models.valid_figures import Rate


def people(t: Texts, flow: Flow) -> Markup:
    """By how many different people. People erased since then are not in it: nobody knows how many they were."""
    if not flow.people:
        return Markup("")
    return t("digest-people-named" if flow.unnamed > flow.heads else "digest-people", n=flow.people)


def attended(t: Texts, flow: Flow, since: Markup, by: Iterable[Markup]) -> Markup:
    """The digest's line of attendances. Only those by name have a rate: people counted by head may not be invited."""
    shown = {**_figures(t, flow), "since": since, "who": following(by)}
    if flow.heads:
        return t("digest-attended-heads", **shown) if flow.named else t("digest-attended-unnamed", **shown)
    return t("digest-attended", **shown)


def attended_there(t: Texts, flow: Flow, by: Iterable[Markup]) -> Markup:
    """The attendances of a group or a meeting."""
    shown = {**_figures(t, flow), "people": following(by)}
    if flow.heads:
        return t("digest-group-attended-heads", **shown) if flow.named else t("digest-group-attended-unnamed", **shown)
    return t("digest-group-attended", **shown)


def _figures(t: Texts, flow: Flow) -> dict[str, str]:
    shown = {name: number(getattr(flow, name), t.language) for name in ("attended", "heads", "named")}
    return {**shown, "rate": percent(Rate(flow.named, flow.called), t.language)}


def who(t: Texts, flow: Flow, *, has_people: bool = True) -> Iterator[Markup]:
    """Why a rate is above 100 %, and how many different people came."""
    if flow.named > flow.called:
        yield t("digest-uninvited")
    if flow.people and has_people:
        yield people(t, flow)


def following(parts: Iterable[Markup]) -> Markup:
    """Parts appended to a line, each after a comma."""
    return Markup("").join(Markup(", {}").format(part) for part in parts)


def is_recorded(flow: Flow) -> bool:
    """Whether attendance was recorded at one meeting at least."""
    return flow.meetings > flow.unrecorded


def has_rate(flow: Flow) -> bool:
    """Whether attendances can be told as a share of those invited."""
    return is_recorded(flow) and flow.called > 0 and (flow.named > 0 or not flow.heads)
