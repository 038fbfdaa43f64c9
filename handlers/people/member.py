"""A member on a group's roster: what is known and can be corrected, the personal link until it is claimed, removal."""

import enum
from dataclasses import dataclass, replace

from markupsafe import Markup

from handlers.people.roster import access_group, group_or_refusal, organisation_text, roster_screen, show_roster
from handlers.routes import Context, Tap, data, tap, text_input
from handlers.screen import Button, Screen
from models.delivery.drafts import Draft, DraftKind, DraftState
from models.errors import NotFound
from models.membership import claims, roster
from models.people import access, groups, links
from models.people.groups import Workgroup
from models.people.people import Person


class MemberField(enum.StrEnum):
    """What coordinators correct of a line."""

    NAME = "name"
    ORGANISATION = "organisation"


@dataclass(frozen=True, kw_only=True)
class ContactDraft(DraftState, subject=DraftKind.CONTACT):
    """Whose contact is to be typed, on the roster of which group."""

    group: int
    person: int


async def access_member(context: Context, tap: Tap) -> tuple[Workgroup, Person]:
    group = await access_group(context, tap)
    return group, await roster.access_member(context.session, group, tap.number(1))


@tap("member", on_refusal=show_roster)
async def on_member(context: Context, tap: Tap) -> Screen:
    group, person = await access_member(context, tap)
    page = tap.number(2) if len(tap.args) > 2 else 0
    return await member_screen(context, group, person, page)


async def member_screen(context: Context, group: Workgroup, person: Person, page: int = 0) -> Screen:
    """The member's name, contact and reachability, and the personal link until it is claimed."""
    t = context.t
    lines = [t("member-heading", name=person.name, group=group.name)]
    if organisation := organisation_text(t, person):
        lines.append(t("member-organisation", organisation=organisation))
    lines.append(t("member-contact", contact=person.contact) if person.contact else t("member-contact-none"))
    lines.append(t(f"member-{person.reach}"))
    rows: list[tuple[Button, ...]] = []
    if person.telegram_id is None and group.archived_at is None:
        link = (await claims.links_of(context.session, group, [person], now=context.now))[person.id]
        url = context.link(link.code)
        lines.append(t("member-link", link=url, code=links.readable(link.code)))
        renewing = Button(t("link-renew"), data("link-renew", group.id, person.id, link.code))
        rows.append((Button(t("link-copy"), copies=url), renewing))
    if group.archived_at is None:
        if person.telegram_id is None:
            rows.append(
                tuple(
                    Button(t(f"correct-{field}"), data("correct", group.id, person.id, field)) for field in MemberField
                )
            )
        rows.append((Button(t("contact-write"), data("contact-write", group.id, person.id)),))
        rows.append((Button(t("merge"), data("merge", group.id, person.id)),))
    rows.append((Button(t("member-remove"), data("member-remove", group.id, person.id)),))
    rows.append((Button(t("back"), data("roster", group.id, page)),))
    return Screen(Markup("\n").join(lines), tuple(rows))


@tap("link-renew", on_refusal=on_member)
async def on_renew(context: Context, tap: Tap) -> Screen:
    group, person = await access_member(context, tap)
    await claims.renew(context.session, context.person, group, person, tap.word(2), now=context.now)
    return (await member_screen(context, group, person)).toasting(context.t("toast-link-renewed"))


@tap("contact-write", on_refusal=show_roster)
async def on_contact(context: Context, tap: Tap) -> Screen:
    """Asks how the member is reached outside Telegram: people who joined by the link have no contact on the roster."""
    group, person = await access_member(context, tap)
    await groups.ensure_not_archived(context.session, group)
    return await ask(context, await context.begin(ContactDraft(group=group.id, person=person.id)))


async def ask(context: Context, draft: Draft[ContactDraft]) -> Screen:
    group = await access.access_group(context.session, context.person, draft.state.group)
    person = await roster.access_member(context.session, group, draft.state.person)
    stop = Button(context.t("cancel"), data("contact-stop", group.id, person.id))
    return Screen(context.t("contact-how", name=person.name), ((stop,),))


@tap("contact-stop", on_refusal=show_roster)
async def on_contact_stop(context: Context, tap: Tap) -> Screen:
    group, person = await access_member(context, tap)
    await context.end_draft(DraftKind.CONTACT)
    return (await member_screen(context, group, person)).toasting(context.t("toast-nothing-changed"))


@text_input(ContactDraft, on_refusal=ask)
async def on_contact_text(context: Context, draft: Draft[ContactDraft], text: str) -> Screen:
    group = await group_or_refusal(context, draft.state.group)
    if isinstance(group, Screen):
        return group
    try:
        person = await roster.access_member(context.session, group, draft.state.person)
    except NotFound as refusal:  # removed from the roster meanwhile: the dialogue is over
        await context.end_draft()
        shown = await roster_screen(context, group)
        return replace(shown, text=Markup("\n\n").join([context.refusal_text(refusal), shown.text]))
    await roster.write_contact(context.session, context.person, group, person, text, now=context.now)
    await context.end_draft()
    return await member_screen(context, group, person)


@tap("member-remove", on_refusal=show_roster)
async def on_remove(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation."""
    t = context.t
    group, person = await access_member(context, tap)
    yes = Button(t("member-remove-yes"), data("member-remove-yes", group.id, person.id))
    no = Button(t("member-remove-no"), data("member", group.id, person.id))
    is_erased = person.telegram_id is None and len(await groups.of_person(context.session, person)) < 2
    key = "member-remove-sure-line" if is_erased else "member-remove-sure"
    return Screen(t(key, name=person.name, group=group.name), ((yes,), (no,)))


@tap("member-remove-yes", on_refusal=show_roster)
async def on_remove_yes(context: Context, tap: Tap) -> Screen:
    group, person = await access_member(context, tap)
    await roster.remove(context.session, context.person, group, person, now=context.now)
    shown = await roster_screen(context, group)
    return shown.toasting(context.t("toast-removed", name=person.name))
