"""The digest's details behind its buttons: groups, meetings, statements, attention, months and the workbook.

All but the workbook replace the digest's text in its message, in pages that fit a caption.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter

from markupsafe import Markup

from handlers import responses
from handlers.alphabet import sorted_by_name
from handlers.dates.printing import near_day_text
from handlers.figures import number
from handlers.forms.labels import ends
from handlers.layout import CAPTION_LENGTH, pages_of_blocks, shown_length
from handlers.paging import page_number, turns
from handlers.reports.digest.attendance_text import attended_there, is_recorded, who
from handlers.reports.digest.attention import needing, reasons
from handlers.reports.digest.charts import month_number, trend_picture
from handlers.reports.digest.digest import read_period
from handlers.reports.digest.sheet import digest_xlsx
from handlers.reports.digest.text import by_scale, coming_line, heading, period_title, pooled, statement
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.errors import NotFound
from models.periods import parse
from models.reports import digests
from models.reports.funnel import Flow
from models.reports.statistics import Detail, DigestFigures, GroupFlow, MeetingFlow

COUNT = 12
"""Units kept free for the page's number."""
WORDS = 200
"""Units of a statement, at most: nearly all are shown whole here."""


async def _figures(context: Context, tap: Tap, only: Detail | None = None) -> DigestFigures:
    """The figures of a button's digest; of one that was never sent, only the wanted detail is computed."""
    period, session = read_period(tap.word(0)), context.session
    shown = await digests.access_own_digest(
        session, context.person, period, policy=context.policy, now=context.now, only=only
    )
    return shown.figures


def _page(context: Context, tap: Tap, title: Markup, lines: Sequence[Markup]) -> Screen:
    """One page of lines, with buttons to the pages before and after and back to the digest."""
    t, pages = context.t, pages_of_blocks(lines, CAPTION_LENGTH - COUNT - shown_length(title), gap=1)
    if not pages:
        raise NotFound
    at, month = min(page_number(tap, 1), len(pages) - 1), tap.word(0)
    row = turns(t, tap.name, month, number=at, has_more=at + 1 < len(pages))
    count = Markup(" <i>({}/{})</i>").format(at + 1, len(pages)) if len(pages) > 1 else Markup("")
    text = Markup("\n").join([title + count, *pages[at]])
    return Screen(text, (row, (Button(str(t("digest-back")), data("digest", month)),)))


@tap("digest-groups")
async def on_groups(context: Context, tap: Tap) -> Screen:
    t, figures = context.t, await _figures(context, tap, "groups")
    lines = [group_line(t, group) for group in sorted_by_name(t, figures.groups or (), attrgetter("group"))]
    page = _page(context, tap, _title(t, figures, "digest-groups"), lines)
    meetings = sum(group.flow.meetings for group in figures.groups or ())
    if not meetings:
        return page
    to_meetings = Button(str(t("digest-to-meetings", n=meetings)), data("digest-meetings", figures.period))
    row, *back = page.buttons
    return Screen(page.text, (row, (to_meetings,), *back))


@tap("digest-meetings")
async def on_meetings(context: Context, tap: Tap) -> Screen:
    t, figures = context.t, await _figures(context, tap, "held")
    lines = [meeting_line(t, meeting) for meeting in figures.held or ()]
    return _page(context, tap, _title(t, figures, "digest-meetings-held"), lines)


def _title(t: Texts, figures: DigestFigures, key: str) -> Markup:
    return t(key, month=period_title(t, parse(figures.period)))


def group_line(t: Texts, group: GroupFlow) -> Markup:
    """A group with its meetings, attendances and answers."""
    parts = [t("trend-meetings", n=group.flow.meetings)]
    if group.flow.cancelled:
        parts.append(t("digest-group-cancelled", n=group.flow.cancelled))
    return t("digest-group", group=group.group, told=Markup(", ").join([*parts, *_came_of(t, group.flow)]))


def meeting_line(t: Texts, meeting: MeetingFlow) -> Markup:
    """A meeting that was held, with its attendances and answers."""
    title = Markup(": {}").format(meeting.title) if meeting.title else ""
    line = t("digest-coming-line", day=near_day_text(meeting.day, t.language), group=meeting.group, title=title)
    # At one meeting people and attendances are the same, as far as there are names.
    parts = _came_of(t, meeting.flow, has_people=meeting.flow.unnamed > meeting.flow.heads)
    return t("digest-meeting", meeting=line, told=Markup(", ").join(parts))


def _came_of(t: Texts, flow: Flow, *, has_people: bool = True) -> Iterator[Markup]:
    if is_recorded(flow):
        yield attended_there(t, flow, who(t, flow, has_people=has_people))
    if flow.unrecorded:
        yield t("digest-group-unrecorded", n=flow.unrecorded)
    if not flow.response.is_empty:
        parts = responses.parts(t, flow.response)
        yield t("digest-group-answered", response=Markup(", ").join(parts))


@tap("digest-statements")
async def on_statements(context: Context, tap: Tap) -> Screen:
    """All statements, by scale, with the ends of each scale above them."""
    t, figures = context.t, await _figures(context, tap, "statements")
    lines = []
    for statements in by_scale(figures.statements):
        lines.append(Markup("<i>{}, {}</i>").format(*ends(t, statements[0])))
        lines += [statement(t, figures, item, WORDS) for item in statements]
    lines += pooled(t, figures)
    return _page(context, tap, _title(t, figures, "digest-statements"), lines)


@tap("digest-attention")
async def on_attention(context: Context, tap: Tap) -> Screen:
    t, figures = context.t, await _figures(context, tap, "attention")
    lines = [t("digest-attention-line", group=name, why=reasons(t, entries)) for name, entries in needing(figures)]
    return _page(context, tap, t("digest-attention"), lines)


@tap("digest-coming")
async def on_coming(context: Context, tap: Tap) -> Screen:
    """All meetings called for the rest of a period that is not over, and for the next."""
    t, figures = context.t, await _figures(context, tap, "meetings")
    lines = [coming_line(t, meeting, WORDS, WORDS) for meeting in (*figures.rest, *figures.meetings)]
    return _page(context, tap, t("digest-coming-all"), lines)


@tap("digest-trend")
async def on_trend(context: Context, tap: Tap) -> Screen:
    """Twelve months, with a button to their picture."""
    t, figures = context.t, await _figures(context, tap, "months")
    title = t("digest-trend", month=period_title(t, parse(figures.period).last))
    shown = _page(context, tap, Markup("\n").join([title, t("trend-legend")]), _trend(t, figures))
    to_picture = Button(str(t("digest-to-picture")), data("digest-trend-picture", figures.period))
    return Screen(shown.text, ((to_picture,), *shown.buttons))


@tap("digest-trend-picture")
async def on_trend_picture(context: Context, tap: Tap) -> Screen:
    t, figures = context.t, await _figures(context, tap, "months")
    title = t("digest-trend", month=period_title(t, parse(figures.period).last))
    text = Markup("\n").join([title, t("trend-legend"), *_trend(t, figures)])
    return Screen(text, draws=partial(trend_picture, figures, t.language), new_message=True)


def _trend(t: Texts, figures: DigestFigures) -> list[Markup]:
    return [trend_line(t, month.month, month.flow) for month in reversed(figures.months or ())]


def trend_line(t: Texts, month: str, flow: Flow) -> Markup:
    """A month so short that twelve of them fit a page."""
    parts = [t("trend-meetings", n=flow.meetings)]
    if is_recorded(flow):
        by = Markup(" ({})").format(number(flow.people, t.language)) if flow.people else ""
        parts.append(t("trend-attended", attended=number(flow.attended, t.language), people=by))
    if flow.heads:
        parts.append(t("trend-heads", n=number(flow.heads, t.language)))
    if flow.unrecorded:
        parts.append(t("digest-group-unrecorded", n=flow.unrecorded))
    if not flow.response.is_empty:
        parts.append(responses.rate(t, flow.response))
    return t("trend-month", month=month_number(month), told=Markup(", ").join(parts))


@tap("digest-sheet")
async def on_sheet(context: Context, tap: Tap) -> Screen:
    t, figures = context.t, await _figures(context, tap)
    name = heading(t, figures).striptags()
    draws = partial(digest_xlsx, figures, t.language, context.now)
    return Screen(t("digest-sheet-here", name=name), draws=draws, new_message=True)
