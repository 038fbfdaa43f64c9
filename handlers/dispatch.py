"""From a Telegram update to its handler, and from a refusal to its text."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Message, Update, User
from telegram.constants import ChatMemberStatus

from handlers.feedback import text_input
from handlers.layout import TOAST_LENGTH, cut
from handlers.message_kinds import is_private
from handlers.reports.digest import places
from handlers.routes import ROUTES, Context, TextRoute, command_button, parse
from handlers.screen import NOTHING, Button, Screen
from handlers.texts import LANGUAGES, texts
from models.delivery import cards, drafts
from models.delivery.drafts import Draft
from models.delivery.kinds import DELIVERED_CARDS, CardKind
from models.errors import NotAllowed, NotFound, Refused
from models.feedback.sealing import Keyring
from models.membership import blocking, joining
from models.people import links, people
from models.people.people import Address, Person, Reachability
from models.policy import Policy


class Running(Protocol):
    """What a context is made of besides the update or delivery."""

    policy: Policy
    keys: Keyring
    bot_name: str

    @property
    def now(self) -> datetime: ...


async def update_context(
    session: AsyncSession,
    update: Update,
    *,
    policy: Policy,
    keys: Keyring,
    bot_name: str,
    now: datetime,
    file: bytes | None,
) -> Context:
    """The context of an update. The person who acted is known by the numeric sender id alone."""
    user, chat = update.effective_user, update.effective_chat
    assert user is not None
    person = await _actor(session, update, user, policy=policy, now=now)
    shared = update.message.users_shared if update.message else None
    chosen = shared.users[0] if shared and shared.users else None
    tapped = update.callback_query.message if update.callback_query else None
    return Context(
        session=session,
        person=person,
        chat_id=chat.id if chat else user.id,
        t=texts(person.language or policy.language),
        policy=policy,
        keys=keys,
        bot_name=bot_name,
        now=now,
        update_id=update.update_id,
        message_id=tapped.message_id if tapped else None,
        sent_at=tapped.date if isinstance(tapped, Message) else None,
        line_id=update.message.message_id if update.message else None,
        file=file,
        chosen=chosen.user_id if chosen else None,
        chosen_name=" ".join(filter(None, (chosen.first_name, chosen.last_name))) if chosen else "",
        profile_name=profile_name(user),
        route=route_of(update),
        answers_form=answers_form(update),
    )


async def _actor(session: AsyncSession, update: Update, user: User, *, policy: Policy, now: datetime) -> Person:
    """The person who acted; a stranger is not stored.

    Only a message in the private chat stores a new person: no message of a group, no blocking of the bot, and no button
    from before the person had themselves erased.
    """
    known = await people.known(session, user.id)
    if known is not None and known.reach is Reachability.REACHABLE:
        return known  # nearly every update
    if is_private(update) and not _blocks(update) and (update.message or known):
        language = supported_language(user)
        name = profile_name(user) or str(texts(language or policy.language)("nameless"))
        return await joining.meet(session, user.id, name, language, policy=policy, now=now)
    return known or people.stranger()


def _blocks(update: Update) -> bool:
    """Whether somebody has blocked the bot."""
    change = update.my_chat_member
    return change is not None and change.new_chat_member.status == ChatMemberStatus.BANNED


def profile_name(user: User) -> str:
    """The name of a Telegram account; empty if nobody could read it and the account has no username."""
    return people.profile_name(user.full_name, user.username and f"@{user.username}")


def supported_language(user: User) -> str | None:
    """The language of a person's Telegram, if we have texts in it; else None."""
    code = (user.language_code or "")[:2]
    return code if code in LANGUAGES else None


def delivery_context(session: AsyncSession, person: Person | None, address: Address, app: Running) -> Context:
    """The context of a delivery's reader. A group or channel has no person, and the organisation's language."""
    language = person.language if person else None
    return Context(
        session=session,
        person=person or people.stranger(),
        chat_id=address.chat_id,
        t=texts(language or app.policy.language),
        policy=app.policy,
        keys=app.keys,
        bot_name=app.bot_name,
        now=app.now,
    )


def route_of(update: Update) -> str:
    """The name of an update's route for the log: never what was typed, nor a button's arguments."""
    if update.callback_query is not None:
        name = parse(update.callback_query.data or "").name
        return f"tap {name}" if name in ROUTES.taps else "tap ?"
    if update.message is not None:
        name = _command(update.message)[0]
        return f"/{name}" if name in ROUTES.commands else "message"
    return "member" if update.my_chat_member else "other"


def answers_form(update: Update) -> bool:
    """Whether an update is a tap on a form that somebody answers. Of text only the dialogue tells, see `_message`."""
    query = update.callback_query
    route = ROUTES.taps.get(parse(query.data or "").name) if query is not None else None
    return route is not None and route.answers_form


async def wants_file(session: AsyncSession, update: Update) -> bool:
    """Whether the sender of a document is in a dialogue that reads files."""
    user, chat = update.effective_user, update.effective_chat
    person = await people.known(session, user.id) if user is not None and is_private(update) else None
    draft = await drafts.current(session, person, chat.id) if person is not None and chat is not None else None
    route = ROUTES.text_inputs.get(draft.subject) if draft is not None else None
    return route is not None and route.takes_files


async def handle_update(context: Context, update: Update) -> Screen:
    """Runs the handler of an update. Returns what the person who acted is shown; raises Refused."""
    if not is_private(update):
        await places.hear(context, update)
        return NOTHING
    if update.my_chat_member is not None:
        if _blocks(update):
            await blocking.blocked(context.session, context.person, policy=context.policy, now=context.now)
        return NOTHING  # `_actor` has made somebody who unblocked the bot reachable
    if update.callback_query is not None:
        tap = parse(update.callback_query.data or "")
        route = ROUTES.taps.get(tap.name)
        if people.is_stranger(context.person):
            raise Refused("start-first")
        if route is None:
            raise Refused("stale")
        screen = await route.handler(context, tap)
        await track_card(context, screen)
        return screen
    return await _message(context, update.message) if update.message is not None else NOTHING


async def track_card(context: Context, screen: Screen) -> None:
    """Records which card a tapped message becomes, so that a later edit changes no message that shows something else.

    Cards that deliveries bring are recorded when they are sent: the taps of participants cost nothing here. Only a
    form that is answered in another message than the recorded one moves there.
    """
    card = screen.card
    stays = card is not None and card.kind in DELIVERED_CARDS
    if card is not None and card.kind is CardKind.FEEDBACK:
        stays = context.message_id == context.standing_card
    if context.message_id is not None and screen.text and not screen.new_message and not stays:
        await cards.replace_card(context.session, context.chat_id, context.message_id, card, now=context.now)


async def _message(context: Context, message: Message) -> Screen:
    name, rest = _command(message)
    if name in ROUTES.commands:
        return await ROUTES.commands[name](context, rest)
    if name:
        raise Refused("unknown-command")
    draft = await drafts.current(context.session, context.person, context.chat_id)
    text = message.text or message.caption or ""
    route = ROUTES.text_inputs.get(draft.subject) if draft is not None and draft.is_readable else None
    is_code = links.looks_like_code(text)
    if draft is not None and route is not None and not (is_code and route.yields_to_codes):
        context.route, context.answers_form = f"text {draft.subject}", route.answers_form
        return await _handle_text(context, route, draft, text)
    if is_code:
        return await ROUTES.commands["start"](context, text)
    if draft is not None:  # begun in another version of the program
        await context.end_draft()
        return Screen(context.t("dialogue-is-over"), next_step_buttons(context))
    if screen := await text_input.aside(context, text):
        return screen
    context.was_unasked = True
    return await ROUTES.commands["help"](context, "")


def is_plain(update: Update) -> bool:
    """Whether an update is a message that means something only if a dialogue or a form waits for it."""
    message = update.message
    if message is None or not is_private(update) or _is_command(update):
        return False
    return not links.looks_like_code(message.text or message.caption or "")


async def _handle_text(context: Context, route: TextRoute, draft: Draft[Any], text: str) -> Screen:
    """Runs the handler of a dialogue's text. If the person may not go on, the dialogue ends with the refusal."""
    try:
        return await route.handler(context, draft, text)
    except (NotAllowed, NotFound) as refusal:
        await context.end_draft()
        return Screen(context.refusal_text(refusal), next_step_buttons(context))


def _command(message: Message) -> tuple[str, str]:
    """The name and the rest of ``/name@bot rest``; an empty name if it is no command."""
    text = message.text or ""
    if not text.startswith("/"):
        return "", ""
    head, *rest = text[1:].split(maxsplit=1) if text[1:].strip() else [""]
    return head.partition("@")[0].lower(), rest[0] if rest else ""


def _is_command(update: Update) -> bool:
    return update.message is not None and _command(update.message)[0] != ""


async def refusal_screen(context: Context, update: Update, refusal: Refused) -> Screen:
    """A refusal in words. A tap gets a box, and the card in its current state if the route draws it. In a dialogue the
    question is asked again."""
    text = context.t(refusal.key, **refusal.values)
    if update.callback_query is None:
        return await _asked_again(context, update, text)
    tap = parse(update.callback_query.data or "")
    route = ROUTES.taps.get(tap.name)
    current = NOTHING
    if route is not None and route.on_refusal is not None and not people.is_stranger(context.person):
        try:
            current = await route.on_refusal(context, tap)
        except Refused:
            current = NOTHING  # they may not see its current state either
    if current.first is not None and context.message_id != context.standing_card:
        current = current.first  # answers are only shown in a message whose id is recorded
    return replace(current, toast=cut(text.striptags(), TOAST_LENGTH), alert=True)


async def _asked_again(context: Context, update: Update, text: Markup) -> Screen:
    draft = await drafts.current(context.session, context.person, context.chat_id)
    route = ROUTES.text_inputs.get(draft.subject) if draft is not None else None
    if draft is None or route is None or route.on_refusal is None or _is_command(update):
        return Screen(text, next_step_buttons(context))
    try:
        question = await route.on_refusal(context, draft)
    except Refused:
        return Screen(text, next_step_buttons(context))
    return replace(question, text=Markup("\n\n").join([text, question.text]))


def next_step_buttons(context: Context) -> tuple[tuple[Button, ...], ...]:
    """Buttons under a refusal; none for a new person, who is not stored after a refusal and could not use them."""
    is_new = context.person.created_at == context.now
    return () if is_new else ((command_button(context, "meetings"), command_button(context, "help")),)


def failure_screen(context: Context, reference: str) -> Screen:
    """Says that the program failed, what to do, and the reference number of the log's line."""
    text = context.t("failed", reference=reference)
    return Screen(text, new_message=True).toasting(text, alert=True)
