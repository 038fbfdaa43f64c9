"""Replies to feedback: who hears them, which go along, and what the annual report collects."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound, Refused, Stale
from models.feedback import pooling
from models.feedback.pools import Pool, PoolKind
from models.feedback.releases import Release
from models.feedback.runs import Run, RunState
from models.forms import forms
from models.forms.forms import Question
from models.meetings import meetings
from models.meetings.changes_told import ChangeTold, attach, detach
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting, MeetingPlan, Mode
from models.people import access, groups
from models.people.access import RoleKind
from models.people.groups import Membership, Workgroup
from models.people.people import Person
from models.privacy import erasure, own_data
from models.reports.annual import changes_told as annual_replies
from models.results import changes_told
from models.valid_figures import Mean
from tests.pooled import open_with
from tests.talk import Talk

DAY = timedelta(days=1)


@dataclass
class Feedback:
    """A group whose form was opened and, a week later, released."""

    session: AsyncSession
    talk: Talk
    group: Workgroup
    anna: Person
    opened: datetime
    closed: datetime
    questions: list[Question] = field(default_factory=list)
    release: Release | None = None

    async def released(self, source: type, *means: int) -> Release:
        version = await forms.built_in(self.session)
        self.questions = list(version.questions)
        scales = [question for question in version.questions if question.high]
        origin: Run | Pool
        if source is Run:
            origin = Run(form_version_id=version.id, workgroup_id=self.group.id, threshold=5, state=RunState.CLOSED)
            origin.opens_at, origin.closes_at = self.opened, self.closed
        else:
            origin = Pool(kind=PoolKind.ANSWERS, form_version_id=version.id, workgroup_id=self.group.id, threshold=5)
        origin.asked, origin.answered = 9, 5
        self.session.add(origin)
        await self.session.flush()
        ballots = [{scale.id: mean + (n == 0) for scale, mean in zip(scales, means, strict=False)} for n in range(5)]
        if isinstance(origin, Pool):
            self.release = await open_with(self.session, origin, ballots, now=self.closed)
        else:
            answers, keys = dict(enumerate(ballots)), self.talk.app.keys
            (self.release,) = await pooling.release_or_wait(self.session, origin, answers, keys, now=self.closed)
        return self.release

    async def writes(self, place: int = 0, text: str = "Teimme.", now: datetime | None = None) -> None:
        assert self.release is not None
        about = self.release.id, self.questions[place].id, text
        await changes_told.write(self.session, self.anna, *about, was=None, now=now or self.closed)

    async def meeting(self) -> Meeting:
        starts = self.closed + 9 * DAY
        plan = MeetingPlan("Aihe", starts, starts + timedelta(hours=2), ZoneInfo("Europe/Helsinki"), Mode.REMOTE)
        meeting = await meetings.create(self.session, self.group, self.anna, plan, now=self.closed)
        await attach(self.session, meeting)
        return meeting

    async def member(self, joined: datetime, left: datetime | None = None, person: Person | None = None) -> Person:
        found = person or Person(name="Bo", created_at=joined)
        self.session.add(found)
        await self.session.flush()
        stay = Membership(workgroup_id=self.group.id, person_id=found.id, joined_at=joined, left_at=left)
        self.session.add(stay)
        await self.session.flush()
        return found

    async def hears(self, person: Person, meeting: Meeting) -> list[str]:
        invitation = Invitation(meeting_id=meeting.id, person_id=person.id, invited_at=self.closed)
        invitation.meeting = meeting
        return [change.text for change in await changes_told.lines_for(self.session, invitation)]

    async def all(self) -> list[ChangeTold]:
        return list((await self.session.execute(select(ChangeTold).order_by(ChangeTold.id))).scalars())


@pytest.fixture
async def feedback(talk_anywhere: Talk) -> AsyncIterator[Feedback]:
    now = talk_anywhere.clock.now()
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=now - 99 * DAY)
        anna = Person(name="Anna", created_at=now)
        session.add(anna)
        await session.flush()
        await access.grant(session, anna, RoleKind.COORDINATOR, group, now=now)
        yield Feedback(session, talk_anywhere, group, anna, now - 7 * DAY, now)


@pytest.mark.parametrize(
    ("joins", "leaves", "hears"),
    [
        (-20, None, True),
        (0, None, True),
        (-20, 3, True),  # left since, and invited as a guest or after a return
        (-20, -1, False),
        (-20, 0, False),
        (1, None, False),
    ],
)
@pytest.mark.parametrize("source", [Run, Pool])
async def test_it_is_heard_by_who_was_in_the_group_when_feedback_was_given(
    feedback: Feedback, source: type, joins: int, leaves: int | None, hears: bool
) -> None:
    """Of a pool nobody knows when: there it is the day of its release."""
    given = feedback.opened if source is Run else feedback.closed
    person = await feedback.member(given + joins * DAY, None if leaves is None else given + leaves * DAY)
    await feedback.released(source, 2, 3, 4)
    await feedback.writes()
    assert await feedback.hears(person, await feedback.meeting()) == (["Teimme."] if hears else [])


async def test_whoever_came_back_hears_it_once(feedback: Feedback) -> None:
    person = await feedback.member(feedback.opened - 9 * DAY, feedback.opened + DAY)
    await feedback.member(feedback.opened + 2 * DAY, person=person)
    await feedback.released(Run, 2, 3, 4)
    await feedback.writes()
    assert await feedback.hears(person, await feedback.meeting()) == ["Teimme."]
    assert feedback.release is not None
    assert (await changes_told.access_board(feedback.session, feedback.anna, feedback.release.id)).recipients == 1


async def test_the_oldest_three_go_along_and_wait_again_when_called_off(feedback: Feedback) -> None:
    for day in (4, 3):
        await feedback.released(Run, 2, 3, 4)
        for place in (0, 1):
            await feedback.writes(place, f"{day} {place}", feedback.closed + day * DAY)
    person = await feedback.member(feedback.opened)
    first, second = await feedback.meeting(), await feedback.meeting()
    assert await feedback.hears(person, first) == ["3 0", "3 1", "4 0"]
    assert await feedback.hears(person, second) == ["4 1"]
    await detach(feedback.session, first)
    assert await feedback.hears(person, first) == []
    assert await feedback.hears(person, await feedback.meeting()) == ["3 0", "3 1", "4 0"]
    assert await feedback.hears(person, second) == ["4 1"]


async def test_statements_come_weakest_first_by_their_place_on_the_scale(feedback: Feedback) -> None:
    release = await feedback.released(Run, 4, 2, 3)
    board = await changes_told.access_board(feedback.session, feedback.anna, release.id)
    assert [(statement.mean.value, statement.is_weakest) for statement in board.statements] == [
        (pytest.approx(2.2), True),
        (pytest.approx(3.2), False),
        (pytest.approx(4.2), False),
    ]


async def test_one_reply_for_a_statement_and_none_for_what_is_not_shown(feedback: Feedback) -> None:
    release = await feedback.released(Run, 2, 3, 4)
    await feedback.writes()
    with pytest.raises(Stale):
        await feedback.writes(text="Toinen.")
    session, anna, question = feedback.session, feedback.anna, feedback.questions[0].id
    with pytest.raises(Stale):
        await changes_told.write(session, anna, release.id, question, "Muu.", was="Ei tämä.", now=feedback.closed)
    await changes_told.write(session, anna, release.id, question, "Muu.", was="Teimme.", now=feedback.closed)
    for release_id, question_id in ((release.id, feedback.questions[-1].id), (release.id, 99), (99, question), (0, 1)):
        with pytest.raises(NotFound):
            await changes_told.write(session, anna, release_id, question_id, "x", was=None, now=feedback.closed)
    (reply,) = await feedback.all()
    await session.refresh(reply)
    assert (reply.text, reply.created_by, reply.created_at) == ("Muu.", anna.id, feedback.closed)
    await feedback.meeting()
    with pytest.raises(Stale):
        await changes_told.remove(session, anna, release.id, question, now=feedback.closed)


@pytest.mark.parametrize("typed", ["", " \u200b\n", "x" * 201, "😀" * 4096])
def test_a_line_is_one_line_of_two_hundred_characters(typed: str) -> None:
    with pytest.raises(Refused):
        changes_told.parse_line(typed)
    assert changes_told.parse_line(" a\nb\x00\u202e ") == "a b"
    assert len(changes_told.parse_line("x" * 200)) == 200


async def test_a_year_collects_what_was_replied_in_it_archived_groups_too(feedback: Feedback) -> None:
    session, first, after = feedback.session, feedback.closed, feedback.closed + 30 * DAY
    await feedback.released(Run, 2, 3, 4)
    await feedback.writes(0, "Ensin.", first)
    await feedback.writes(1, "Viimein.", after - timedelta(seconds=1))
    await feedback.writes(2, "Myöhässä.", after)
    await feedback.meeting()
    await session.execute(update(Workgroup).values(archived_at=first))
    found = await annual_replies.of_year(session, (first, after))
    assert [(change.group, change.text) for change in found] == [
        ("Lastensuojelu", "Ensin."),
        ("Lastensuojelu", "Viimein."),
    ]
    assert [(change.mean, change.statement.identity) for change in found] == [
        (Mean(11, 5, 1, 5), feedback.questions[0].identity),
        (Mean(16, 5, 1, 5), feedback.questions[1].identity),
    ]
    assert feedback.release is not None
    assert {change.releases for change in found} == {(feedback.release.id,)}
    assert await annual_replies.of_year(session, (first - DAY, first)) == ()
    with pytest.raises(Refused):
        await feedback.writes(0)


async def test_erasure_leaves_the_line_and_takes_the_writer(feedback: Feedback) -> None:
    await feedback.released(Run, 2, 3, 4)
    await feedback.writes()
    keys = feedback.talk.app.keys
    exported = await own_data.export(feedback.session, feedback.anna, keys, now=feedback.closed)
    assert [one["text"] for one in exported["replies_to_feedback"]] == ["Teimme."]
    await erasure.erase(feedback.session, feedback.anna, now=feedback.closed)
    feedback.session.expire_all()
    (reply,) = await feedback.all()
    assert (reply.text, reply.created_by) == ("Teimme.", None)
