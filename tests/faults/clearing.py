"""A form closes under SIGKILL and lost answers: at the end no message about it shows an answer, and no row is left."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from bot.sandbox.content import Content
from bot.sandbox.entities import Text
from bot.sandbox.messages import Message
from models.delivery import cards
from models.delivery.cards import Card, ReplacedMessage
from models.delivery.kinds import CardKind, DeliveryKind
from models.delivery.outbox import Delivery
from models.feedback.runs import Participation, Run
from models.feedback.sealing import Keyring
from models.forms import forms
from models.forms.forms import Form
from models.forms.items import Item, QuestionKind
from models.people import people
from tests.faults.program import until
from tests.faults.report import Result, Scenario
from tests.faults.rig import Rig, rigged
from tests.faults.sending import at_rate, slow_down

EDIT = "editMessageText"
ANSWERS = "Vastauksesi: 4"
BAR = "500 chats, 1,000 messages, 60 kills: 0 show an answer, 0 rows left"


@dataclass(frozen=True)
class Size:
    people: int
    kills: int


FULL = Size(people=500, kills=60)
QUICK = Size(people=20, kills=3)


async def run(seed: int, quick: bool) -> Result:
    size, result = QUICK if quick else FULL, Result("clearing", seed, BAR)
    async with rigged(seed, {"Lastensuojelu": size.people}) as rig:
        slow_down(rig)
        messages = await put_form(rig)
        rig.sandbox.faults.bad_gateway(after=True, method=EDIT, times=None, probability=0.02)
        rig.sandbox.faults.drop(method=EDIT, times=None, probability=0.02)
        program = rig.program(**at_rate(25))
        for left in range(size.kills, 0, -1):
            await program.launch()
            standing = sum(shows_answer(message) for message in messages)
            blow = rig.at_request(program, rig.rng.randint(1, max(1, 2 * standing // (left + 2))), method=EDIT)
            await until(lambda blow=blow: not program.running or blow.done)  # type: ignore[misc]
            await program.kill()
            rig.network.watchers.clear()
        in_midst = sum(map(shows_answer, messages))
        await program.start(polling=False)
        left_rows = await rows_left(rig)
        while left_rows:
            await asyncio.sleep(0.3)
            left_rows = await rows_left(rig)
        await program.stop()
    result.lost = sum(map(shows_answer, messages))
    result.done = f"{len(messages)} messages, {program.kills} SIGKILLs, 4 % of the answers lost or 502"
    result.notes.append(f"{in_midst} messages still to be edited at the last kill")
    result.require(in_midst > 0, "the last kill falls into the clearing")
    result.require_none("lost")
    return result


def shows_answer(message: Message) -> bool:
    return ANSWERS in message.text


async def put_form(rig: Rig) -> list[Message]:
    """A form whose time is over, with two messages about it in each member's chat. Returns these messages."""
    now, messages = datetime.now(UTC), []
    (group_id,) = rig.office.members
    async with rig.office.sessions() as sessions, sessions.begin() as session:
        form = Form(key=secrets.token_hex(8), name="Kysely", workgroup_id=group_id, created_at=now)
        session.add(form)
        await session.flush()
        version = await forms.write(session, form, [Item(QuestionKind.SCALE, "Väite", low=1, high=5)])
        run = Run(form_version_id=version.id, workgroup_id=group_id, threshold=5, opens_at=now - timedelta(days=7))
        run.closes_at = now
        session.add(run)
        await session.flush()
        Keyring(rig.office.settings.feedback.keys).create(run.key)
        for user in rig.office.members[group_id]:
            person, address_id = await people.known(session, user.id), await people.private_address(session, user.id)
            assert person is not None
            assert address_id is not None
            session.add(Participation(run_id=run.id, person_id=person.id))
            older, newer = [rig.sandbox.world.post(user.chat, Content(Text(ANSWERS)), None) for _ in range(2)]
            session.add(ReplacedMessage(address_id=address_id, subject=run.id, message_id=older.message_id))
            card = Card(CardKind.FEEDBACK, run.id)
            await cards.record_card(session, address_id, card, message_id=newer.message_id, now=now)
            messages += [older, newer]
    return messages


async def rows_left(rig: Rig) -> int:
    """How many rows name a message about the form."""
    async with rig.office.sessions() as sessions, sessions() as session:
        edits = select(func.count()).where(Delivery.kind == DeliveryKind.FEEDBACK_CLEARED)
        cards_left = select(func.count()).where(cards.Message.kind == CardKind.FEEDBACK)
        replaced = select(func.count()).select_from(ReplacedMessage)
        return sum([await session.scalar(query) or 0 for query in (edits, cards_left, replaced)])


SCENARIOS = (Scenario("clearing", run),)
