"""The digest, and /digest, which shows it again. `handlers.reports.digest.details` has what is behind its buttons."""

import re
from functools import partial

from handlers.reports.digest.attention import needing
from handlers.reports.digest.charts import digest_picture
from handlers.reports.digest.length_budget import Budget
from handlers.reports.digest.text import (
    digest_text,
    fitting,
    has_all_attention,
    has_all_coming,
    has_all_statements,
    period_title,
)
from handlers.routes import Context, Tap, command, data, renders, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts, texts
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from models.errors import NotFound
from models.people.access import RoleKind
from models.people.people import is_stranger
from models.periods import Span, parse
from models.reports import digests
from models.reports.digests import DigestView
from models.reports.statistics import DigestFigures


@command("digest", role=RoleKind.MANAGER)
async def on_digest(context: Context, line: str) -> Screen:
    """The last digest, or that of the month or quarter typed: 2027-03, 3/2027 or 2027-q1."""
    if line.strip():
        return await _screen(context, read_period(line))
    person, policy = context.person, context.policy
    return await _screen(context, await digests.latest(context.session, person, policy=policy, now=context.now))


def read_period(text: str) -> Span:
    """Reads 2027-03, 3/2027, 3.2027, 2027-q1 or q1/2027."""
    first, _, second = re.sub(r"[/.\s-]+", "-", text.strip().lower()).partition("-")
    year, rest = (first, second) if len(first) == 4 else (second, first)
    try:
        return parse(f"{year}-{rest:0>2}")
    except NotFound as unread:
        raise NotFound("digest-month-unread") from unread


@tap("digest")
async def on_month(context: Context, tap: Tap) -> Screen:
    return await _screen(context, read_period(tap.word(0)))


async def _screen(context: Context, period: Span) -> Screen:
    return digest_screen(context, await _own(context, period))


async def _own(context: Context, period: Span) -> DigestView:
    return await digests.access_own_digest(
        context.session, context.person, period, policy=context.policy, now=context.now
    )


@tap("digest-picture")
async def on_picture(context: Context, tap: Tap) -> Screen:
    """The digest's picture with its text, in a message that can be saved or forwarded."""
    shown = await _own(context, read_period(tap.word(0)))
    return _drawn(context.t, shown.figures, is_ongoing=shown.is_ongoing)


def _drawn(t: Texts, figures: DigestFigures, *, is_ongoing: bool = False) -> Screen:
    draws = partial(digest_picture, figures, t.language)
    return Screen(digest_text(t, figures, is_ongoing=is_ongoing), draws=draws, new_message=True)


def digest_screen(context: Context, shown: DigestView) -> Screen:
    """The text alone, which fits one screen of a phone. The picture and the details are behind buttons."""
    t, figures, turns = context.t, shown.figures, ((shown.earlier, "digest-earlier"), (shown.later, "digest-later"))
    row = tuple(
        Button(str(t(key, month=period_title(t, period))), data("digest", period))
        for period, key in turns
        if period is not None
    )
    text, budget = fitting(t, figures, is_ongoing=shown.is_ongoing)
    return Screen(text, (row, *_details(context, figures, budget), *_last_rows(context, figures)))


def _details(context: Context, figures: DigestFigures, budget: Budget) -> list[tuple[Button, ...]]:
    """Buttons to the details, two in a row, except to empty ones and to those that the text has in full."""
    t = context.t
    counts = {
        "groups": len(figures.groups or ()),
        "coming": 0 if has_all_coming(figures, budget) else len(figures.rest) + len(figures.meetings),
        "statements": 0 if has_all_statements(t, figures, budget) else len(figures.statements),
        "attention": 0 if has_all_attention(figures, budget) else len(needing(figures)),
    }
    counted = [_to(context, name, figures.period, n) for name, n in counts.items() if n]
    return [tuple(counted[at : at + 2]) for at in range(0, len(counted), 2)]


def _to(context: Context, name: str, month: str, n: int | None = None) -> Button:
    count = {} if n is None else {"n": n}
    return Button(str(context.t(f"digest-to-{name}", **count)), data(f"digest-{name}", month))


def _last_rows(context: Context, figures: DigestFigures) -> tuple[tuple[Button, ...], ...]:
    names = ("trend", "sheet") if figures.is_empty else ("trend", "picture", "sheet")
    settings = Button(str(context.t("digest-to-settings")), data("digest-settings"))
    return (tuple(_to(context, name, figures.period) for name in names), (settings,))


@renders(DeliveryKind.DIGEST)
async def render_digest(context: Context, delivery: Delivery) -> Screen:
    if is_stranger(context.person):
        return await _posted(context, delivery)
    session, policy = context.session, context.policy
    shown = await digests.access_digest(session, context.person, delivery.subject, policy=policy, now=context.now)
    return digest_screen(context, shown)


async def _posted(context: Context, delivery: Delivery) -> Screen:
    """The digest in a group or channel, in its language: with the picture, without buttons, as nobody may use them."""
    digest, chosen = await digests.access_place_digest(context.session, delivery.address_id, delivery.subject)
    figures = await digests.figures_of(context.session, digest, policy=context.policy, now=context.now)
    return _drawn(texts(chosen.language or context.policy.language), figures)
