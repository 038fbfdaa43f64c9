"""The digest's settings: how often, of which groups, and for a group or channel in which language."""

from markupsafe import Markup

from handlers.dates import day_text
from handlers.layout import cut
from handlers.paging import page_of
from handlers.routes import Context, Tap, command_button, data, tap
from handlers.screen import Button, Screen
from handlers.texts import LANGUAGES, texts
from models.errors import NotFound
from models.people.groups import Workgroup
from models.reports import digest_plans, digests, places, subscriptions
from models.reports.subscriptions import PRIVATE_PLACE, Rhythm, Subscription

PAGE = 8
"""Groups on one screen."""
LABEL = 40
Rows = tuple[tuple[Button, ...], ...]


@tap("digest-settings")
async def on_settings(context: Context, tap: Tap) -> Screen:
    """The settings of the person's own digest, with buttons to those in groups and channels, a page at a time."""
    page = tap.number(1) if len(tap.args) > 1 else 0
    return await place_screen(context, tap.id if tap.args else PRIVATE_PLACE, page)


async def place_screen(context: Context, place: int, page: int = 0) -> Screen:
    """The settings of the digest in one chat, with a button for each choice."""
    t, chosen = context.t, await subscriptions.access_subscription(context.session, context.person, place)
    others = await places.of(context.session, context.person)
    title = next((chat.title for chat in others if chat.address_id == place), "")
    lines = [
        t("digest-set-place", place=title) if place else t("digest-set-own"),
        t("digest-set-rhythm", value=t(f"digest-rhythm-{chosen.rhythm}")),
        *await _groups(context, chosen),
    ]
    if not place:
        lines += [t("digest-set-language"), t("digest-set-elsewhere")]
    rows: list[tuple[Button, ...]] = [
        *(
            (_ticked(t(f"digest-rhythm-{rhythm}"), rhythm is chosen.rhythm, data("digest-rhythm", place, rhythm)),)
            for rhythm in Rhythm
            if not (place and rhythm is Rhythm.NEVER)
        ),
        (Button(str(t("digest-set-choose-groups")), data("digest-of", place, 0)),),
    ]
    rows += _of_place(context, chosen) if place else _to_places(context, others, page)
    return Screen(Markup("\n").join(lines), (*rows, _ways_back(context, place)))


def _ways_back(context: Context, place: int) -> tuple[Button, ...]:
    if place:
        return (Button(str(context.t("back")), data("digest-settings")),)
    return (command_button(context, "digest"), command_button(context, "settings"))


def _of_place(context: Context, chosen: Subscription) -> Rows:
    languages = tuple(
        _ticked(texts(code)("language-name"), code == chosen.language, data("digest-in", chosen.address_id, code))
        for code in LANGUAGES
    )
    stop = Button(str(context.t("digest-place-stop")), data("digest-stop", chosen.address_id))
    return (languages, (stop,))


def _to_places(context: Context, others: list[places.Place], page: int) -> Rows:
    shown = page_of(others, page, PAGE)
    rows = [(Button(cut(place.title, LABEL), data("digest-settings", place.address_id)),) for place in shown.items]
    row = shown.turns(context.t, "digest-settings", PRIVATE_PLACE)
    return (*rows, row)


def _ticked(label: object, is_on: bool, way: str) -> Button:
    return Button(f"✓ {label}" if is_on else str(label), way)


async def _groups(context: Context, chosen: Subscription) -> list[Markup]:
    """The groups that the digest is of, and when the next one comes."""
    t, of = context.t, await subscriptions.living(context.session, context.person, chosen)
    if of == []:
        return [t("digest-set-groups", value="–"), t("digest-set-none-living")]
    lines = [t("digest-set-groups", value=t("digest-set-all") if of is None else _names(context, of))]
    if chosen.rhythm is not Rhythm.NEVER:
        due = digests.next_for(chosen.rhythm, context.policy, now=context.now)
        lines.append(t("digest-set-next", day=day_text(due.astimezone(context.zone).date(), t.language)))
    return lines


def _names(context: Context, groups: list[Workgroup]) -> str | Markup:
    names = ", ".join(cut(group.name, LABEL) for group in groups[:PAGE])
    more = len(groups) - PAGE
    return context.t("and-more", names=names, n=more) if more > 0 else names


@tap("digest-rhythm")
async def on_rhythm(context: Context, tap: Tap) -> Screen:
    session, policy = context.session, context.policy
    await digest_plans.set_rhythm(session, context.person, tap.id, tap.choice(Rhythm), policy=policy, now=context.now)
    return (await place_screen(context, tap.id)).toasting(context.t("settings-saved"))


@tap("digest-in")
async def on_language(context: Context, tap: Tap) -> Screen:
    """Sets the digest's language in a group or channel."""
    if tap.word(1) not in LANGUAGES or not tap.id:
        raise NotFound
    await subscriptions.set_language(context.session, context.person, tap.id, tap.word(1))
    return (await place_screen(context, tap.id)).toasting(context.t("settings-saved"))


@tap("digest-stop")
async def on_stop(context: Context, tap: Tap) -> Screen:
    await places.stop(context.session, context.person, tap.id)
    return (await place_screen(context, PRIVATE_PLACE)).toasting(context.t("digest-place-stopped"))


@tap("digest-of")
async def on_groups(context: Context, tap: Tap) -> Screen:
    return await groups_screen(context, tap.id, tap.number(1))


@tap("digest-take")
async def on_take(context: Context, tap: Tap) -> Screen:
    """Takes a group in or out. The button says the new state, so a repeated tap changes nothing."""
    if tap.word(3) not in {"on", "off"}:
        raise NotFound
    on = tap.word(3) == "on"
    await subscriptions.take(context.session, context.person, tap.id, tap.number(2), on=on)
    return (await groups_screen(context, tap.id, tap.number(1))).toasting(context.t("settings-saved"))


@tap("digest-all-of")
async def on_all(context: Context, tap: Tap) -> Screen:
    await subscriptions.take_all(context.session, context.person, tap.id)
    return (await groups_screen(context, tap.id, 0)).toasting(context.t("settings-saved"))


async def groups_screen(context: Context, place: int, page: int) -> Screen:
    """The groups as toggles, "all" first."""
    t, chosen = context.t, await subscriptions.access_subscription(context.session, context.person, place)
    known = await subscriptions.readable_groups(context.session, context.person)
    shown = page_of(known, page, PAGE)
    everything = _ticked(t("digest-set-all"), chosen.group_ids is None, data("digest-all-of", place))
    rows: list[tuple[Button, ...]] = [(everything,)]
    for group in shown.items:
        on = group.id in (chosen.group_ids or ())
        way = data("digest-take", place, shown.number, group.id, "off" if on else "on")
        rows.append((_ticked(cut(group.name, LABEL), on, way),))
    rows.append(shown.turns(t, "digest-of", place))
    back = Button(str(t("back")), data("digest-settings", place))
    return Screen(t("digest-set-which"), (*rows, (back,)))
