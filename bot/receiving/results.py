"""What became of an update, and its log line."""

import secrets
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import Update

from handlers import dispatch
from handlers.routes import Context
from handlers.screen import Screen
from models.delivery.kinds import CardKind
from models.errors import Refused
from models.operations.recent import UpdateOutcome

log = structlog.get_logger()

File = bytes | None | Refused
"""The content of the document in an update, None without one, or why it could not be fetched."""


@dataclass
class Result:
    """An update while it is applied: first what was received, then what became of it."""

    update: Update
    file: File
    route: str
    answers_form: bool
    """Part of answering a form: nothing may tell when that was, nor whether they tapped or wrote."""
    screen: Screen | None = None
    """The answer; None until there is one."""
    outcome: UpdateOutcome = UpdateOutcome.DONE
    refusal: str = ""
    """The key of the refusal's text."""
    gate: str = ""
    """The function that refused, with its module."""
    reference: str = ""
    """A number for the failures of this update in the log; the person is shown it if no try succeeds."""

    @classmethod
    def of(cls, update: Update, file: File) -> "Result":
        return cls(update, file, dispatch.route_of(update), dispatch.answers_form(update))

    def take_route(self, context: Context) -> None:
        """Takes over what the handlers know about the route, such as the dialogue that a text belongs to."""
        self.route, self.answers_form = context.route, context.answers_form

    def refuse(self, refusal: Refused, *, is_new: bool) -> None:
        """Notes a refusal. An update that is not new took effect the first time, so that it is no refusal."""
        self.outcome = UpdateOutcome.REFUSED if is_new else UpdateOutcome.REDELIVERED
        self.refusal, self.gate = refusal.key, gate_of(refusal)

    def fail(self) -> None:
        """Logs the exception that is being handled, with its traceback, under the update's reference."""
        self.outcome, self.refusal, self.gate = UpdateOutcome.FAILED, "", ""
        self.reference = self.reference or secrets.token_hex(4).upper()
        log.exception("update failed", reference=self.reference, route=self.route)

    @property
    def is_silent(self) -> bool:
        """Whether the log and the record of recent refusals may not mention it."""
        shows_form = self.screen is not None and is_form(self.screen)
        return (self.answers_form or shows_form) and self.outcome is not UpdateOutcome.FAILED

    def log(self) -> None:
        """The update's line in the log. It has no update id: a gap in the ids would tell of an update left out."""
        if self.is_silent:
            return
        details = {"refusal": self.refusal, "gate": self.gate, "reference": self.reference}
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
