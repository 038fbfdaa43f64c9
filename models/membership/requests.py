"""Requests to join a group whose coordinators approve each person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, Index, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.base import Base, insert_new
from models.delivery import outbox
from models.delivery.kinds import DeliveryKind
from models.delivery.outbox import Planned
from models.errors import NotFound, Refused, Stale
from models.people import access, audit
from models.people.groups import Workgroup
from models.people.people import Person
from models.policy import Policy

KEEPS = timedelta(days=14)
PAUSE = timedelta(days=1)
"""How long after a decline a person may ask again."""
OPEN = text("decided_at IS NULL")


class JoinRequest(Base):
    """A person who used a joining link and waits. At most one open request per person and group."""

    __tablename__ = "join_request"
    __table_args__ = (
        Index(
            "uq_join_request_open", "workgroup_id", "person_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workgroup_id: Mapped[int] = mapped_column(ForeignKey("workgroup.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    approved: Mapped[bool | None]


@dataclass(frozen=True)
class RequestDetails:
    """A request with its person and group."""

    request: JoinRequest
    group: Workgroup
    person: Person
    decider: str | None


async def ask(session: AsyncSession, group: Workgroup, person: Person, *, policy: Policy, now: datetime) -> bool:
    """Asks the coordinators to accept a person, with at most one message per day. Returns False if a request was open
    already."""
    mine = (JoinRequest.workgroup_id == group.id, JoinRequest.person_id == person.id)
    declined = select(JoinRequest.id).where(*mine, JoinRequest.approved.is_(False))
    if await session.scalar(declined.where(JoinRequest.decided_at > now - PAUSE).limit(1)) is not None:
        raise Refused("join-declined-lately", group=group.name)
    row = {"workgroup_id": group.id, "person_id": person.id, "asked_at": now}
    new = await insert_new(session, JoinRequest, [row])
    request_id = await session.scalar(select(JoinRequest.id).where(*mine, JoinRequest.decided_at.is_(None)))
    assert request_id is not None
    await outbox.plan(
        session,
        [
            Planned(
                person_id=coordinator.id,
                kind=DeliveryKind.JOIN_REQUEST,
                subject=request_id,
                slot=now.astimezone(policy.zone).date().isoformat(),
                due_at=now,
                expires_at=now + KEEPS,
            )
            for coordinator in await access.coordinators(session, group.id)
        ],
    )
    return bool(new)


async def access_request(session: AsyncSession, person: Person, request_id: int) -> RequestDetails:
    """The request, for the group's coordinators. Raises NotFound or NotAllowed for others."""
    asked = await of_id(session, request_id)
    if asked is None:
        raise NotFound
    await access.access_group(session, person, asked.group.id)
    return asked


async def of_id(session: AsyncSession, request_id: int) -> RequestDetails | None:
    """The request as it is now, for its deliveries; None if there is none."""
    rows = await _request_details(session, JoinRequest.id == request_id)
    return rows[0] if rows else None


async def waiting(session: AsyncSession, group: Workgroup) -> list[RequestDetails]:
    """The group's open requests, oldest first."""
    return await _request_details(session, JoinRequest.workgroup_id == group.id, JoinRequest.decided_at.is_(None))


async def _request_details(session: AsyncSession, *which: ColumnElement[bool]) -> list[RequestDetails]:
    decider = aliased(Person)
    wanted = (
        select(JoinRequest, Workgroup, Person, decider.name)
        .join(Workgroup, Workgroup.id == JoinRequest.workgroup_id)
        .join(Person, Person.id == JoinRequest.person_id)
        .outerjoin(decider, decider.id == JoinRequest.decided_by)
        .where(*which)
        .order_by(JoinRequest.id)
    )
    return [RequestDetails(*row) for row in await session.execute(wanted)]


async def decide(session: AsyncSession, by: Person, asked: RequestDetails, approved: bool, *, now: datetime) -> None:
    """Decides a request and notifies the person. Raises Stale if another coordinator has decided it."""
    request = asked.request
    done = await session.execute(
        update(JoinRequest)
        .where(JoinRequest.id == request.id, JoinRequest.decided_at.is_(None))
        .values(decided_at=now, decided_by=by.id, approved=approved)
        .returning(JoinRequest.id)
    )
    if done.scalar_one_or_none() is None:
        raise Stale("join-decided-already")
    action = "request-approved" if approved else "request-declined"
    audit.note(session, by, action, now=now, group_id=asked.group.id, person_id=asked.person.id)
    answer = Planned(asked.person.id, DeliveryKind.JOIN_ANSWER, request.id, due_at=now, expires_at=now + KEEPS)
    await outbox.plan(session, [answer])
    await _show_decided(session, by, asked, now)


async def _show_decided(session: AsyncSession, by: Person, asked: RequestDetails, now: datetime) -> None:
    """Withdraws the messages to the other coordinators that wait, and edits the cards that were sent."""
    await outbox.withdraw(session, [DeliveryKind.JOIN_REQUEST], [asked.request.id])
    others = [
        coordinator for coordinator in await access.coordinators(session, asked.group.id) if coordinator.id != by.id
    ]
    kind = DeliveryKind.JOIN_DECIDED
    edits = [Planned(person.id, kind, asked.request.id, now, now + KEEPS) for person in others]
    await outbox.plan(session, edits)


async def settle(session: AsyncSession, group_id: int, person_id: int, *, now: datetime) -> None:
    """Closes the open request of a person who has become a member otherwise."""
    mine = update(JoinRequest).where(JoinRequest.workgroup_id == group_id, JoinRequest.person_id == person_id)
    await session.execute(mine.where(JoinRequest.decided_at.is_(None)).values(decided_at=now, approved=True))
