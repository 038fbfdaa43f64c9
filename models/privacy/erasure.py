"""Erasure of a person at their own request, the duties that this leaves vacant, and deletion of old drafts.

Which rows are deleted: ``models.membership.deletion``. An administrator named in the configuration is appointed anew
by Telegram id at the next start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery import clearing
from models.delivery.drafts import Draft
from models.feedback import typed_lines
from models.feedback.sealing import Keyring
from models.membership import roles
from models.membership.deletion import LINE_ERASED, delete_person
from models.people import audit
from models.people.access import RoleKind
from models.people.audit import Audit
from models.people.people import Person

ERASED = "erased"

DRAFTS_KEEP = timedelta(days=30)
"""The age after which an unfinished dialogue is deleted."""


@dataclass(frozen=True)
class Gap:
    """What nobody is in charge of once a person is erased."""

    installation: bool
    """Whether the person is the last administrator."""
    groups: tuple[str, ...]
    """The names of the groups of which the person is the last coordinator."""


async def gap(session: AsyncSession, person: Person) -> Gap:
    """What nobody would be in charge of if this person were erased."""
    held = await roles.of_person(session, person)
    alone = [holding for holding in held if await roles.is_last(session, holding)]
    return Gap(
        installation=any(holding.role.kind is RoleKind.ADMINISTRATOR for holding in alone),
        groups=tuple(
            holding.group.name for holding in alone if holding.group and holding.role.kind is RoleKind.COORDINATOR
        ),
    )


@dataclass(frozen=True)
class ChatTraces:
    """What a person's chat shows of answers to open forms."""

    form_messages: tuple[int, ...]
    """The ids of our messages about these forms."""
    typed_lines: tuple[int, ...]
    """The ids of the person's messages that have not been deleted yet."""


async def chat_traces(session: AsyncSession, person: Person, keys: Keyring) -> ChatTraces:
    """What the person's chat shows of answers to open forms. Nothing is known of it once they are erased."""
    return ChatTraces(
        tuple(await clearing.form_messages(session, person.id)), tuple(await typed_lines.of(session, person.id, keys))
    )


async def erase(session: AsyncSession, person: Person, *, now: datetime) -> None:
    """Erases a person immediately and irreversibly. The audit log records that somebody was erased, but not who."""
    await delete_person(session, person, now=now)
    audit.note(session, None, ERASED, now=now)


async def drop_drafts(session: AsyncSession, *, now: datetime) -> None:
    """Deletes dialogues that were not continued for `DRAFTS_KEEP`. They may contain names from a pasted list."""
    await session.execute(delete(Draft).where(Draft.updated_at < now - DRAFTS_KEEP))


async def erased(session: AsyncSession) -> int:
    """The number of people and roster lines erased so far."""
    return await session.scalar(select(func.count()).where(Audit.action.in_((ERASED, LINE_ERASED)))) or 0
