"""Quiet hours, from /settings: the organisation's, none, or own hours."""

from datetime import time

from markupsafe import Markup

from handlers.dates import hours_text
from handlers.people.settings import back, quiet_text, saved
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.errors import NotFound
from models.people import settings
from models.people.settings import QUIET_FROM, QUIET_UNTIL


@tap("s-quiet")
async def on_quiet(context: Context, tap: Tap) -> Screen:
    """Without arguments asks; sets "usual", "none", or the hours from and until."""
    person, usual = context.person, context.policy.quiet
    if not tap.args:
        return _ask_quiet(context)
    if tap.word(0) == "usual":
        settings.keep_quiet(person, None, None)
    elif tap.word(0) == "none":
        settings.keep_quiet(person, usual.end, usual.end)  # after a weekend, mornings still begin then
    else:
        settings.keep_quiet(person, _hour(tap, 0, QUIET_FROM), _hour(tap, 1, QUIET_UNTIL))
    return await saved(context)


def _ask_quiet(context: Context) -> Screen:
    t, usual = context.t, context.policy.quiet
    lines = [t("ask-quiet", value=quiet_text(context))]
    if usual.weekends or usual.holidays:
        lines.append(t("quiet-days-off"))
    hours = hours_text(usual.start, usual.end, t.language)
    rows = (
        (Button(str(t("quiet-usual", hours=hours)), data("s-quiet", "usual")),),
        (Button(str(t("quiet-none")), data("s-quiet", "none")),),
        (Button(str(t("quiet-own")), data("s-from")),),
    )
    return Screen(Markup("\n\n").join(lines), (*rows, back(context)))


@tap("s-from")
async def on_from(context: Context, tap: Tap) -> Screen:
    return _hours(context, "ask-quiet-from", [(data("s-until", at.hour), at) for at in QUIET_FROM])


@tap("s-until")
async def on_until(context: Context, tap: Tap) -> Screen:
    start = _hour(tap, 0, QUIET_FROM)
    return _hours(context, "ask-quiet-until", [(data("s-quiet", start.hour, at.hour), at) for at in QUIET_UNTIL])


def _hours(context: Context, heading: str, options: list[tuple[str, time]]) -> Screen:
    buttons = [Button(hours_text(at, None, context.language), key) for key, at in options]
    rows = [tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]
    back = (Button(str(context.t("back")), data("s-quiet")),)
    return Screen(context.t(heading), (*rows, back))


def _hour(tap: Tap, index: int, offered: tuple[time, ...]) -> time:
    for at in offered:
        if at.hour == tap.number(index):
            return at
    raise NotFound
