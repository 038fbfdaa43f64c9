"""Requests to join: the coordinators' card with its two buttons, and the answer to the person who asked."""

from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery.cards import Card
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery, Superseded
from models.membership import joining, requests
from models.membership.requests import RequestDetails


def request_card(context: Context, details: RequestDetails) -> Screen:
    """A request with buttons to decide it, or with who decided what."""
    t, request = context.t, details.request
    card = Card(CardKind.JOIN_REQUEST, request.id, int(request.decided_at is not None))
    names = {"name": details.person.name, "group": details.group.name}
    if request.decided_at is None:
        yes = Button(t("join-approve"), data("join-yes", request.id))
        no = Button(t("join-decline"), data("join-no", request.id))
        return Screen(t("join-request", **names), ((yes, no),), card=card)
    if details.decider is None:
        return Screen(t("join-settled", **names), card=card)
    key = "join-approved-by" if request.approved else "join-declined-by"
    return Screen(t(key, **names, decider=details.decider), card=card)


async def _access_request(context: Context, tap: Tap) -> RequestDetails:
    return await requests.access_request(context.session, context.person, tap.id)


@tap("join-card")
async def show(context: Context, tap: Tap) -> Screen:
    return request_card(context, await _access_request(context, tap))


async def _decide(context: Context, tap: Tap, approved: bool) -> Screen:
    details = await _access_request(context, tap)
    await joining.answer_request(
        context.session, context.person, details, approved, policy=context.policy, now=context.now
    )
    toast = context.t("toast-join-approved" if approved else "toast-join-declined")
    return (await show(context, tap)).toasting(toast)


@tap("join-yes", on_refusal=show)
async def on_yes(context: Context, tap: Tap) -> Screen:
    return await _decide(context, tap, approved=True)


@tap("join-no", on_refusal=show)
async def on_no(context: Context, tap: Tap) -> Screen:
    return await _decide(context, tap, approved=False)


async def _request_of(context: Context, delivery: Delivery) -> RequestDetails:
    details = await requests.of_id(context.session, delivery.subject)
    if details is None:
        raise Superseded
    return details


@renders(DeliveryKind.JOIN_REQUEST)
async def render_join_request(context: Context, delivery: Delivery) -> Screen:
    details = await requests.access_request(context.session, context.person, delivery.subject)
    if details.request.decided_at is not None:
        raise Superseded
    return request_card(context, details)


@renders(DeliveryKind.JOIN_DECIDED)
async def render_join_decided(context: Context, delivery: Delivery) -> Screen:
    return request_card(context, await _request_of(context, delivery))


@renders(DeliveryKind.ADDED)
async def render_added(context: Context, delivery: Delivery) -> Screen:
    """To somebody in Telegram whom a coordinator has added to another group."""
    group = await joining.added(context.session, delivery.subject)
    if group is None:
        raise Superseded
    leave = Button(context.t("button-leave"), data("leave"))
    return Screen(context.t("added-news", group=group), ((leave,),))


@renders(DeliveryKind.JOIN_ANSWER)
async def render_join_answer(context: Context, delivery: Delivery) -> Screen:
    """To the person who asked to join."""
    details = await _request_of(context, delivery)
    key = "join-answer-yes" if details.request.approved else "join-answer-no"
    return Screen(context.t(key, group=details.group.name))
