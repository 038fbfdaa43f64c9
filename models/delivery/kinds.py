"""The kinds of deliveries and of cards, with their properties."""

import enum
from typing import Self


class CardKind(enum.StrEnum):
    """Kinds of messages that are edited in place; each chat has at most one message of a kind and subject."""

    INVITATION = "invitation"
    """To a member. The subject is an invitation."""
    MEETING = "meeting"
    """The coordinator's card of a meeting. The subject is a meeting."""
    FEEDBACK = "feedback"
    """A form that somebody answers. The subject is a run."""
    SURVEY = "survey"
    """The coordinator's card of a survey. The subject is a run."""
    RESULTS = "results"
    """The subject is a release."""
    DIGEST = "digest"
    """The subject is a digest."""
    JOIN_REQUEST = "join-request"
    """To a group's coordinators. The subject is a join request."""
    SAME_PEOPLE = "same-people"
    """To a group's coordinators: who may be the same person. The subject is the group."""


class DeliveryKind(enum.StrEnum):
    """Kinds of deliveries. Each has a renderer: a handler decorated with ``@renders(DeliveryKind.X)``.

    The second value is the kind of card that the sent message becomes, or that is edited; without it the message is
    never edited.
    """

    card: CardKind | None

    def __new__(cls, value: str, card: CardKind | None = None) -> Self:
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.card = card
        return kind

    INVITATION = "invitation", CardKind.INVITATION
    REMINDER = "reminder", CardKind.INVITATION
    CORRECTION = "correction", CardKind.INVITATION
    """After a small change of a meeting: the invitation card is edited."""
    CANCELLED = "cancelled", CardKind.INVITATION
    TURNOUT = "turnout", CardKind.MEETING
    """After an answer to an invitation: the coordinator's card is edited."""
    FEEDBACK = "feedback", CardKind.FEEDBACK
    """A form to answer; with a slot, a reminder of it."""
    FEEDBACK_CLEARED = "feedback-cleared"
    """Edits one message about a form, `Delivery.message_id`, so that it holds no answers; the revision is a
    `Clearing`."""
    RESULTS = "results", CardKind.RESULTS
    NAMED_ANSWERS = "named"
    """Signed answers have arrived, too few for results."""
    DIGEST = "digest", CardKind.DIGEST
    DIGEST_PLACE = "digest-place"
    """Asks whoever brought the bot to a group or channel whether the digest shall go there."""
    DIGEST_MUTE = "digest-mute"
    """The bot was brought to a group or channel where it may not write."""
    DIGEST_FOREIGN = "digest-foreign"
    """The bot was brought to a group or channel by somebody who may read no digest."""
    DIGEST_ENDED = "digest-ended"
    """The digest does not go to a group or channel any more."""
    JOIN_REQUEST = "join-request", CardKind.JOIN_REQUEST
    JOIN_DECIDED = "join-decided", CardKind.JOIN_REQUEST
    """After a decision: the other coordinators' cards of the request are edited."""
    JOIN_ANSWER = "join-answer"
    SAME_PEOPLE = "same-people", CardKind.SAME_PEOPLE
    SAME_PEOPLE_CHANGED = "same-people-changed", CardKind.SAME_PEOPLE
    """After another question, or a decision: the coordinators' cards are edited."""
    BLOCKED = "blocked"
    """A member has blocked the bot."""
    ADDED = "added"
    """To somebody in Telegram whom a coordinator has added to another group."""
    LEFT = "left"
    """A member has left a group."""
    ROLE_GIVEN = "role-given"
    ROLE_REMOVED = "role-removed"
    UNRECOGNIZED = "unrecognized"
    """Planned by another version of the program. It is never planned, has no renderer, and fails when it is due."""

    @property
    def edits(self) -> bool:
        """Whether it edits a card that is already in the chat. Without such a card it is dropped."""
        return self in (
            DeliveryKind.CORRECTION,
            DeliveryKind.TURNOUT,
            DeliveryKind.JOIN_DECIDED,
            DeliveryKind.SAME_PEOPLE_CHANGED,
            DeliveryKind.FEEDBACK_CLEARED,
        )

    @property
    def is_forgotten(self) -> bool:
        """Whether its row is deleted as soon as it has ended, and no log line or metric is written of it."""
        return self is DeliveryKind.FEEDBACK_CLEARED

    @property
    def urgent(self) -> bool:
        """Whether it always ignores quiet hours: an edit makes no sound, and these notes answer who has just acted.

        Of the other kinds, `Planned.urgent` says it for each delivery.
        """
        return self.edits or self in (
            DeliveryKind.DIGEST_PLACE,
            DeliveryKind.DIGEST_MUTE,
            DeliveryKind.DIGEST_FOREIGN,
        )

    @property
    def about_feedback(self) -> bool:
        """Whether what becomes of it tells who has answered: the log then names neither the delivery nor its state."""
        return self in (DeliveryKind.FEEDBACK, DeliveryKind.FEEDBACK_CLEARED, DeliveryKind.UNRECOGNIZED)


class Clearing(enum.IntEnum):
    """What a message about a form shows once it is cleared. The number is the revision of the delivery."""

    RESTING = 0
    """The form is open: the person's page without answers, or that a newer message has replaced this one."""
    CLOSED = 1
    TRIAL_OVER = 2
    """The preview of a form has ended."""


EDITS = frozenset(kind for kind in DeliveryKind if kind.edits)
FORGOTTEN = frozenset(kind for kind in DeliveryKind if kind.is_forgotten)
DELIVERED_CARDS = frozenset(kind.card for kind in DeliveryKind if kind.card is not None and not kind.edits)
"""Kinds of cards that are sent by a delivery; the others are shown to the person who acted."""
