"""Which groups need attention, and that no others do."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.reports.digest.attention import reasons
from handlers.texts import LANGUAGES, texts
from models.meetings.meetings import MeetingState
from models.people import groups
from models.people.groups import Membership, Workgroup
from models.reports.attention import ASKED_AT_LEAST, Attention, Reason, attention
from models.valid_figures import Rate
from tests.models.reports.test_statistics import HELSINKI, closed, held, people
from tests.talk import Talk

AT = datetime(2027, 12, 1, 9, tzinfo=HELSINKI)
FOUNDED = date(2027, 1, 7)


async def new_group(session: AsyncSession, name: str, members: int = 4) -> Workgroup:
    group = await groups.create(session, name, now=datetime(2027, 1, 7, 9, tzinfo=HELSINKI))
    await people(session, group, members)
    return group


def ago(days: int) -> datetime:
    return AT - timedelta(days=days)


async def test_a_group_that_has_not_met_for_ninety_days(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        quiet, long_quiet, recent, called, met_since = [
            await new_group(session, f"Ryhmä {number}") for number in range(5)
        ]
        await held(session, quiet, ago(91), [])
        await held(session, long_quiet, ago(200), [])
        await held(session, recent, ago(89), [])
        for group, ahead in ((called, MeetingState.ANNOUNCED), (met_since, MeetingState.HELD)):
            await held(session, group, ago(150), [])
            await held(session, group, ago(-3), [], state=ahead)
        await groups.create(session, "Ilman jäseniä", now=ago(300))
        await new_group(session, "Ilman kokouksia")
        archived = await new_group(session, "Lakkautettu")
        archived.archived_at = ago(5)
        empty = [entry for entry in await attention(session, None, at=AT) if entry.group == "Ilman kokouksia"]
        assert empty == [Attention("Ilman kokouksia", Reason.QUIET, founded=FOUNDED)]
        some = [other.id for other in (quiet, long_quiet, recent, called, met_since, archived)]
        assert await attention(session, some, at=AT) == (
            Attention("Ryhmä 0", Reason.QUIET, since=date(2027, 9, 1), founded=FOUNDED),
            Attention("Ryhmä 1", Reason.QUIET, since=date(2027, 5, 15), founded=FOUNDED),
        )
        assert await attention(session, [], at=AT) == ()


async def test_a_young_group_has_its_time_and_is_not_said_to_be_old(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Uusi", now=ago(89))
        await people(session, group, 2)
        assert await attention(session, None, at=AT) == ()
        (entry,) = await attention(session, None, at=AT + timedelta(days=2))
        assert entry == Attention("Uusi", Reason.QUIET, founded=ago(89).date())
        told = [reasons(texts(language), [entry]) for language in LANGUAGES]
        assert told == [
            "ei vielä yhtään kokousta, perustettu 3.9.2027",
            "inget möte ännu, grundad 3.9.2027",
            "no meeting yet, founded 3 Sep 2027",
        ]


async def test_a_meeting_far_ahead_does_not_hide_a_quiet_group(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        for name, days in {"Kuukausi": 29, "Pitkä": 31, "Vuosi": 170}.items():
            group = await new_group(session, name)
            await held(session, group, ago(100), [])
            await held(session, group, ago(-days), [], state=MeetingState.ANNOUNCED)
        found = await attention(session, None, at=AT)
        assert [(entry.group, entry.coming) for entry in found] == [
            ("Pitkä", ago(-31).date()),
            ("Vuosi", ago(-170).date()),
        ]
        assert reasons(texts("fi"), [found[1]]) == "ei kokousta 23.8.2027 jälkeen, seuraava 19.5.2028"


async def test_the_last_meeting_is_known_however_long_ago(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Vanha", now=ago(1000))
        await people(session, group, 2)
        await held(session, group, ago(900), [])
        await held(session, group, ago(800), [])
        (entry,) = await attention(session, None, at=AT)
        assert (entry.since, entry.founded) == (ago(800).date(), ago(1000).date())


async def test_who_belonged_then_counts_and_who_belongs_now_does_not(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        for name, joined, left in (("Tyhjeni", 200, 10), ("Täyttyi", 10, None), ("Tyhjä", 200, 31)):
            group = await groups.create(session, name, now=ago(300))
            (member,) = await people(session, group, 1)
            membership = (
                await session.execute(select(Membership).where(Membership.person_id == member.id))
            ).scalar_one()
            membership.joined_at, membership.left_at = ago(joined), ago(left) if left is not None else None
        await session.flush()
        assert [entry.group for entry in await attention(session, None, at=ago(30))] == ["Tyhjeni"]
        assert [entry.group for entry in await attention(session, None, at=AT)] == ["Täyttyi"]


async def test_names_are_in_one_order_whatever_their_capitals(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        for name in ("vammaispalvelu", "Aikuiset", "Zeta", "lapset"):
            await new_group(session, name)
        found = [entry.group for entry in await attention(session, None, at=AT)]
        assert found == ["Aikuiset", "lapset", "vammaispalvelu", "Zeta"]


async def test_attendance_that_falls(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        for name, came in {"Laskee": 12, "Ennallaan": 14, "Lyhyt": 4}.items():
            group = await new_group(session, name)
            members = await people(session, group, 20)
            for number in range(5 if name == "Lyhyt" else 6):
                there = came if number < 3 else 15
                await held(session, group, ago(10 + 20 * number), members, yes=15, there=there)
        (falling,) = await attention(session, None, at=AT)
        assert falling == Attention("Laskee", Reason.FALLING, now=Rate(36, 60), before=Rate(45, 60), latest=3)


async def test_attendance_that_falls_is_seen_of_whoever_meets_seldom(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        days = {"Viisi viikkoa": (5, 40, 75, 110, 145, 190), "Kesätauko": (10, 40, 170, 200, 230, 260)}
        days |= {"Kahdesti vuodessa": (10, 200, 400, 500, 540, 560), "Loppui": (190, 220, 250, 280, 310, 340)}
        for name, each in days.items():
            group = await groups.create(session, name, now=ago(700))
            members = await people(session, group, 20)
            for number, day in enumerate((*each, 547)):  # a seventh says nothing
                await held(session, group, ago(day), members, there=12 if number < 3 else 17)
        found = await attention(session, None, at=AT)
        fell = {entry.group: (entry.now, entry.before) for entry in found if entry.reason is Reason.FALLING}
        assert fell == dict.fromkeys(("Viisi viikkoa", "Kesätauko", "Kahdesti vuodessa"), (Rate(36, 60), Rate(51, 60)))


async def test_few_answers_are_told_as_counts_and_below_the_threshold_as_a_bound(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        counts = (("Vähän", 15, 120), ("Alle", 3, 30), ("Ei yhtään", 0, 30), ("Viidennes", 24, 120), ("Pieni", 0, 6))
        for name, answered, asked in counts:
            group = await new_group(session, name)
            await held(session, group, ago(5), [])
            for number in range(3):
                await closed(session, group, ago(5 + number), asked // 3, answered // 3 + (number < answered % 3))
        few = {entry.group: entry for entry in await attention(session, None, at=AT)}
        assert few == {
            "Vähän": Attention("Vähän", Reason.FEW_ANSWERS, now=Rate(15, 120), latest=3),
            **{
                name: Attention(name, Reason.FEW_ANSWERS, now=Rate(12, 30), latest=3, is_upper_bound=True)
                for name in ("Alle", "Ei yhtään")
            },
        }
        assert "(15 / 120)" in reasons(texts("fi"), [few["Vähän"]])
        assert "(enintään 12 / 30)" in reasons(texts("fi"), [few["Alle"]])
        assert ASKED_AT_LEAST > 6


async def test_few_answers_that_lie_half_a_year_back_say_nothing(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await new_group(session, "Ryhmä")
        await closed(session, group, ago(183), 40, 1)
        await held(session, group, ago(2), [])
        assert await attention(session, None, at=AT) == ()
