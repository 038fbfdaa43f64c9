"""A group's join link: to copy, as a QR code, as a code to type; replaced, and with or without approval."""

from markupsafe import Markup

from handlers.people.roster import access_group, roster_screen
from handlers.qr import qr_picture
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.membership import group_admin, requests
from models.people import groups, links
from models.people.groups import Workgroup

LISTED = 20
"""Requests to join that get a button."""


@tap("join-link")
async def on_link(context: Context, tap: Tap) -> Screen:
    return await link_screen(context, await access_group(context, tap))


async def link_screen(context: Context, group: Workgroup) -> Screen:
    """The link and its code, waiting requests, and buttons to copy, replace and approve."""
    t = context.t
    if group.archived_at is not None:
        return await roster_screen(context, group)
    link = await links.join_link(context.session, group.id, now=context.now)
    url = context.link(link.code)
    approving = "on" if group.approves_joiners else "off"
    lines = [
        t("join-link-text", group=group.name, link=url, code=links.readable(link.code)),
        t(f"join-approval-{approving}"),
    ]
    waiting = await requests.waiting(context.session, group)
    if waiting:
        lines.append(t("join-waiting", n=len(waiting)))
    rows = (
        *((Button(details.person.name, data("join-card", details.request.id)),) for details in waiting[:LISTED]),
        (Button(t("link-copy"), copies=url), Button(t("join-qr"), data("join-qr", group.id))),
        (Button(t(f"join-approval-turn-{approving}"), data("join-ask", group.id, int(not group.approves_joiners))),),
        (Button(t("join-rotate"), data("join-rotate", group.id)),),
        (Button(t("back"), data("roster", group.id, 0)),),
    )
    return Screen(Markup("\n\n").join(lines), rows)


@tap("join-qr")
async def on_qr(context: Context, tap: Tap) -> Screen:
    """The link as a QR code, to project or print."""
    group = await access_group(context, tap)
    await groups.ensure_not_archived(context.session, group)
    link = await links.join_link(context.session, group.id, now=context.now)
    url, name = context.link(link.code), f"koolla-{link.code}"
    caption = context.t("join-qr-caption", group=group.name, link=url, code=links.readable(link.code))
    return Screen(caption, draws=lambda: qr_picture(url, name), new_message=True)


@tap("join-ask", on_refusal=on_link)
async def on_ask(context: Context, tap: Tap) -> Screen:
    """Turns approval on or off. The button carries the new value, so that a double tap changes nothing more."""
    group, approving = await access_group(context, tap), tap.number(1) == 1
    await group_admin.let_in(context.session, context.person, group, approving, now=context.now)
    toast = context.t("toast-approval-on" if approving else "toast-approval-off")
    return (await link_screen(context, group)).toasting(toast)


@tap("join-rotate", on_refusal=on_link)
async def on_rotate(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation: the old link, perhaps printed on a wall, stops working."""
    t, group = context.t, await access_group(context, tap)
    link = await links.join_link(context.session, group.id, now=context.now)
    yes = Button(t("join-rotate-yes"), data("join-rotate-yes", group.id, link.code))
    return Screen(t("join-rotate-sure", group=group.name), ((yes,), (Button(t("back"), data("join-link", group.id)),)))


@tap("join-rotate-yes", on_refusal=on_link)
async def on_rotate_yes(context: Context, tap: Tap) -> Screen:
    group = await access_group(context, tap)
    await group_admin.rotate_link(context.session, context.person, group, tap.word(1), now=context.now)
    return (await link_screen(context, group)).toasting(context.t("toast-link-rotated"))
