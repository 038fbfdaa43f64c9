"""Parses what a coordinator types about a meeting: the line of /newmeeting, and the answer to each question."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import time

from handlers import dates
from handlers.dates import Doubt, When
from handlers.meetings.meeting_draft import MeetingDraft, MeetingStep
from handlers.routes import Context
from models.delivery.drafts import Fields
from models.errors import NotFound, Refused
from models.meetings.meetings import DESCRIPTION_LENGTH, LINK_LENGTH, PLACE_LENGTH, TITLE_LENGTH, Mode
from models.people import access
from models.people.groups import Workgroup
from models.people.people import parse_line, tidy

REMOTE = re.compile(r"^(teams|zoom|meet|etänä|etä|verkossa|på distans|distans|remote|online)\b", re.IGNORECASE)
HYBRID = re.compile(r"^(hybridinä|hybridi|hybrid)\b[\s,]*", re.IGNORECASE)
LINK = re.compile(r"https?://\S*[^\s.,:;]")

Reader = Callable[[Context, MeetingDraft, str], Awaitable[MeetingDraft]]

LIMITS = {
    "title": Refused("title-too-long", most=TITLE_LENGTH),
    "place": Refused("place-too-long", most=PLACE_LENGTH),
    "link": Refused("link-too-long", most=LINK_LENGTH),
}


@dataclass(frozen=True)
class Line:
    """The parsed line of /newmeeting. With a doubt, the date is asked next."""

    known: MeetingDraft
    doubt: Doubt | None = None
    notes: tuple[Refused, ...] = ()
    """Why a part of the line was not taken; it will be asked."""


def read_line(context: Context, groups: list[Workgroup], line: str) -> Line:
    """Parses ``GROUP WHEN [HOW or WHERE][: TITLE]``; what is missing will be asked."""
    try:
        before, when, after = dates.find_when(line, now=context.now, zone=context.zone, language=context.language)
    except Doubt as doubt:
        if not (doubt.before or doubt.after or doubt.choices):  # no date at all: then the line names the group
            return _with_group(groups, line, MeetingDraft())
        return replace(_with_group(groups, doubt.before, after_date(doubt.after)), doubt=doubt)
    return _with_group(groups, before, after_date(after).at(when))


def _with_group(groups: list[Workgroup], typed: str, known: MeetingDraft) -> Line:
    """The line with its group: the one that is named, or the only one of the coordinator if none is named."""
    texts = {name: known.known_fields.get(name) or "" for name in LIMITS}
    long = [name for name, too_long in LIMITS.items() if len(texts[name]) > too_long.values["most"]]
    known = known.without(*long)
    notes = tuple(LIMITS[name] for name in long)
    if not typed.strip():
        return Line(replace(known, group=groups[0].id if len(groups) == 1 else None), notes=notes)
    group = group_named(groups, typed)
    if group is None:
        return Line(known, notes=(Refused("newmeeting-no-such-group"), *notes))
    return Line(replace(known, group=group.id), notes=notes)


def group_named(groups: list[Workgroup], typed: str) -> Workgroup | None:
    """The only group whose name is or begins with what was typed; None if there is none or more than one."""
    wanted = typed.casefold().strip()
    exact = [group for group in groups if group.name.casefold() == wanted]
    matches = exact or [group for group in groups if wanted and group.name.casefold().startswith(wanted)]
    return matches[0] if len(matches) == 1 else None


def after_date(text: str) -> MeetingDraft:
    """Parses what follows the date: mode and place, then the title after a colon."""
    link = LINK.search(text)
    rest = LINK.sub("", text)
    where, colon, title = (part.strip(" ,.–-") for part in rest.partition(":"))
    known = MeetingDraft(link=link[0]) if link else MeetingDraft()
    if HYBRID.match(where):
        known = replace(known, mode=Mode.HYBRID, place=tidy(HYBRID.sub("", where), PLACE_LENGTH + 1) or None)
    elif REMOTE.match(where):
        known = replace(known, mode=Mode.REMOTE)
    elif where and colon:
        known = replace(known, mode=Mode.ON_SITE, place=tidy(where, PLACE_LENGTH + 1))
    elif link:
        known = replace(known, mode=Mode.REMOTE)
    title = title or ("" if colon or known.mode else where)
    return replace(known, title=tidy(title, TITLE_LENGTH + 1)) if title else known


def at_hours(context: Context, known: MeetingDraft, start: time, end: time | None) -> MeetingDraft:
    """With these hours on the known day. Raises Doubt."""
    if known.day is None:
        raise NotFound
    when = dates.at_hours(known.day, start, end, now=context.now, zone=context.zone, language=context.language)
    return known.at(when)


def on_day(context: Context, known: MeetingDraft, when: When) -> MeetingDraft:
    """With a new day, and with the known hours if ``when`` has none. Raises Doubt."""
    if when.start is not None or known.start is None:
        return known.at(when)
    return at_hours(context, replace(known, day=when.day), known.start, known.end)


def _words(name: str, limit: int) -> Reader:
    async def read(context: Context, known: MeetingDraft, text: str) -> MeetingDraft:
        field: Fields = {name: parse_line(text, limit)}
        return replace(known, **field)

    return read


async def _group(context: Context, known: MeetingDraft, text: str) -> MeetingDraft:
    group = group_named(await access.coordinated_groups(context.session, context.person), tidy(text))
    if group is None:
        raise Refused("newmeeting-no-such-group")
    return replace(known, group=group.id)


async def _day(context: Context, known: MeetingDraft, text: str) -> MeetingDraft:
    when = dates.read_when(text, now=context.now, zone=context.zone, language=context.language)
    return on_day(context, known, when)


async def _time(context: Context, known: MeetingDraft, text: str) -> MeetingDraft:
    return at_hours(context, known, *dates.read_time(text))


async def _link(context: Context, known: MeetingDraft, text: str) -> MeetingDraft:
    link = LINK.fullmatch(text.strip())
    if link is None or len(link[0]) > LINK_LENGTH:
        raise Refused("link-not-a-link", most=LINK_LENGTH)
    return replace(known, link=link[0])


TYPED: dict[MeetingStep, Reader] = {
    MeetingStep.GROUP: _group,
    MeetingStep.TITLE: _words("title", TITLE_LENGTH),
    MeetingStep.DAY: _day,
    MeetingStep.TIME: _time,
    MeetingStep.PLACE: _words("place", PLACE_LENGTH),
    MeetingStep.LINK: _link,
    MeetingStep.DESCRIPTION: _words("description", DESCRIPTION_LENGTH),
}
"""Parses the typed answer to each question into the draft. Raises Doubt or another Refused."""
