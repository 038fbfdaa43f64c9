"""One place on a roster: who it is, the personal link while nobody has claimed it, and its end."""

from markupsafe import Markup

from handlers.roster import group_of, organisation_text, roster_screen, show_roster
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models import claims, links, roster
from models.groups import Workgroup
from models.people import Person


async def _place(context: Context, tap: Tap) -> tuple[Workgroup, Person]:
    group = await group_of(context, tap)
    return group, await roster.member(context.session, group, tap.number(1))


@tap("member", fresh=show_roster)
async def on_member(context: Context, tap: Tap) -> Screen:
    group, person = await _place(context, tap)
    page = tap.number(2) if len(tap.args) > 2 else 0
    return await member_screen(context, group, person, page)


async def member_screen(context: Context, group: Workgroup, person: Person, page: int = 0) -> Screen:
    """One place on the roster: who, how to reach them, and the personal link while nobody has claimed it."""
    t = context.t
    lines = [t("member-heading", name=person.name, group=group.name)]
    if person.organisation:
        lines.append(t("member-organisation", organisation=organisation_text(t, person)))
    lines += [t("member-contact", contact=person.contact or t("contact-none")), t(f"member-{person.reach}")]
    rows: list[tuple[Button, ...]] = []
    if person.telegram_id is None and group.archived_at is None:
        link = (await claims.links_of(context.session, [person], now=context.now))[person.id]
        url = context.link(link.code)
        lines.append(t("member-link", link=url, code=links.readable(link.code)))
        renewing = Button(t("link-renew"), data("link-renew", group.id, person.id, link.code))
        rows.append((Button(t("link-copy"), copies=url), renewing))
    rows.append((Button(t("member-remove"), data("member-remove", group.id, person.id)),))
    rows.append((Button(t("back"), data("roster", group.id, page)),))
    return Screen(Markup("\n").join(lines), tuple(rows))


@tap("link-renew", fresh=on_member)
async def on_renew(context: Context, tap: Tap) -> Screen:
    group, person = await _place(context, tap)
    await claims.renew(context.session, context.person, group, person, tap.word(2), now=context.now)
    return (await member_screen(context, group, person)).toasting(context.t("toast-link-renewed"))


@tap("member-remove", fresh=show_roster)
async def on_remove(context: Context, tap: Tap) -> Screen:
    """Asks once more."""
    t = context.t
    group, person = await _place(context, tap)
    yes = Button(t("member-remove-yes"), data("member-remove-yes", group.id, person.id))
    no = Button(t("member-remove-no"), data("member", group.id, person.id))
    key = "member-remove-sure" if person.telegram_id is not None else "member-remove-sure-line"
    return Screen(t(key, name=person.name, group=group.name), ((yes,), (no,)))


@tap("member-remove-yes", fresh=show_roster)
async def on_remove_yes(context: Context, tap: Tap) -> Screen:
    group, person = await _place(context, tap)
    await roster.remove(context.session, context.person, group, person, now=context.now)
    shown = await roster_screen(context, group)
    return shown.toasting(context.t("toast-removed", name=person.name))
