"""Who was at a meeting: the list to tick, and the number of people who are not on it."""

import re
from dataclasses import dataclass

from markupsafe import Markup

from handlers.alphabet import sorted_by_name
from handlers.meetings.invitations import meeting_name
from handlers.meetings.meetings import PAGE, on_meeting
from handlers.paging import page_of
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery import drafts
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import Refused
from models.meetings import attendance, invitations, meetings
from models.meetings.attendance import Attended, ways_to_attend
from models.meetings.meetings import Meeting

UNKNOWN = "unknown"
REMOTE = ("etä", "teams", "på distans", "distans", "remote", "online")


@dataclass(frozen=True, kw_only=True)
class HeadCountDraft(DraftState, subject=DraftKind.HEAD_COUNT):
    """Which meeting's numbers may be typed."""

    meeting: int


async def _meeting(context: Context, tap: Tap) -> Meeting:
    return await meetings.access_meeting(context.session, context.person, tap.id)


@tap("m-who", on_refusal=on_meeting)
async def on_who(context: Context, tap: Tap) -> Screen:
    """The list to tick. The button of a name shows the person's attendance and sets the next value; unknown is last."""
    return await _attendance_screen(context, await _meeting(context, tap), tap.number(1))


async def _attendance_screen(context: Context, meeting: Meeting, page: int) -> Screen:
    t = context.t
    if meeting.starts_at > context.now:
        raise Refused("meeting-not-begun")
    audience = sorted_by_name(t, await invitations.audience(context.session, meeting), lambda row: row[1].name)
    known = await attendance.of(context.session, meeting.id)
    shown = page_of(audience, page, PAGE)
    rows: list[tuple[Button, ...]] = []
    states = [*ways_to_attend(meeting.mode), Attended.NO, UNKNOWN]
    for _, person in shown.items:
        state = known.get(person.id, UNKNOWN)
        following = states[(states.index(state) + 1) % len(states)] if state in states else states[0]
        label = t("attendance-line", name=person.name, attended=t(f"present-{state}"))
        rows.append((Button(label.unescape(), data("m-mark", meeting.id, person.id, following, shown.number)),))
    row = shown.turns(t, "m-who", meeting.id)
    rows += [row, (Button(t("back"), data("meeting", meeting.id)),)]
    return Screen(t("attendance-heading", meeting=meeting_name(t, meeting)), tuple(rows))


@tap("m-mark", on_refusal=on_meeting)
async def on_mark(context: Context, tap: Tap) -> Screen:
    meeting = await _meeting(context, tap)
    attended = None if tap.word(2) == UNKNOWN else tap.choice(Attended, 2)
    await attendance.mark_invited(context.session, meeting, tap.number(1), attended, now=context.now)
    return await _attendance_screen(context, meeting, tap.number(3))


@tap("m-heads", on_refusal=on_meeting)
async def on_heads(context: Context, tap: Tap) -> Screen:
    """How many people who are not on the list were there. A button carries the new number: a double tap counts once."""
    meeting = await _meeting(context, tap)
    if len(tap.args) == 3:
        await attendance.count_heads(
            context.session, meeting, on_site=tap.number(1), remote=tap.number(2), now=context.now
        )
    elif meeting.starts_at > context.now:
        raise Refused("meeting-not-begun")
    await _begin_typing(context, meeting)
    return await _heads_screen(context, meeting)


async def _begin_typing(context: Context, meeting: Meeting) -> None:
    """Begins the dialogue in which the numbers can be typed, unless the coordinator is in another."""
    draft = await drafts.current(context.session, context.person, context.chat_id)
    if draft is None or draft.subject is DraftKind.HEAD_COUNT:
        await context.begin(HeadCountDraft(meeting=meeting.id))


async def ask_heads(context: Context, draft: Draft[HeadCountDraft]) -> Screen:
    return await _heads_screen(context, await _counted(context, draft))


async def _counted(context: Context, draft: Draft[HeadCountDraft]) -> Meeting:
    return await meetings.access_meeting(context.session, context.person, draft.state.meeting)


@text_input(HeadCountDraft, on_refusal=ask_heads)
async def on_numbers(context: Context, draft: Draft[HeadCountDraft], text: str) -> Screen:
    """Reads ``4 12``, or ``12 remote, 4 on site``; one number if the meeting has one way to attend."""
    meeting = await _counted(context, draft)
    counts = read_heads(text, ways_to_attend(meeting.mode))
    if counts is None:
        raise Refused("heads-not-read", example=_example(context, meeting))
    await attendance.count_heads(
        context.session,
        meeting,
        on_site=counts.get(Attended.ON_SITE, 0),
        remote=counts.get(Attended.REMOTE, 0),
        now=context.now,
    )
    return await _heads_screen(context, meeting)


def read_heads(text: str, ways: tuple[Attended, ...]) -> dict[Attended, int] | None:
    """The numbers by way to attend; None if there is not one number for each."""
    numbers = [int(number) for number in re.findall(r"\d{1,9}", text)]
    if len(numbers) != len(ways):
        return None
    remote_first = text.casefold().lstrip().startswith(REMOTE)
    return dict(zip(reversed(ways) if remote_first else ways, numbers, strict=True))


def _example(context: Context, meeting: Meeting) -> str:
    return "4 12" if len(ways_to_attend(meeting.mode)) == 2 else "12"


async def _heads_screen(context: Context, meeting: Meeting) -> Screen:
    t = context.t
    heads = await attendance.heads(context.session, meeting.id)

    def button(way: Attended, step: int) -> Button:
        on_site = max(0, heads.on_site + step) if way is Attended.ON_SITE else heads.on_site
        remote = max(0, heads.remote + step) if way is Attended.REMOTE else heads.remote
        return Button(
            t(f"heads-{way}", step=f"{step:+}".replace("-", "−")), data("m-heads", meeting.id, on_site, remote)
        )

    rows = [tuple(button(way, step) for step in (-1, 1, 5)) for way in ways_to_attend(meeting.mode)]
    text = t("heads-heading", meeting=meeting_name(t, meeting), on_site=heads.on_site, remote=heads.remote)
    if await context.find_draft(HeadCountDraft):
        text += Markup("\n\n") + t("heads-or-type", example=_example(context, meeting))
    return Screen(text, (*rows, (Button(t("back"), data("meeting", meeting.id)),)))
