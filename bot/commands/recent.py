"""`koolla status --recent`: the last refusals and failures, in words, with the route and the function that refused."""

import re

from markupsafe import Markup

from bot.commands import admin
from bot.config import Settings
from handlers.texts import catalogue
from models.operations import recent
from models.operations.recent import RecentUpdate, UpdateOutcome

PLACE = re.compile(r"\{\w+\}")
"""A place in a text for a value; values are not recorded."""


async def lines(settings: Settings) -> list[str]:
    """Two lines for each recorded update, newest first, under a heading."""
    async with admin.opened(settings) as (_, sessions), sessions() as session:
        rows = await recent.newest_first(session)
    if not rows:
        return ["Nothing was refused and nothing failed."]
    heading = f"The last {len(rows)} refusals and failures, newest first. Answers to forms are never among them."
    return [heading, *(line for row in rows for line in _about(row, settings))]


def _about(row: RecentUpdate, settings: Settings) -> list[str]:
    at = f"{row.at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
    if row.outcome is UpdateOutcome.FAILED:
        why = f"a fault of the program; the person was shown reference {row.reference}: look for it in the log"
    else:
        why = f"{row.refusal}: {english(row.refusal)} ({row.gate})"
    return [f"{at}  {row.outcome}  {row.route}", f"    {why}"]


def english(key: str) -> str:
    """The English text of a key, without its values; "no such text" for a key of another version."""
    forms = catalogue("en").get(key)
    if forms is None:
        return "no such text"
    text = Markup(forms[-1]).striptags()  # noqa: S704  (our own text)
    return f'"{PLACE.sub("…", text)}"'
