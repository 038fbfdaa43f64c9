"""The taps of people, compared with the answers in the database and on their screens."""

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
    """Descriptions of invitations: without an answer; with another answer than the last tap; with an old card."""

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
        """Compares the newest tap of each invitation with the stored answer, and that with its card."""
        async with sessions() as session:
            rows = await session.execute(select(Invitation.id, Invitation.answer))
            stored = {row.id: row.answer for row in rows}
        checked = Checked()
        for number, press in {press.invitation_id: press for press in self.made}.items():
            answer, card = stored[number], shown(press.message)
            if answer is None:
                checked.lost.append(f"invitation {number}: pressed {press.answer}, no answer is stored")
            elif answer is not press.answer:
                checked.wrong.append(f"invitation {number}: pressed {press.answer} last, {answer} is stored")
            elif card is not answer:
                checked.stale.append(f"invitation {number}: its card shows {card}, {answer} is stored")
        return checked

    def unanswered(self) -> int:
        """Taps that were not answered, and whose message was not edited since."""
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
    """The answer that a card shows, by the labels of its buttons."""
    chosen = {answer: {str(texts(language)(f"answer-{answer}-chosen")) for language in LANGUAGES} for answer in Answer}
    return next((answer for answer, button in buttons(message).items() if button.label in chosen[answer]), None)


def cards(user: User) -> list[Message]:
    """The invitations in a person's chat."""
    return [message for message in user.messages if message.from_bot and buttons(message)]
