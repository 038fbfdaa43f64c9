"""How many answered, in words: of those asked and of those present, each rate with its counts.

Counts of answers below the threshold are never known here: they read "alle 5".
"""

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from handlers.figures import number, percent
from handlers.texts import Texts
from models.feedback.asked import Progress
from models.feedback.response import Response
from models.valid_figures import Share

BASES = {"asked": "of_asked", "present": "of_present"}
"""The bases of rates, and the property of a `Response` that is the rate."""


def fewer(t: Texts, threshold: int) -> Markup:
    """A count of answers below the threshold: "alle 5 vastausta"."""
    return t("response-fewer", threshold=threshold)


def rates(t: Texts, response: Response, then: Mapping[str, Response | None] | None = None) -> Markup:
    """ "6 / 11 pyydetystä (55 %), 6 / 7 osallistuneesta (86 %)". Without a known base only the number of answers.

    ``then`` has the responses of earlier periods by key. Their rates stand beside the first rate of the same base.
    """
    shown = {base: rate for base in BASES if (rate := _rate(response, base)) is not None}
    since = {base: since for base in shown if (since := _since(t, then or {}, base))}
    compared = next(iter(since), "")
    parts = [_of(t, base, rate, since[base] if base == compared else Markup("")) for base, rate in shown.items()]
    return Markup(", ").join(parts) if parts else t("response-count", n=response.answered)


def _rate(response: Response, base: str) -> Share | None:
    rate: Share | None = getattr(response, BASES[base])
    return rate


def _of(t: Texts, base: str, rate: Share, since: Markup) -> Markup:
    counts = {"answered": number(rate.part, t.language), base: number(rate.whole, t.language)}
    return t(f"response-of-{base}", rate=percent(rate, t.language), since=since, **counts)


def rate(t: Texts, response: Response) -> Markup:
    """The rate alone, of those asked, or of those present if nothing else is known: "palaute 55 %"."""
    for base in BASES:
        if (known := _rate(response, base)) is not None:
            return t(f"trend-answered-of-{base}", rate=percent(known, t.language))
    return (
        t("trend-answered-few", threshold=response.below) if response.few else t("trend-answered", n=response.answered)
    )


def _since(t: Texts, then: Mapping[str, Response | None], base: str) -> Markup:
    known = {key: rate for key, response in then.items() if response and (rate := _rate(response, base))}
    parts = [t(f"digest-since-{key}", figure=percent(rate, t.language)) for key, rate in known.items()]
    return Markup("; {}").format(Markup(", ").join(parts)) if parts else Markup("")


def few(t: Texts, response: Response) -> Markup:
    """How many forms have too few answers to be counted, and how many people they asked."""
    asked = t("response-few-asked", asked=number(response.few_asked, t.language)) if response.few_asked else ""
    return t("response-few", n=response.few, threshold=response.below, asked=asked)


def parts(t: Texts, response: Response) -> Iterator[Markup]:
    """The rates of the forms that are counted, and the forms that are not."""
    if response.answered or not response.few:
        yield rates(t, response)
    if response.few:
        yield few(t, response)


def of_one_form(t: Texts, response: Response) -> Markup:
    """The response to one form that has closed."""
    if not response.few:
        return rates(t, response)
    return t("response-few-of-one", threshold=response.below, asked=number(response.few_asked, t.language))


def progress(t: Texts, progress: Progress, threshold: int) -> Markup:
    """How many an open form was sent to, and at least how many had answered on the last night."""
    lines = [t("progress-sent", n=progress.asked)]
    if progress.waiting:
        lines.append(t("progress-waiting", n=progress.waiting))
    if progress.at_least is None:
        lines.append(t("progress-first-night"))
    elif progress.at_least < threshold:
        lines.append(t("progress-few", threshold=threshold))
    else:
        lines.append(t("progress-least", n=progress.at_least))
    return Markup(" ").join(lines)
