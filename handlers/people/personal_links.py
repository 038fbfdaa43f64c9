"""Personal links of people on a roster who are not in Telegram yet: a list to pass on, as a text or as a file."""

from markupsafe import Markup

from handlers.alphabet import sorted_by_name
from handlers.dates import day_text
from handlers.people.roster import access_group
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, File, Screen
from handlers.workbook import csv_table
from models.errors import NotFound
from models.membership import roster
from models.people import links
from models.people.groups import Workgroup
from models.people.links import Link
from models.people.people import Person

IN_TEXT = 8
"""More links than this go in a file."""
COLUMNS = ("name", "organisation", "contact", "link", "code")


@tap("personal-links")
async def on_links(context: Context, tap: Tap) -> Screen:
    """The links of all who have not used theirs yet."""
    t, group = context.t, await access_group(context, tap)
    waiting = await roster.personal_links(context.session, group, now=context.now)
    waiting = sorted_by_name(t, waiting, lambda row: row[0].name)
    if not waiting:
        raise NotFound("links-none")
    return links_screen(context, group, waiting, t("links-heading", n=len(waiting), group=group.name))


def links_screen(context: Context, group: Workgroup, people: list[tuple[Person, Link]], heading: Markup) -> Screen:
    """Personal links: up to `IN_TEXT` in the text, more in a file."""
    t = context.t
    back = ((Button(t("back"), data("roster", group.id, 0)),),)
    if not people:
        return Screen(heading, back)
    first_end = min(link.expires_at for _, link in people if link.expires_at)
    how = t("links-how", until=day_text(first_end.astimezone(context.zone).date(), context.language))
    if len(people) > IN_TEXT:
        header = [t(f"links-column-{name}").unescape() for name in COLUMNS]
        rows = [
            [
                person.name,
                person.organisation_name or "",
                person.contact or "",
                context.link(link.code),
                links.readable(link.code),
            ]
            for person, link in people
        ]
        file = File(f"{t('links-file')}.csv", csv_table([header, *rows], ";"))
        return Screen(Markup("\n\n").join([heading, how]), back, file=file)
    named = [
        t("links-line", name=person.name, link=context.link(link.code), code=links.readable(link.code))
        for person, link in people
    ]
    return Screen(Markup("\n\n").join([heading, *named, how]), back)
