"""Typed lines: what people type as an answer is deleted from the chat once it is sealed.

Until the deletion is confirmed, the id of the message is in the sealed answers and nowhere else.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Refused
from models.feedback import answers
from models.feedback.runs import Run, Staged
from models.feedback.sealing import Keyring, size_of
from models.people.people import Address


async def of(session: AsyncSession, person_id: int, keys: Keyring) -> list[int]:
    """The ids of a person's typed messages about open forms that are still in the chat, as far as keys are there."""
    wanted = select(Staged, Run).join(Run, Run.id == Staged.run_id).where(Staged.person_id == person_id)
    rows = (await session.execute(wanted)).all()
    readable = [keys.open(run.key, staged.blob) for staged, run in rows if keys.opens(run.key, staged.blob)]
    return [line for content in readable for line in answers.typed_lines(answers.from_json(content))]


async def forget(session: AsyncSession, chat_id: int, run_id: int, message_ids: Collection[int], keys: Keyring) -> None:
    """Removes the ids of deleted messages from a person's sealed answers. Does nothing if the form is closed."""
    wanted = (
        select(Staged, Run)
        .join(Run, Run.id == Staged.run_id)
        .join(Address, Address.person_id == Staged.person_id)
        .where(Staged.run_id == run_id, Address.chat_id == chat_id)
    )
    row = (await session.execute(wanted.with_for_update(of=Staged))).one_or_none()
    if row is None:
        return
    staged, run = row
    try:
        stored = answers.from_json(keys.open(run.key, staged.blob))
    except Refused:  # the key is lost, and the ids with it
        return
    left = [line for line in answers.typed_lines(stored) if line not in message_ids]
    content = answers.to_json(answers.with_lines(stored, left))
    staged.blob = keys.seal(run.key, content, size=size_of(staged.blob))
