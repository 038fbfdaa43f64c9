"""What a coordinator types about a meeting: the one line of /newmeeting, and the answer to each question."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from handlers import dates
from handlers.dates import Doubt, When
from handlers.meetings.meeting_draft import when_from, when_to
from handlers.routes import Context
from models.delivery.drafts import Draft
from models.errors import Refused
from models.meetings.meetings import DESCRIPTION_LENGTH, LINK_LENGTH, PLACE_LENGTH, TITLE_LENGTH, Mode
from models.people import access
from models.people.groups import Workgroup
from models.people.people import tidy

REMOTE = re.compile(r"^(teams|zoom|meet|etänä|etä|verkossa|på distans|distans|remote|online)\b", re.IGNORECASE)
HYBRID = re.compile(r"^(hybridinä|hybridi|hybrid)\b[\s,]*", re.IGNORECASE)
LINK = re.compile(r"https?://\S*[^\s.,:;]")

LIMITS = {
    "title": Refused("title-too-long", most=TITLE_LENGTH),
    "place": Refused("place-too-long", most=PLACE_LENGTH),
    "link": Refused("link-too-long", most=LINK_LENGTH),
}

Known = dict[str, Any]
"""Fields of the draft."""


@dataclass(frozen=True)
class Line:
    """What a line told; a doubtful date is to be asked about."""

    known: Known
    doubt: Doubt | None = None
    notes: tuple[Refused, ...] = ()
    """Why something in it could not be taken, and will be asked."""


def read_line(context: Context, groups: list[Workgroup], line: str) -> Line:
    """``GROUP WHEN [HOW or WHERE][: TITLE]``; what is missing will be asked."""
    try:
        before, when, after = dates.find_when(line, now=context.now, zone=context.zone, language=context.language)
    except Doubt as doubt:
        if not (doubt.before or doubt.after or doubt.choices):  # no date at all: then the line names the group
            return _line(groups, line, {})
        told = _line(groups, doubt.before, after_date(doubt.after))
        return Line(told.known, doubt, told.notes)
    return _line(groups, before, {**after_date(after), **when_to(when)})


def _line(groups: list[Workgroup], typed: str, known: Known) -> Line:
    """With the group: the one named, or the only one there is where none is named."""
    long = [name for name, too_long in LIMITS.items() if len(known.get(name) or "") > too_long.values["most"]]
    known = {name: value for name, value in known.items() if name not in long}
    notes = tuple(LIMITS[name] for name in long)
    if not typed.strip():
        return Line(({"group": groups[0].id} if len(groups) == 1 else {}) | known, notes=notes)
    named = group_named(groups, typed)
    return Line(named | known, notes=notes if named else (Refused("newmeeting-no-such-group"), *notes))


def group_named(groups: list[Workgroup], typed: str) -> Known:
    """The group whose name the typed words begin, if there is just one."""
    wanted = typed.casefold().strip()
    exact = [group for group in groups if group.name.casefold() == wanted]
    found = exact or [group for group in groups if wanted and group.name.casefold().startswith(wanted)]
    return {"group": found[0].id} if len(found) == 1 else {}


def after_date(text: str) -> Known:
    """What follows the date: the way and place, then, behind a colon, the title."""
    link = LINK.search(text)
    rest = LINK.sub("", text)
    where, colon, title = (part.strip(" ,.–-") for part in rest.partition(":"))
    known: Known = {"link": link[0]} if link else {}
    if HYBRID.match(where):
        known |= {"mode": Mode.HYBRID, "place": tidy(HYBRID.sub("", where), PLACE_LENGTH + 1) or None}
    elif REMOTE.match(where):
        known |= {"mode": Mode.REMOTE}
    elif where and colon:
        known |= {"mode": Mode.ON_SITE, "place": tidy(where, PLACE_LENGTH + 1)}
    elif link:
        known |= {"mode": Mode.REMOTE}
    title = title or ("" if colon or "mode" in known else where)
    if title:
        known["title"] = tidy(title, TITLE_LENGTH + 1)
    return known


def at(context: Context, draft: Draft, start: time, end: time | None) -> Known:
    """Hours for the day that the draft has."""
    day = date.fromisoformat(draft.data["day"])
    return when_to(dates.at_hours(day, start, end, now=context.now, zone=context.zone, language=context.language))


def kept(context: Context, draft: Draft, when: When) -> When:
    """A new day, with the hours that the draft already has if none came with it."""
    if when.start is not None or "start" not in draft.data:
        return when
    old = when_from({**draft.data, "day": when.day.isoformat()})
    assert old.start is not None
    return dates.at_hours(when.day, old.start, old.end, now=context.now, zone=context.zone, language=context.language)


def _words(name: str, limit: int) -> Callable[[Context, Draft, str], Awaitable[Known]]:
    async def read(context: Context, draft: Draft, text: str) -> Known:
        line = tidy(text, limit + 1)
        if not line:
            raise Refused("line-empty")
        if len(line) > limit:
            raise Refused("line-too-long", most=limit)
        return {name: line}

    return read


async def _group(context: Context, draft: Draft, text: str) -> Known:
    found = group_named(await access.coordinated_groups(context.session, context.person), tidy(text))
    if not found:
        raise Refused("newmeeting-no-such-group")
    return found


async def _day(context: Context, draft: Draft, text: str) -> Known:
    when = dates.read_when(text, now=context.now, zone=context.zone, language=context.language)
    return when_to(kept(context, draft, when))


async def _time(context: Context, draft: Draft, text: str) -> Known:
    return at(context, draft, *dates.read_time(text))


async def _link(context: Context, draft: Draft, text: str) -> Known:
    link = LINK.fullmatch(text.strip())
    if link is None or len(link[0]) > LINK_LENGTH:
        raise Refused("link-not-a-link", most=LINK_LENGTH)
    return {"link": link[0]}


TYPED: dict[str, Callable[[Context, Draft, str], Awaitable[Known]]] = {
    "group": _group,
    "title": _words("title", TITLE_LENGTH),
    "day": _day,
    "time": _time,
    "place": _words("place", PLACE_LENGTH),
    "link": _link,
    "description": _words("description", DESCRIPTION_LENGTH),
}
"""How a typed line answers each question."""
