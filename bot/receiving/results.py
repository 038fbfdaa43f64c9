"""What became of an update, and its log line."""

import secrets
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Update

from bot.receiving.fetching import File
from bot.receiving.reading import Received
from bot.receiving.replies import Reply
from handlers import dispatch
from handlers.many_messages import Fate
from handlers.routes import Context
from handlers.screen import Screen
from models.delivery.kinds import CardKind
from models.errors import Refused
from models.operations.recent import UpdateOutcome

log = structlog.get_logger()


@dataclass
class Result:
    """An update while it is applied: first what was received, then what became of it."""

    update: Update
    file: File
    route: str
    answers_form: bool
    """Part of answering a form: nothing may tell when that was, nor whether they tapped or wrote."""
    is_surplus: bool = False
    """One of too many: it is handled only if that costs nothing."""
    screen: Screen | None = None
    """The answer; None until there is one."""
    outcome: UpdateOutcome = UpdateOutcome.DONE
    refusal: Refused | None = None
    """The refusal, without its traceback."""
    gate: str = ""
    """The function that refused, with its module."""
    reference: str = ""
    """A number for the failures of this update in the log; the person is shown it if no try succeeds."""
    language: str | None = None
    """The person's."""
    was_unasked: bool = False
    """A message for which nothing waited."""

    @classmethod
    def of(cls, received: Received, file: File) -> "Result":
        update = received.update
        return cls(update, file, dispatch.route_of(update), dispatch.answers_form(update), received.is_surplus)

    def take_route(self, context: Context) -> None:
        """Takes over what the handlers know about the route, such as the dialogue that a text belongs to."""
        self.route, self.answers_form = context.route, context.answers_form
        self.language, self.was_unasked = context.language, context.was_unasked

    def repeat(self, other: "Result") -> None:
        """Takes over what became of an equal update just before."""
        self.screen, self.language, self.answers_form = other.screen, other.language, other.answers_form
        self.was_unasked, self.is_surplus = True, False

    @property
    def sender_id(self) -> int:
        """The Telegram id of who sent it; 0 if nobody did."""
        return self.update.effective_user.id if self.update.effective_user else 0

    def refuse(self, refusal: Refused, *, is_new: bool) -> None:
        """Notes a refusal. An update that is not new took effect the first time, so that it is no refusal."""
        self.outcome = UpdateOutcome.REFUSED if is_new else UpdateOutcome.REDELIVERED
        self.refusal, self.gate = Refused(refusal.key, **refusal.values), gate_of(refusal)

    def fail(self) -> None:
        """Logs the exception that is being handled, with its traceback, under the update's reference."""
        self.outcome, self.refusal, self.gate = UpdateOutcome.FAILED, None, ""
        self.reference = self.reference or secrets.token_hex(4).upper()
        log.exception("update failed", reference=self.reference, route=self.route)

    @property
    def is_silent(self) -> bool:
        """Whether the log and the record of recent refusals may not mention it."""
        shows_form = self.screen is not None and is_form(self.screen)
        return (self.answers_form or shows_form) and self.outcome is not UpdateOutcome.FAILED

    @property
    def fate(self) -> Fate:
        """What the person is told if it is one of many messages."""
        if self.is_surplus:
            return Fate.UNREAD
        if self.outcome is UpdateOutcome.FAILED:
            return Fate.FAILED
        if self.outcome is UpdateOutcome.REFUSED:
            return Fate.REFUSED
        return Fate.UNASKED if self.was_unasked else Fate.DONE

    def reply(self, screen: Screen, language: str) -> Reply:
        """The reply with a screen; in the organisation's ``language`` if the person's is not known."""
        refusal = Refused("failed", reference=self.reference) if self.fate is Fate.FAILED else self.refusal
        is_form_tap = self.answers_form or is_form(screen)
        return Reply(self.update, screen, self.language or language, self.fate, refusal, is_form_tap)

    def log(self) -> None:
        """The update's line in the log. It has no update id: a gap in the ids would tell of an update left out."""
        if self.is_silent or self.is_surplus:
            return
        details = {"refusal": self.refusal.key if self.refusal else "", "gate": self.gate, "reference": self.reference}
        given: dict[str, Any] = {name: value for name, value in details.items() if value}
        write = log.error if self.outcome is UpdateOutcome.FAILED else log.info
        write("update", route=self.route, outcome=str(self.outcome), **given)


def is_form(screen: Screen) -> bool:
    """Whether a screen is a form that somebody is answering."""
    return screen.card is not None and screen.card.kind is CardKind.FEEDBACK


def gate_of(refusal: Refused) -> str:
    """The function that raised a refusal, like "models.meetings.invitations.access_invitation"; empty if none did."""
    trace = refusal.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals['__name__']}.{trace.tb_frame.f_code.co_qualname}"
