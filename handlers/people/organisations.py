"""Which background organisations the names on a roster mean: proposals, one tap for all, and one for each."""

import re
import zlib

from markupsafe import Markup

from handlers.layout import cut
from handlers.paging import page_number, page_of
from handlers.people.roster import access_group, roster_screen
from handlers.routes import Context, Tap, data, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.errors import Stale
from models.people import groups, organisations
from models.people.groups import Workgroup
from models.people.organisations import NameOnRoster
from models.people.settings import Organisation

PAGE = 8
LABEL = 40
WORDS = {
    Organisation.COUNTY: r"hyvinvointialue|wellbeing services|välfärdsområd",
    Organisation.SCHOOL: r"\w*koulu\b|yliopisto|\w*opisto\b|\bamk\b|\w*skola\b|universit|school|college",
    Organisation.NGO: r"\bry\b|\brf\b|yhdisty|järjestö|säätiö|förening|stiftelse|\w*liitto\b|association|foundation",
    Organisation.COMPANY: r"\boyj?\b|\bab\b|\bky\b|\btmi\b|yrity|företag|\bltd\b",
    Organisation.MUNICIPALITY: r"kaupun|\w*kunta\b|kunnan|\bstad\b|kommun|municipal|\bcity\b|\btown\b",
}
"""Words by which a kind is proposed, in the languages of the office; the first that is found."""


def proposal(name: str) -> Organisation | None:
    """The kind that an organisation's name suggests; None if it has no such word."""
    words = name.casefold()
    return next((kind for kind, pattern in WORDS.items() if re.search(pattern, words)), None)


def _number(name: NameOnRoster) -> int:
    """A number by which a button means a name."""
    return zlib.crc32(name.key.encode()) % 2**31


@tap("orgs")
async def on_names(context: Context, tap: Tap) -> Screen:
    return await names_screen(context, await access_group(context, tap), page_number(tap, 1))


async def show(context: Context, tap: Tap) -> Screen:
    """The names as they are now."""
    return await names_screen(context, await access_group(context, tap))


async def names_screen(context: Context, group: Workgroup, page: int = 0) -> Screen:
    """The names on the group's roster with the kind of each: decided, proposed or open."""
    t = context.t
    names = await organisations.on_roster(context.session, group)
    if not names or group.archived_at is not None:
        return await roster_screen(context, group)
    shown = page_of(names, page, PAGE)
    lines = [t("organisations-heading", group=group.name)]
    lines.append(Markup("\n").join(_line(t, name) for name in shown.items))
    rows: list[tuple[Button, ...]] = []
    if proposed := _proposed(names):
        rows.append((Button(t("organisations-accept", n=len(proposed)), data("orgs-accept", group.id, _stamp(names))),))
    rows += [(Button(cut(name.name, LABEL), data("org", group.id, _number(name))),) for name in shown.items]
    rows += [shown.turns(t, "orgs", group.id), (Button(t("back"), data("roster", group.id, 0)),)]
    return Screen(Markup("\n\n").join(lines), tuple(rows))


def _line(t: Texts, name: NameOnRoster) -> Markup:
    guess = proposal(name.name)
    if name.organisation is not None:
        kind = t(f"option-organisation-{name.organisation}")
    else:
        kind = t("organisation-proposed", kind=t(f"option-organisation-{guess}")) if guess else t("organisation-open")
    return t("organisation-line", name=name.name, n=name.people, kind=kind)


def _proposed(names: list[NameOnRoster]) -> dict[str, Organisation]:
    """The proposals for the names that are not decided, by the names' keys."""
    undecided = (name for name in names if name.organisation is None)
    return {name.key: kind for name in undecided if (kind := proposal(name.name)) is not None}


def _stamp(names: list[NameOnRoster]) -> int:
    """Changes when another name could be accepted than the screen shows."""
    return zlib.crc32(" ".join(sorted(_proposed(names))).encode()) % 2**31


@tap("orgs-accept", on_refusal=show)
async def on_accept(context: Context, tap: Tap) -> Screen:
    """Accepts all proposals that the screen shows."""
    group = await access_group(context, tap)
    names = await organisations.on_roster(context.session, group)
    if _stamp(names) != tap.number(1):
        raise Stale("organisations-changed")
    proposed = _proposed(names)
    for key, kind in proposed.items():
        await organisations.decide(context.session, context.person, group, key, kind, now=context.now)
    return (await names_screen(context, group)).toasting(context.t("toast-organisations", n=len(proposed)))


async def _access_name(context: Context, tap: Tap) -> tuple[Workgroup, NameOnRoster]:
    group = await access_group(context, tap)
    await groups.ensure_not_archived(context.session, group)
    for name in await organisations.on_roster(context.session, group):
        if _number(name) == tap.number(1):
            return group, name
    raise Stale("organisations-changed")


@tap("org", on_refusal=show)
async def on_name(context: Context, tap: Tap) -> Screen:
    """Asks which kind a name means."""
    t = context.t
    group, name = await _access_name(context, tap)
    chosen = name.organisation or proposal(name.name)
    buttons = []
    for kind in Organisation:
        label = t(f"option-organisation-{kind}").unescape()
        is_chosen = kind is chosen
        buttons.append(Button(f"✓ {label}" if is_chosen else label, data("org-set", group.id, tap.number(1), kind)))
    rows = [tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2)]
    rows.append((Button(t("back"), data("orgs", group.id, 0)),))
    return Screen(t("organisation-which", name=name.name, n=name.people), tuple(rows))


@tap("org-set", on_refusal=show)
async def on_set(context: Context, tap: Tap) -> Screen:
    group, name = await _access_name(context, tap)
    kind = tap.choice(Organisation, 2)
    await organisations.decide(context.session, context.person, group, name.key, kind, now=context.now)
    return (await names_screen(context, group)).toasting(context.t("settings-saved"))
