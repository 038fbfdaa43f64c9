"""Two rows on a coordinator's rosters that are one person: the other is chosen, looked at, and merged."""

from markupsafe import Markup

from handlers.layout import cut
from handlers.paging import page_number, page_of
from handlers.people.member import access_member, member_screen, on_member
from handlers.people.roster import roster_screen, show_roster
from handlers.people.same_people import person_text
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from models.membership import duplicates
from models.people import access, groups
from models.people.groups import Workgroup
from models.people.people import Person

PAGE = 8
LABEL = 50


@tap("merge", on_refusal=show_roster)
async def on_choose(context: Context, tap: Tap) -> Screen:
    """Asks who on the rosters of the coordinator's groups is the same person."""
    t = context.t
    group, person = await access_member(context, tap)
    await groups.ensure_not_archived(context.session, group)
    others = await duplicates.candidates(context.session, context.person, person)
    shown = page_of(others, page_number(tap, 2), PAGE)
    rows = []
    for other, places in shown.items:
        label = t("merge-with", name=other.name, group=", ".join(place.name for place in places))
        rows.append((Button(cut(label, LABEL), data("merge-with", group.id, person.id, other.id)),))
    text = t("merge-which" if others else "merge-nobody", name=person.name)
    turns = shown.turns(t, "merge", group.id, person.id)
    return Screen(text, (*rows, turns, (Button(t("back"), data("member", group.id, person.id)),)))


async def _access_pair(context: Context, tap: Tap) -> tuple[Workgroup, Person, Person]:
    group, person = await access_member(context, tap)
    other = await duplicates.access_other(context.session, context.person, tap.number(2))
    await groups.ensure_not_archived(context.session, group)
    await duplicates.ensure_may_merge(context.session, person, other)
    return group, person, other


@tap("merge-with", on_refusal=on_member)
async def on_with(context: Context, tap: Tap) -> Screen:
    """Asks for confirmation, with what stays."""
    t = context.t
    group, person, other = await _access_pair(context, tap)
    line, kept = duplicates.sides(person, other)
    mine = {each.id for each in await access.coordinated_groups(context.session, context.person)}
    elsewhere = [each for each in await groups.of_person(context.session, line) if each.id not in mine]
    lines = [
        t("merge-sure", line=person_text(t, line), kept=person_text(t, kept)),
        t("merge-means", name=duplicates.name_after(line, kept)),
    ]
    if elsewhere:
        lines.append(t("merge-elsewhere"))
    yes = Button(t("merge-yes"), data("merge-yes", group.id, person.id, other.id))
    no = Button(t("merge-no"), data("member", group.id, person.id))
    return Screen(Markup("\n\n").join(lines), ((yes,), (no,)))


@tap("merge-yes", on_refusal=on_member)
async def on_yes(context: Context, tap: Tap) -> Screen:
    group, person, other = await _access_pair(context, tap)
    await duplicates.unite(
        context.session, context.person, group, person, other, policy=context.policy, now=context.now
    )
    _, kept = duplicates.sides(person, other)
    if await access.is_member(context.session, kept, group.id):
        shown = await member_screen(context, group, kept)
    else:
        shown = await roster_screen(context, group)
    return shown.toasting(context.t("toast-same", name=kept.name))
