"""What papers and workbooks of results have besides the figures: what they are about, and how these were made."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.dates import day_text, span_text
from handlers.forms.labels import form_name
from handlers.results.result_text import no_groups, withheld
from handlers.texts import Texts, texts
from models.feedback.releases import OFF, spread_from
from models.forms.items import QuestionKind
from models.results.aggregates import Aggregate, Result
from models.results.results import ListedResult
from models.valid_figures import Share


@dataclass(frozen=True)
class Head:
    """What a paper is about."""

    title: str
    form: str
    group: str
    about: str
    """What ``when`` is the time of: the meeting, the opening of the form or the release."""
    when: str
    at: datetime
    file_name: str
    """The file's name without its ending."""


def paper_head(title: str, listed: ListedResult, language: str, zone: ZoneInfo) -> Head:
    t, day, meeting = texts(language), listed.day.astimezone(zone), listed.meeting
    about = t("paper-pooled-at" if listed.pooled else "paper-sent-at")
    name = (str(t("results-file-name")), _plain(listed.group), f"{day:%Y-%m-%d}")
    return Head(
        title=title,
        form=form_name(t, listed.form),
        group=listed.group,
        about=str(about if meeting is None else t("paper-meeting-at")),
        when=day_text(day.date(), language)
        if meeting is None
        else span_text(meeting.starts_at, meeting.ends_at, meeting.plan.zone, language),
        at=listed.day,
        file_name="-".join(filter(None, name)),
    )


def _plain(name: str) -> str:
    """A group's name as part of a file's name: "Lastensuojelu, Länsi" becomes lastensuojelu-lansi."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower())[:40].strip("-")


def facts(t: Texts, paper: Head) -> list[tuple[str, str]]:
    """What was asked, of whom and when, each under its name."""
    named = (("paper-form", paper.form), ("paper-group", paper.group))
    return [*((str(t(key)), value) for key, value in named), (paper.about, paper.when)]


def response(t: Texts, listed: ListedResult, aggregate: Aggregate) -> list[tuple[str, int | Share]]:
    """How many answered, were asked and were present, and the rates, each under its name; of a pool, also the number of
    people.

    A release of texts alone, which had waited for more, has only the number of answers: its figures are elsewhere.
    """
    people = [(str(t("paper-people")), listed.people)] if listed.pooled and listed.people is not None else []
    if not aggregate.answered:
        return [(str(t("paper-answered")), listed.response.answered), *people]
    rows: list[tuple[str, int | Share]] = [(str(t("paper-answered")), aggregate.answered), *people]
    for whole, rate, share in (
        ("paper-asked", "paper-rate", aggregate.response.of_asked),
        ("paper-present", "paper-rate-present", aggregate.response.of_present),
    ):
        if share is not None:
            rows += [(str(t(whole)), share.whole), (str(t(rate)), share)]
    return rows


def why_withheld(t: Texts, result: Result, aggregate: Aggregate) -> str:
    """Why a question's figure is not shown; empty where it is."""
    if result.withheld is None:
        return ""
    return withheld(t, result, aggregate.threshold, of_pool=aggregate.is_pool).unescape()


def why_no_groups(t: Texts, aggregate: Aggregate) -> str:
    """Why the backgrounds of those who answered are not shown."""
    return no_groups(t, aggregate).unescape()


def why_no_texts(t: Texts, aggregate: Aggregate) -> str:
    """Why there is no open answer."""
    least = spread_from(aggregate.threshold)
    return t("paper-texts-few" if aggregate.answered < least else "result-no-texts", least=least).unescape()


def method(t: Texts, listed: ListedResult, aggregate: Aggregate) -> list[str]:
    """How the figures were made and what is withheld, in sentences."""
    of = {"threshold": aggregate.threshold, "least": spread_from(aggregate.threshold)}
    off, kinds = aggregate.threshold == OFF, {result.kind for result in aggregate.results}
    asks_background = any(result.background for result in aggregate.results)
    sentences = {
        "paper-method-named" if listed.named else "paper-method-anonymous": True,
        "paper-method-off": off,
        "paper-method-threshold": not off,
        "paper-method-agree": not off,
        "paper-method-asked": aggregate.response.asked > 0,
        "paper-method-present": aggregate.response.present > 0,
        "paper-method-not-asked": aggregate.response.answered_of_asked < aggregate.answered,
        "paper-method-groups": asks_background and not off,
        "paper-method-pooled": aggregate.pooled,
        "paper-method-n": aggregate.has_figures,
        "paper-method-mean": QuestionKind.SCALE in kinds,
        "paper-method-share": bool(kinds & {QuestionKind.SINGLE, QuestionKind.SEVERAL, QuestionKind.YES_NO}),
        "paper-method-texts": bool(aggregate.texts),
    }
    return [t(key, **of).unescape() for key, is_said in sentences.items() if is_said]
