"""/members: the members of a group, in pages, each with whether they can be reached."""

from collections.abc import Sequence

from markupsafe import Markup

from handlers.alphabet import sorted_by_name
from handlers.paging import page_of
from handlers.routes import Context, Tap, command, command_button, data, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.delivery.drafts import DraftKind
from models.errors import Refused
from models.membership import roster, same_people
from models.people import access, groups, organisations
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person, Reachability
from models.people.settings import Organisation

PAGE = 8
Rows = tuple[tuple[Button, ...], ...]


@command("members", role=RoleKind.COORDINATOR)
async def on_members(context: Context, line: str) -> Screen:
    return await choose(context)


@tap("members")
async def on_choose(context: Context, tap: Tap) -> Screen:
    return await choose(context)


async def choose(context: Context) -> Screen:
    """The groups that a person coordinates; if there is only one, its roster."""
    t = context.t
    mine = await access.coordinated_groups(context.session, context.person)
    if len(mine) == 1:
        return await roster_screen(context, mine[0])
    if not mine and await access.holds(context.session, context.person, RoleKind.ADMINISTRATOR):
        return Screen(t("members-no-groups"), ((command_button(context, "newgroup"),),))
    if not mine:
        raise Refused("members-for-coordinators")
    rows = tuple((Button(group.name, data("roster", group.id, 0)),) for group in sorted_by_name(t, mine)[:90])
    return Screen(t("members-which"), rows)


async def access_group(context: Context, tap: Tap) -> Workgroup:
    """The group of a button, which is its first argument, for its coordinators."""
    return await access.access_group(context.session, context.person, tap.id)


async def group_or_refusal(context: Context, group_id: int) -> Workgroup | Screen:
    """The group of a dialogue, or a screen with the refusal if the person has lost their role: the dialogue ends."""
    try:
        return await access.access_group(context.session, context.person, group_id)
    except Refused as refusal:  # returned and not raised: a refusal would roll the end of the dialogue back
        await context.end_draft()
        ways = (command_button(context, "meetings"), command_button(context, "help"))
        return Screen(context.refusal_text(refusal), (ways,))


async def stopped(context: Context, tap: Tap, subject: DraftKind) -> Screen:
    """Ends a dialogue about a group and shows the group's roster."""
    group = await access_group(context, tap)
    await context.end_draft(subject)
    return (await roster_screen(context, group)).toasting(context.t("toast-nothing-changed"))


@tap("roster")
async def on_roster(context: Context, tap: Tap) -> Screen:
    return await roster_screen(context, await access_group(context, tap), tap.number(1))


async def show_roster(context: Context, tap: Tap) -> Screen:
    """The group's roster as it is now."""
    return await roster_screen(context, await access_group(context, tap))


async def roster_screen(context: Context, group: Workgroup, page: int = 0) -> Screen:
    """A page of the roster, with counts and buttons for everything that can be done with the group."""
    t = context.t
    people = sorted_by_name(t, await groups.members(context.session, group.id))
    shown = page_of(people, page, PAGE)
    lines = [t("roster-heading", group=group.name), counts_text(t, people), Markup("")]
    lines += [member_line(t, person) for person in shown.items]
    rows: list[tuple[Button, ...]] = [
        (Button(label, data("member", group.id, person.id, shown.number)),) for person, label in labels(t, shown.items)
    ]
    rows.append(shown.turns(t, "roster", group.id))
    if group.archived_at is not None:
        lines.append(t("roster-archived", group=group.name))
    else:
        if pairs := await same_people.waiting(context.session, group):
            rows.append((Button(t("same-open", n=len(pairs)), data("same", group.id)),))
        rows += _actions(t, group, people)
        if names := await organisations.on_roster(context.session, group):
            undecided = sum(name.organisation is None for name in names)
            label = t("organisations-open", n=undecided) if undecided else t("organisations")
            rows.append((Button(label, data("orgs", group.id, 0)),))
        if not people:
            lines.append(t("roster-empty"))
    rows.append(await _others(context, group))
    return Screen(Markup("\n").join(lines), tuple(rows))


def _actions(t: Texts, group: Workgroup, people: list[Person]) -> Rows:
    waiting = any(person.telegram_id is None for person in people)
    missed = any(person.reach is not Reachability.REACHABLE for person in people)
    return (
        (Button(t("roster-add"), data("roster-add", group.id)), Button(t("join-link"), data("join-link", group.id))),
        (
            *((Button(t("personal-links"), data("personal-links", group.id)),) if waiting else ()),
            *((Button(t("unreached"), data("unreached", group.id, 0)),) if missed else ()),
        ),
        (Button(t("group-form"), data("group-form", group.id)),),
        (
            Button(t("group-rename"), data("group-rename", group.id)),
            Button(t("group-archive"), data("group-archive", group.id)),
        ),
    )


async def _others(context: Context, group: Workgroup) -> tuple[Button, ...]:
    """The button to the other groups that the person coordinates; without any, to the meetings."""
    mine = await access.coordinated_groups(context.session, context.person)
    others = any(other.id != group.id for other in mine)
    return (Button(context.t("members-others"), data("members")) if others else command_button(context, "meetings"),)


def labels(t: Texts, people: Sequence[Person]) -> list[tuple[Person, str]]:
    """The labels of people's buttons: equal names are followed by the organisation, or else the contact."""
    names = [person.name for person in people]

    def label(person: Person) -> str:
        more = organisation_text(t, person) or person.contact or t(f"reach-{person.reach}")
        return person.name if names.count(person.name) == 1 else f"{person.name} ({more})"

    return [(person, label(person)) for person in people]


def counts_text(t: Texts, people: list[Person]) -> Markup:
    """How many members there are, and how many of each reachability."""
    parts = [t(f"roster-count-{reach}", n=n) for reach, n in roster.counts(people).items()]
    total = t("roster-count", n=len(people))
    return t("roster-counts", total=total, parts=Markup(", ").join(parts)) if parts else total


def member_line(t: Texts, person: Person) -> Markup:
    reach = t(f"reach-{person.reach}")
    if organisation := organisation_text(t, person):
        return t("member-line-from", name=person.name, organisation=organisation, reach=reach)
    return t("member-line", name=person.name, reach=reach)


def organisation_text(t: Texts, person: Person) -> str:
    """A person's organisation, as the roster has it, else as they chose it; empty if neither is known."""
    if person.organisation_name:
        return person.organisation_name
    known = person.organisation in set(Organisation)
    return str(t(f"option-organisation-{person.organisation}").unescape()) if known else ""


@tap("unreached")
async def on_unreached(context: Context, tap: Tap) -> Screen:
    """The members who get no messages, each with the reason and their contact, and what to do about it."""
    t, group = context.t, await access_group(context, tap)
    everyone = await groups.members(context.session, group.id)
    people = sorted_by_name(t, (person for person in everyone if person.reach is not Reachability.REACHABLE))
    shown = page_of(people, tap.number(1), PAGE)
    back = (Button(t("back"), data("roster", group.id, 0)),)
    if not people:
        return Screen(t("unreached-none", group=group.name), (back,))
    lines = [t("unreached-heading", group=group.name)]
    lines += [
        t(
            "unreached-line",
            name=member.name,
            reach=t(f"reach-{member.reach}"),
            contact=member.contact or t("contact-none"),
        )
        for member in shown.items
    ]
    lines += [Markup("")] + [t(f"unreached-do-{reach}") for reach in roster.counts(shown.items)]
    rows = [(Button(label, data("member", group.id, person.id, 0)),) for person, label in labels(t, shown.items)]
    row = shown.turns(t, "unreached", group.id)
    return Screen(Markup("\n").join(lines), (*rows, row, back))
