"""The routes: which function handles which command, button, typed text or delivery.

Handlers register with a decorator, beside the screens they draw. A handler gets a `Context` (an open transaction, the
person who acted) and returns the `Screen` to show them.
"""

import enum
import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

import handlers
from handlers.screen import Button, Screen
from handlers.texts import Texts
from models.delivery import drafts
from models.delivery.drafts import Draft, DraftKind, State
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Delivery
from models.errors import NotFound, Refused
from models.feedback.sealing import Keyring
from models.people.access import RoleKind
from models.people.people import Person
from models.policy import Policy

CLOCKS_DIFFER = timedelta(hours=1)
"""The largest difference assumed between Telegram's clock and ours."""

LARGEST_ID = 2**31 - 1
"""Maximum of a PostgreSQL INTEGER; a larger value in a query raises an error."""

Choice = TypeVar("Choice", bound=enum.StrEnum)


@dataclass
class Context:
    """What a handler is given about the person who acted or reads, and about what they did."""

    session: AsyncSession
    person: Person
    chat_id: int
    t: Texts
    policy: Policy
    keys: Keyring
    bot_name: str
    now: datetime
    update_id: int = 0
    message_id: int | None = None
    """The message whose button was tapped."""
    sent_at: datetime | None = None
    """When that message was sent."""
    line_id: int | None = None
    """The message that the person typed or sent."""
    standing_card: int | None = None
    """The message that is recorded as the card of the form that a handler shows."""
    file: bytes | None = None
    """The content of a document that was sent in a dialogue that takes files; empty if it is too large."""
    chosen: int | None = None
    """The Telegram id of a person shared from the contacts."""
    chosen_name: str = ""
    profile_name: str = ""
    """The name of the Telegram account of the person who acted; empty if nobody could read it."""
    route: str = ""
    """The name of the route, for the log: "tap rsvp", "/newmeeting", "text meeting". Never what somebody typed."""
    answers_form: bool = False
    """Somebody is answering a form: the log must not tell when."""
    was_unasked: bool = False
    """A message for which nothing waited: nothing of it is stored."""
    refusal: Refused | None = None
    """A refusal that the handler shows instead of raising it, so that its changes stay."""

    @property
    def language(self) -> str:
        return self.t.language

    @property
    def zone(self) -> ZoneInfo:
        return self.policy.zone

    def reject_older_than(self, made_at: datetime) -> None:
        """Raises Refused if the button is older than what it is about: a restore may reuse ids for something new."""
        if self.sent_at is not None and self.sent_at < made_at - CLOCKS_DIFFER:
            raise Refused("stale")

    def refusal_text(self, refusal: Refused) -> Markup:
        """The words of a refusal that a handler shows instead of raising it; notes it for the log."""
        self.refusal = refusal
        return self.t(refusal.key, **refusal.values)

    async def begin(self, state: State) -> Draft[State]:
        """Begins a dialogue in this chat, in place of any other, with what is known already."""
        number = self.update_id % LARGEST_ID
        return await drafts.begin(self.session, self.person, self.chat_id, state, number=number, now=self.now)

    async def find_draft(self, state: type[State]) -> Draft[State] | None:
        """The draft of the dialogue in this chat, if it is one of this kind."""
        return await drafts.find_draft(self.session, self.person, self.chat_id, state)

    async def access_draft(self, state: type[State], number: int | None = None) -> Draft[State]:
        """The gate of a dialogue's buttons: its draft, or Stale if it is over or another has begun."""
        return await drafts.access_draft(self.session, self.person, self.chat_id, state, number)

    def update_draft(self, draft: Draft[State], state: State) -> None:
        """Stores what is known now in a dialogue."""
        drafts.update(draft, state, now=self.now)

    async def end_draft(self, subject: DraftKind | None = None) -> bool:
        """Ends the dialogue in this chat, if there is one (about ``subject``). Returns whether there was one."""
        return await drafts.end(self.session, self.person, self.chat_id, subject)

    def link(self, payload: str) -> str:
        """A deep link that opens the bot with a payload."""
        return f"https://t.me/{self.bot_name}?start={payload}"


@dataclass(frozen=True)
class Tap:
    """A tapped button. ``args`` come from the client and may be anything."""

    name: str
    args: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """The first argument as a number: usually the id of what the button is about."""
        return self.number(0)

    def number(self, index: int) -> int:
        """An argument as a number. Raises NotFound if it is none, or larger than any id."""
        word = self.word(index)
        if not (word.isascii() and word.isdigit() and len(word) <= 10 and int(word) <= LARGEST_ID):
            raise NotFound
        return int(word)

    def word(self, index: int) -> str:
        """An argument as text. Raises NotFound if there is none."""
        if index >= len(self.args):
            raise NotFound
        return self.args[index]

    def choice(self, kind: type[Choice], index: int = 1) -> Choice:
        """An argument as a member of an enum. Raises NotFound if it is none."""
        try:
            return kind(self.word(index))
        except ValueError:
            raise NotFound from None


OnCommand = Callable[[Context, str], Awaitable[Screen]]
OnTap = Callable[[Context, Tap], Awaitable[Screen]]
OnText = Callable[[Context, Draft[State], str], Awaitable[Screen]]
OnDraft = Callable[[Context, Draft[State]], Awaitable[Screen]]
Renderer = Callable[[Context, Delivery], Awaitable[Screen]]


@dataclass(frozen=True)
class TapRoute:
    handler: OnTap
    on_refusal: OnTap | None
    """Draws the current state when the handler refuses the tap."""
    answers_form: bool = False
    """Part of answering a form: the log must not tell when somebody does it."""


@dataclass(frozen=True)
class TextRoute:
    handler: OnText[Any]
    on_refusal: OnDraft[Any] | None
    """Asks the question again when the handler refuses what was typed."""
    yields_to_codes: bool
    """If true, a join code typed during this dialogue is treated as a code, not as an answer."""
    takes_files: bool = False
    """Whether the content of a document is fetched: `Context.file`."""
    answers_form: bool = False
    """As of a `TapRoute`."""


@dataclass
class Routes:
    commands: dict[str, OnCommand] = field(default_factory=dict)
    menu: dict[str, RoleKind | None] = field(default_factory=dict)
    """Commands in the command menu, in order, with the role that sees them; None for everybody."""
    taps: dict[str, TapRoute] = field(default_factory=dict)
    text_inputs: dict[DraftKind, TextRoute] = field(default_factory=dict)
    renderers: dict[DeliveryKind, Renderer] = field(default_factory=dict)


ROUTES = Routes()


def command(name: str, *, menu: bool = True, role: RoleKind | None = None) -> Callable[[OnCommand], OnCommand]:
    """Handles ``/name``. ``role`` only chooses whose menu shows it; rights are checked by the gates."""

    def register(function: OnCommand) -> OnCommand:
        ROUTES.commands[name] = function
        if menu:
            ROUTES.menu[name] = role
        return function

    return register


def tap(name: str, *, on_refusal: OnTap | None = None, answers_form: bool = False) -> Callable[[OnTap], OnTap]:
    """Handles buttons whose data is ``name`` or begins with ``name:``."""

    def register(function: OnTap) -> OnTap:
        if name in ROUTES.taps:
            raise ValueError(f"two handlers for the button {name}")
        ROUTES.taps[name] = TapRoute(function, on_refusal, answers_form)
        return function

    return register


def text_input(
    state: type[State],
    *,
    on_refusal: OnDraft[State] | None = None,
    yields_to_codes: bool = False,
    takes_files: bool = False,
    answers_form: bool = False,
) -> Callable[[OnText[State]], OnText[State]]:
    """Handles what a person types, sends or shares while in the dialogue that has this state."""

    def register(function: OnText[State]) -> OnText[State]:
        if state.subject in ROUTES.text_inputs:
            raise ValueError(f"two handlers for the text of {state.subject}")
        ROUTES.text_inputs[state.subject] = TextRoute(function, on_refusal, yields_to_codes, takes_files, answers_form)
        return function

    return register


def renders(kind: DeliveryKind) -> Callable[[Renderer], Renderer]:
    """Renders deliveries of a kind for their reader. A renderer raises `Superseded` if the message is not needed."""

    def register(function: Renderer) -> Renderer:
        if kind in ROUTES.renderers:
            raise ValueError(f"two renderers for {kind}")
        ROUTES.renderers[kind] = function
        return function

    return register


@cache
def load() -> Routes:
    """Imports every module of handlers, so that all routes are registered."""
    for module in pkgutil.walk_packages(handlers.__path__, "handlers."):
        importlib.import_module(module.name)
    return ROUTES


def data(name: str, *args: object) -> str:
    """The callback data of a button."""
    return ":".join([name, *map(str, args)])


def command_button(context: Context, name: str) -> Button:
    """A button that runs a command, labelled as in the command menu."""
    return Button(str(context.t(f"command-{name}")), data("go", name))


def parse(text: str) -> Tap:
    """Callback data as a `Tap`, whatever it is."""
    name, *args = text.split(":")
    return Tap(name, tuple(args))
