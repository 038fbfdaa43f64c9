"""Digests in groups and channels: whoever adds the bot to one is asked in private whether the digest goes there."""

from telegram import ChatMember, ChatMemberAdministrator, ChatMemberRestricted, Update
from telegram.constants import ChatMemberStatus

from handlers.reports.digest.settings import place_screen
from handlers.routes import Context, Tap, data, renders, tap
from handlers.screen import Button, Screen
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from models.reports import digest_plans, places

AWAY = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}


async def hear(context: Context, update: Update) -> None:
    """Updates from groups and channels: the bot was added or removed, or the group got another id.

    Gaining or losing the right to write counts as being added or removed. Without the right, the bot stays silent."""
    chat, change = update.effective_chat, update.my_chat_member
    if chat is None:
        return
    if update.message is not None and update.message.migrate_to_chat_id is not None:
        await places.moved(context.session, chat.id, update.message.migrate_to_chat_id)
    if change is None:
        return
    old, new = change.old_chat_member, change.new_chat_member
    if may_write(new) > may_write(old) or is_there(new) > is_there(old):
        title, may = chat.title or "", may_write(new)
        await places.added(context.session, context.person, chat.id, title, may_write=may, now=context.now)
    elif may_write(old) > may_write(new):
        await places.removed(context.session, chat.id, policy=context.policy, now=context.now)


def is_there(member: ChatMember) -> bool:
    return member.status not in AWAY and not (isinstance(member, ChatMemberRestricted) and not member.is_member)


def may_write(member: ChatMember) -> bool:
    """Whether a member may write: in a channel a right of some administrators, in a group everybody's by default."""
    if isinstance(member, ChatMemberAdministrator):
        return member.can_post_messages is not False  # None: a group, where the right does not exist
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    return is_there(member)


@renders(DeliveryKind.DIGEST_PLACE)
async def render_digest_place(context: Context, delivery: Delivery) -> Screen:
    place = await places.access_place(context.session, context.person, delivery.subject)
    t = context.t
    yes = Button(str(t("digest-place-yes")), data("digest-place", place.address_id, "yes"))
    no = Button(str(t("digest-place-no")), data("digest-place", place.address_id, "no"))
    return Screen(t("digest-place-ask", place=place.title), ((yes,), (no,)))


@renders(DeliveryKind.DIGEST_MUTE)
async def render_digest_mute(context: Context, delivery: Delivery) -> Screen:
    return Screen(context.t("digest-place-mute", place=delivery.slot))


@renders(DeliveryKind.DIGEST_FOREIGN)
async def render_digest_foreign(context: Context, delivery: Delivery) -> Screen:
    return Screen(context.t("digest-place-foreign", place=delivery.slot))


@renders(DeliveryKind.DIGEST_ENDED)
async def render_digest_ended(context: Context, delivery: Delivery) -> Screen:
    return Screen(context.t("digest-place-ended", place=delivery.slot))


@tap("digest-place")
async def on_place(context: Context, tap: Tap) -> Screen:
    """Yes: the digest goes there, and its settings are shown."""
    if tap.word(1) != "yes":
        place = await places.access_place(context.session, context.person, tap.id)
        return Screen(context.t("digest-place-declined", place=place.title))
    session, person, policy = context.session, context.person, context.policy
    await digest_plans.accept(session, person, tap.id, language=context.language, policy=policy, now=context.now)
    return await place_screen(context, tap.id)
