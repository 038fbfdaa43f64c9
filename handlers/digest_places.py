"""Groups and channels: whoever brings the bot to one is asked in private whether the digest shall go there."""

from telegram import Update
from telegram.constants import ChatMemberStatus

from handlers.digest_settings import place_screen
from handlers.routes import Context, Tap, data, letter, tap
from handlers.screen import Button, Screen
from models import digests, places
from models.outbox import Delivery

AWAY = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}


async def hear(context: Context, update: Update) -> None:
    """What comes from elsewhere than a private chat: the bot was added or sent away, or the group got another id."""
    chat, change = update.effective_chat, update.my_chat_member
    if chat is None:
        return
    if update.message is not None and update.message.migrate_to_chat_id is not None:
        await places.moved(context.session, chat.id, update.message.migrate_to_chat_id)
    if change is None:
        return
    was_there, is_there = (one.status not in AWAY for one in (change.old_chat_member, change.new_chat_member))
    if is_there and not was_there:
        await places.added(context.session, context.person, chat.id, chat.title or "", now=context.now)
    elif was_there and not is_there:
        await places.removed(context.session, chat.id, policy=context.policy, now=context.now)


@letter(places.ASKED)
async def asking_letter(context: Context, delivery: Delivery) -> Screen:
    place = await places.asked(context.session, context.person, delivery.subject)
    t = context.t
    yes = Button(str(t("digest-place-yes")), data("digest-place", place.address_id, "yes"))
    no = Button(str(t("digest-place-no")), data("digest-place", place.address_id, "no"))
    return Screen(t("digest-place-ask", place=place.title), ((yes,), (no,)))


@letter(places.ENDED)
async def ended_letter(context: Context, delivery: Delivery) -> Screen:
    return Screen(context.t("digest-place-ended", place=delivery.slot))


@tap("digest-place")
async def on_place(context: Context, tap: Tap) -> Screen:
    """Yes: it goes there, and how can be chosen at once."""
    if tap.word(1) != "yes":
        place = await places.asked(context.session, context.person, tap.id)
        return Screen(context.t("digest-place-declined", place=place.title))
    chosen = await places.accept(context.session, context.person, tap.id, language=context.language)
    await digests.begin_with_the_next(context.session, chosen, policy=context.policy, now=context.now)
    return await place_screen(context, tap.id)
