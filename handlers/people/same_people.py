"""Who may be the same person: the coordinators' card of a group, with two buttons for each pair."""

from dataclasses import replace

from markupsafe import Markup

from handlers.layout import cut
from handlers.people.roster import access_group, organisation_text
from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.delivery.cards import Card
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.errors import Refused
from models.membership import duplicates, same_people
from models.membership.same_people import Pair
from models.people import access
from models.people.groups import Workgroup
from models.people.people import Person

SHOWN = 6
"""Pairs on the card at once; the others follow when these are decided."""
NAME = 24
"""Units of a name on a button."""


@tap("same")
async def show(context: Context, tap: Tap) -> Screen:
    return await pairs_screen(context, await access_group(context, tap))


async def pairs_screen(context: Context, group: Workgroup) -> Screen:
    """The open questions of a group, oldest first."""
    t = context.t
    pairs = await same_people.waiting(context.session, group)
    card = Card(CardKind.SAME_PEOPLE, group.id, max([pair.question.id for pair in pairs], default=0))
    back = (Button(t("same-members"), data("roster", group.id, 0)),)
    if not pairs:
        return Screen(t("same-none", group=group.name), (back,), card=card)
    shown = pairs[:SHOWN]
    lines = [t("same-heading", group=group.name)]
    lines += [_pair_text(t, number, pair) for number, pair in enumerate(shown, 1)]
    if len(pairs) > len(shown):
        lines.append(t("same-more", n=len(pairs) - len(shown)))
    lines.append(t("same-means"))
    rows = [_pair_buttons(t, number, pair) for number, pair in enumerate(shown, 1)]
    if len(shown) > 1:
        rows.append((Button(t("same-all", n=len(shown)), data("same-all", group.id, shown[-1].question.id)),))
    return Screen(Markup("\n\n").join(lines), (*rows, back), card=card)


def _pair_text(t: Texts, number: int, pair: Pair) -> Markup:
    if pair.question.asked_by is not None:
        key = "same-added-elsewhere"
    elif pair.person.telegram_id is None:
        key = "same-listed"
    else:
        key = "same-joined" if pair.is_member else "same-elsewhere"
    return t(key, number=number, name=pair.person.name, line=person_text(t, pair.line))


def _pair_buttons(t: Texts, number: int, pair: Pair) -> tuple[Button, ...]:
    name, ids = cut(pair.person.name, NAME), (pair.group.id, pair.question.id)
    yes = Button(t("same-yes", number=number, name=name).unescape(), data("same-yes", *ids))
    return yes, Button(t("same-no", number=number).unescape(), data("same-no", *ids))


def person_text(t: Texts, person: Person) -> Markup:
    """A person with what the roster tells of them: "Bo Ek (Turku, bo@turku.fi)"."""
    known = ", ".join(filter(None, (organisation_text(t, person), person.contact)))
    return t("same-person", name=person.name, known=known) if known else Markup.escape(person.name)


async def _answer(context: Context, tap: Tap, same: bool) -> Screen:
    group = await access_group(context, tap)
    pair = await same_people.open_pair(context.session, group, tap.number(1))
    await duplicates.answer(context.session, context.person, pair, same, policy=context.policy, now=context.now)
    toast = context.t("toast-same" if same else "toast-not-same", name=pair.person.name)
    return (await pairs_screen(context, group)).toasting(toast)


@tap("same-yes", on_refusal=show)
async def on_yes(context: Context, tap: Tap) -> Screen:
    return await _answer(context, tap, same=True)


@tap("same-no", on_refusal=show)
async def on_no(context: Context, tap: Tap) -> Screen:
    return await _answer(context, tap, same=False)


@tap("same-all", on_refusal=show)
async def on_all(context: Context, tap: Tap) -> Screen:
    """Merges all pairs that the card showed, up to a question's id. Those that cannot be merged stay on the card."""
    group, merged = await access_group(context, tap), 0
    refusal: Refused | None = None
    for pair in (await same_people.waiting(context.session, group))[:SHOWN]:
        if pair.question.id > tap.number(1):
            break
        try:
            await duplicates.ensure_may_merge(context.session, pair.person, pair.line)
        except Refused as refused:
            refusal = refused
            continue
        await duplicates.answer(context.session, context.person, pair, True, policy=context.policy, now=context.now)
        merged += 1
    screen = await pairs_screen(context, group)
    if refusal is not None:
        screen = replace(screen, text=Markup("\n\n").join([context.refusal_text(refusal), screen.text]))
    return screen.toasting(context.t("toast-same-all", n=merged))


@renders(DeliveryKind.SAME_PEOPLE)
async def render_same_people(context: Context, delivery: Delivery) -> Screen:
    group = await access.access_group(context.session, context.person, delivery.subject)
    if not await same_people.waiting(context.session, group):
        raise Superseded
    return await pairs_screen(context, group)


@renders(DeliveryKind.SAME_PEOPLE_CHANGED)
async def render_same_people_changed(context: Context, delivery: Delivery) -> Screen:
    group = await access.access_group(context.session, context.person, delivery.subject)
    return await pairs_screen(context, group)
