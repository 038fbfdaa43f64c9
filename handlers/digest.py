"""The monthly digest, and /digest, which shows it again."""

from functools import partial

from markupsafe import Markup

from handlers.charts import by_scale, digest_picture, statement_figures
from handlers.dates import month_title
from handlers.figures import change, decimal, number, steps
from handlers.form_words import asked, ends
from handlers.result_text import shortened, shown_size
from handlers.routes import Context, Tap, command, data, letter, tap
from handlers.screen import CAPTION_LENGTH, Button, Screen
from handlers.start import go
from handlers.texts import Texts
from models import digests
from models.access import RoleKind
from models.digests import Shown
from models.errors import NotFound
from models.funnel import Funnel
from models.months import Month
from models.outbox import Delivery
from models.outcome import Words
from models.statistics import MonthFigures, Statement

SHORTEST = 60
"""Characters of a quotation: less would not say anything."""


@command("digest", role=RoleKind.MANAGER)
async def on_digest(context: Context, line: str) -> Screen:
    """The last month's; a month in the line, like 2027-03 or 3/2027, another's."""
    month = read_month(line) if line.strip() else digests.latest_due(context.policy, now=context.now)
    return await _screen(context, month)


def read_month(text: str) -> Month:
    """Reads 2027-03, 3/2027 or 3.2027."""
    numbers = text.strip().replace("/", "-").replace(".", "-").split("-")
    if len(numbers) == 2 and all(n.isascii() and n.isdigit() and len(n) <= 4 for n in numbers):
        first, second = (int(n) for n in numbers)
        year, month = (first, second) if first > 12 else (second, first)
        if 1 <= month <= 12 and 2000 <= year <= 2200:
            return Month(year, month)
    raise NotFound("digest-month-unread")


@tap("digest")
async def on_month(context: Context, tap: Tap) -> Screen:
    return await _screen(context, read_month(tap.word(0)))


async def _screen(context: Context, month: Month) -> Screen:
    shown = await digests.own(context.session, context.person, month, policy=context.policy, now=context.now)
    return digest_screen(context, shown)


def digest_screen(context: Context, shown: Shown) -> Screen:
    """Text and picture carry the same figures."""
    t, turns = context.t, ((shown.earlier, "digest-earlier"), (shown.later, "digest-later"))
    row = tuple(
        Button(str(t(key, month=month_title(month.year, month.month, t.language))), data("digest", month))
        for month, key in turns
        if month is not None
    )
    draws = partial(digest_picture, shown.figures, t.language)
    text = digest_text(t, shown.figures, is_ongoing=shown.is_ongoing)
    return Screen(text, (row, (go(context, "help"),)), draws=draws)


def digest_text(t: Texts, figures: MonthFigures, *, is_ongoing: bool = False) -> Markup:
    """The digest in words: what happened, what was said of it, what waits and what comes."""
    month = Month.parse(figures.month)
    parts = [t("digest-heading", month=month_title(month.year, month.month, t.language))]
    if figures.is_empty:
        parts += [t("digest-nothing"), _roster(t, figures.funnel)]
    else:
        parts += [_funnel(t, figures.funnel, figures.before), _statements(t, figures.statements)]
    after = [_asides(t, figures), t("digest-ongoing") if is_ongoing else Markup("")]
    room = CAPTION_LENGTH - sum(shown_size(part) + 2 for part in (*parts, *after))
    parts += [_highlights(t, figures.highlights, room), *after]
    return Markup("\n\n").join(part for part in parts if part)


def _funnel(t: Texts, now: Funnel, before: Funnel) -> Markup:
    shown = steps(now, t.language)
    printed = {name: step.figure for name, step in shown.items()}
    lines = [t("digest-meetings", n=now.meetings, before=before.meetings)]
    if now.cancelled:
        lines.append(t("digest-cancelled", n=now.cancelled))
    lines.append(_roster(t, now))
    if now.meetings:
        ways = {"on_site": number(now.on_site, t.language), "remote": number(now.remote, t.language)}
        lines.append(t("digest-invited", rate=shown["yes"].rate, **printed))
        lines.append(t("digest-attended", rate=shown["attended"].rate, **ways, **printed))
    if now.asked:
        lines.append(t("digest-answered", rate=shown["answered"].rate, **printed))
    return Markup("\n").join(lines)


def _roster(t: Texts, now: Funnel) -> Markup:
    shown = steps(now, t.language)
    roster, reachable = shown["roster"], shown["reachable"]
    return t("digest-roster", roster=roster.figure, reachable=reachable.figure, rate=reachable.rate)


def _statements(t: Texts, statements: tuple[Statement, ...]) -> Markup:
    if not statements:
        return t("digest-no-statements")
    lines = [t("digest-statements")]
    for some in by_scale(statements):
        lines.append(Markup("<i>{}, {}</i>").format(*ends(t, some[0])))
        lines += [_statement(t, one) for one in some]
    return Markup("\n").join(lines)


def _statement(t: Texts, one: Statement) -> Markup:
    moved = change(one.mean, one.earlier, t.language)
    figures = statement_figures(t, one.mean.n, moved, one.earlier_month)
    statement, mean = asked(t, Words(one.identity, one.text)), decimal(one.mean, t.language)
    return t("digest-statement", statement=statement, mean=mean, figures=figures)


def _highlights(t: Texts, texts: tuple[str, ...], room: int) -> Markup:
    """What people said, as far as a caption has room for it: two at most, shortened at a word."""
    heading = t("digest-highlights")
    for some in (texts[:2], texts[:1]):
        left = (room - shown_size(heading)) // max(1, len(some)) - 4
        if some and left >= SHORTEST:
            return Markup("\n").join([heading, *(t("digest-highlight", text=_quoted(one, left)) for one in some)])
    return Markup("")


def _quoted(text: str, most: int) -> str:
    """A text in at most so many of the units in which captions are counted."""
    return shortened(text, most * len(text) // max(1, shown_size(Markup.escape(text))))


def _asides(t: Texts, figures: MonthFigures) -> Markup:
    lines = [t("digest-waiting", n=figures.funnel.waiting)] if figures.funnel.waiting else []
    if figures.coming:
        lines.append(t("digest-coming", n=figures.coming))
    return Markup("\n").join(lines)


@letter("digest", stands="digest")
async def digest_letter(context: Context, delivery: Delivery) -> Screen:
    digest = await digests.sent(context.session, context.person, delivery.subject)
    return digest_screen(
        context, await digests.shown(context.session, digest.figures, policy=context.policy, now=context.now)
    )
