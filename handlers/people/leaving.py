"""Leaving a group, from /settings, and the notice to the group's coordinators."""

from handlers.people.settings import back, on_back, settings_screen
from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.membership import joining
from models.people import groups


@tap("leave", on_refusal=on_back)
async def on_leave(context: Context, tap: Tap) -> Screen:
    """Asks which group; with an argument, asks for confirmation."""
    t = context.t
    if tap.args:
        group = await groups.access_own_group(context.session, context.person, tap.id)
        yes = Button(str(t("leave-yes")), data("leave-yes", group.id))
        return Screen(t("leave-sure", group=group.name), ((yes,), back(context)))
    mine = await groups.of_person(context.session, context.person)
    rows = tuple((Button(group.name, data("leave", group.id)),) for group in mine)
    return Screen(t("leave-which" if mine else "leave-none"), (*rows, back(context)))


@tap("leave-yes", on_refusal=on_back)
async def on_leave_yes(context: Context, tap: Tap) -> Screen:
    group = await groups.access_own_group(context.session, context.person, tap.id)
    await joining.leave(context.session, group, context.person, policy=context.policy, now=context.now)
    return (await settings_screen(context)).toasting(context.t("leave-done", group=group.name), alert=True)


@renders(DeliveryKind.LEFT)
async def render_left(context: Context, delivery: Delivery) -> Screen:
    """To the coordinators of the group."""
    names = await joining.left(context.session, delivery.subject)
    if names is None:
        raise Superseded
    person, group = names
    return Screen(context.t("left-news", person=person, group=group))
