"""All data stored about one person, for that person: plain values with readable keys, ready for JSON."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.delivery import drafts
from models.delivery.outbox import Delivery
from models.feedback.runs import Staged
from models.feedback.sealing import Keyring
from models.meetings.attendance import Attendance
from models.meetings.changes_told import ChangeTold
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.membership.requests import JoinRequest
from models.membership.same_people import SameQuestion
from models.people.access import Role
from models.people.audit import Audit
from models.people.groups import Membership, Workgroup
from models.people.links import Link
from models.people.people import Address, Person
from models.privacy import own_answers
from models.privacy.own_answers import Rows
from models.reports.digests import Digest
from models.reports.subscriptions import Subscription

LEFT_OUT = "left out of this file at your request"


async def export(session: AsyncSession, person: Person, keys: Keyring, *, now: datetime) -> dict[str, Any]:
    """All data stored about a person. Counted answers are not included: they cannot be assigned to anybody."""
    return {
        "exported_at": now.isoformat(),
        "person": _person(person),
        "memberships": await _memberships(session, person),
        "requests_to_join": await _requests(session, person),
        "questions_about_same_people": await _same_questions(session, person),
        "roles": await _roles(session, person),
        "invitations": await _invitations(session, person),
        "attendances": await _attendances(session, person),
        "meetings_called": await _meetings_called(session, person),
        "feedback_still_open": await own_answers.of_open_forms(session, person, keys),
        "feedback_under_your_name": await own_answers.under_own_name(session, person),
        "messages": await _messages(session, person),
        "digests_chosen": await _subscriptions(session, person),
        "replies_to_feedback": await _replies(session, person),
        "digests": await _digests(session, person),
        "personal_links": await _links(session, person),
        "unfinished_dialogues": await _drafts(session, person),
        "log": await _log(session, person),
    }


async def has_open_answers(session: AsyncSession, person: Person) -> bool:
    """Whether the export holds answers to forms that are still open."""
    return await session.scalar(select(Staged.run_id).where(Staged.person_id == person.id).limit(1)) is not None


def _person(person: Person) -> dict[str, Any]:
    return {
        "telegram_id": person.telegram_id,
        "name": person.name,
        "name_in_telegram": person.profile_name,
        "language": person.language,
        "organisation": person.organisation,
        "organisation_on_rosters": person.organisation_name,
        "field": person.field,
        "contact": person.contact,
        "quiet_from": _text(person.quiet_start),
        "quiet_until": _text(person.quiet_end),
        "wants_reminders": person.wants_reminders,
        "wants_feedback": person.wants_feedback,
        "reachable": person.reach,
        "known_since": _text(person.created_at),
    }


def _text(value: Any) -> str | None:
    return value.isoformat() if value is not None else None


async def _memberships(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(
        select(Workgroup.name, Membership).join(Membership).where(Membership.person_id == person.id)
    )
    return [
        {"group": name, "from": _text(membership.joined_at), "to": _text(membership.left_at)}
        for name, membership in rows
    ]


async def _requests(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(
        select(JoinRequest, Workgroup.name)
        .join(Workgroup, Workgroup.id == JoinRequest.workgroup_id)
        .where(or_(JoinRequest.person_id == person.id, JoinRequest.decided_by == person.id))
    )
    return [
        {
            "group": name,
            "asked_by": "yourself" if request.person_id == person.id else "someone else",
            "asked_at": _text(request.asked_at),
            "decided_at": _text(request.decided_at),
        }
        for request, name in rows
    ]


async def _same_questions(session: AsyncSession, person: Person) -> Rows:
    """The questions that the person asked or decided as a coordinator. Those about the person are left out: they would
    tell somebody who has taken a name that it stands on the roster."""
    rows = await session.execute(
        select(SameQuestion, Workgroup.name)
        .join(Workgroup, Workgroup.id == SameQuestion.workgroup_id)
        .where(or_(SameQuestion.asked_by == person.id, SameQuestion.decided_by == person.id))
    )
    return [
        {"group": name, "asked_at": _text(question.asked_at), "decided_at": _text(question.decided_at)}
        for question, name in rows
    ]


async def _roles(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(select(Role, Workgroup.name).outerjoin(Workgroup).where(Role.person_id == person.id))
    return [
        {"role": role.kind, "group": name, "from": _text(role.granted_at), "to": _text(role.revoked_at)}
        for role, name in rows
    ]


async def _invitations(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(
        select(Invitation, Meeting, Workgroup.name)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .join(Workgroup, Workgroup.id == Meeting.workgroup_id)
        .where(Invitation.person_id == person.id)
    )
    return [
        {
            **_meeting(meeting, group),
            "invited_at": _text(invitation.invited_at),
            "invited_as": invitation.source,
            "answer": invitation.answer,
            "answered_at": _text(invitation.answered_at),
        }
        for invitation, meeting, group in rows
    ]


def _meeting(meeting: Meeting, group: str) -> dict[str, Any]:
    return {"group": group, "meeting": meeting.title, "starts_at": _text(meeting.starts_at)}


async def _attendances(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(
        select(Attendance, Meeting, Workgroup.name)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .join(Workgroup, Workgroup.id == Meeting.workgroup_id)
        .where(Attendance.person_id == person.id)
    )
    return [
        {
            **_meeting(meeting, group),
            "attended": attendance_row.attended,
            "said_by": "yourself" if attendance_row.own_word else "coordinator",
            "marked_at": _text(attendance_row.marked_at),
        }
        for attendance_row, meeting, group in rows
    ]


async def _meetings_called(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(select(Meeting, Workgroup.name).join(Workgroup).where(Meeting.created_by == person.id))
    return [{**_meeting(meeting, group), "called_at": _text(meeting.created_at)} for meeting, group in rows]


async def _messages(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(
        select(Delivery).join(Address).where(Address.person_id == person.id).order_by(Delivery.due_at, Delivery.id)
    )
    return [
        {
            "about": delivery.kind,
            "due_at": _text(delivery.due_at),
            "state": delivery.state,
            "sent_at": _text(delivery.sent_at),
        }
        for delivery in rows.scalars()
    ]


async def _digests(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(select(Digest).where(Digest.person_id == person.id).order_by(Digest.period))
    return [{"month": digest.period, "planned_at": _text(digest.planned_at)} for digest in rows.scalars()]


async def _subscriptions(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(select(Subscription).where(Subscription.person_id == person.id))
    return [
        {
            "in_private": subscription.address_id is None,
            "how_often": subscription.rhythm,
            "groups": subscription.group_ids,
            "language": subscription.language,
        }
        for subscription in rows.scalars()
    ]


async def _replies(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(
        select(ChangeTold, Workgroup.name)
        .join(Workgroup)
        .where(ChangeTold.created_by == person.id)
        .order_by(ChangeTold.id)
    )
    return [{"group": name, "text": change.text, "at": _text(change.created_at)} for change, name in rows]


async def _links(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(select(Link).where(Link.person_id == person.id))
    return [
        {"kind": link.kind, "made_at": _text(link.created_at), "closed_at": _text(link.closed_at)}
        for link in rows.scalars()
    ]


async def _drafts(session: AsyncSession, person: Person) -> Rows:
    rows = await session.execute(select(drafts.Draft).where(drafts.Draft.person_id == person.id))
    return [
        {"about": draft.subject, "known": draft.data, "updated_at": _text(draft.updated_at)} for draft in rows.scalars()
    ]


async def _log(session: AsyncSession, person: Person) -> Rows:
    """What this person did and what others did to them, without the names of the others."""
    rows = await session.execute(
        select(Audit, Workgroup.name)
        .outerjoin(Workgroup, Workgroup.id == Audit.workgroup_id)
        .where(or_(Audit.actor_id == person.id, Audit.person_id == person.id))
        .order_by(Audit.id)
    )
    return [
        {
            "at": _text(entry.at),
            "action": entry.action,
            "by": "yourself" if entry.actor_id == person.id else "someone else",
            "group": group,
            "detail": entry.detail,
        }
        for entry, group in rows
    ]
