"""What people did, as the harness knows it, held against the answers in the database and on their screens."""

from dataclasses import dataclass, field

from sqlalchemy import select

from bot import db
from bot.sandbox import Sandbox
from bot.sandbox.keyboards import Button
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from handlers.texts import LANGUAGES, texts
from models.meetings.invitations import Answer, Invitation


@dataclass(frozen=True)
class Press:
    invitation_id: int
    answer: Answer
    tap_id: str
    message: Message


@dataclass
class Checked:
    """Invitations in words: pressed but without any answer; with another than the last; with a card that lags."""

    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


@dataclass
class Presses:
    """Presses of the buttons of invitations, in the order of their update ids."""

    sandbox: Sandbox
    made: list[Press] = field(default_factory=list)

    def press(self, user: User, message: Message, answer: Answer) -> None:
        button = buttons(message)[answer]
        tap_id = user.taps_data(button.data or "", message)
        self.made.append(Press(invitation_of(message), answer, tap_id, message))

    async def check(self, sessions: db.Sessions) -> "Checked":
        """The newest press of each invitation beside the answer that is held, and that beside what its card shows."""
        async with sessions() as session:
            rows = await session.execute(select(Invitation.id, Invitation.answer))
            held = {row.id: row.answer for row in rows}
        found = Checked()
        for number, press in {press.invitation_id: press for press in self.made}.items():
            answer, card = held[number], shown(press.message)
            if answer is None:
                found.lost.append(f"invitation {number}: pressed {press.answer}, no answer is held")
            elif answer is not press.answer:
                found.wrong.append(f"invitation {number}: pressed {press.answer} last, {answer} is held")
            elif card is not answer:
                found.stale.append(f"invitation {number}: its card shows {card}, {answer} is held")
        return found

    def unanswered(self) -> int:
        """Presses that Telegram never had answered, and whose message was not changed since either."""
        taps = [self.sandbox.world.taps[press.tap_id] for press in self.made]
        return sum(
            not tap.answered and (tap.message.edited_at is None or tap.message.edited_at < tap.at) for tap in taps
        )


def buttons(message: Message) -> dict[Answer, Button]:
    return {
        Answer((button.data or "").split(":")[2]): button
        for row in message.buttons
        for button in row
        if (button.data or "").startswith("rsvp:")
    }


def invitation_of(message: Message) -> int:
    return int((next(iter(buttons(message).values())).data or "").split(":")[1])


def shown(message: Message) -> Answer | None:
    """The answer that a card shows as given, by the words of its buttons."""
    chosen = {answer: {str(texts(language)(f"answer-{answer}-chosen")) for language in LANGUAGES} for answer in Answer}
    return next((answer for answer, button in buttons(message).items() if button.label in chosen[answer]), None)


def cards(user: User) -> list[Message]:
    """The invitations in a person's chat."""
    return [message for message in user.messages if message.from_bot and buttons(message)]
