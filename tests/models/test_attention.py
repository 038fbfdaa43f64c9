"""Which groups need attention, and that no others do."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from models import groups
from models.attention import ASKED_AT_LEAST, Attention, Reason, attention
from models.groups import Workgroup
from models.meetings import MeetingState
from models.possible import Rate
from tests.models.test_statistics import HELSINKI, closed, held, people
from tests.talk import Talk

AT = datetime(2027, 12, 1, 9, tzinfo=HELSINKI)


async def new_group(session: AsyncSession, name: str, members: int = 4) -> Workgroup:
    group = await groups.found(session, name, now=datetime(2027, 1, 7, 9, tzinfo=HELSINKI))
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
        await groups.found(session, "Ilman jäseniä", now=ago(300))
        await new_group(session, "Ilman kokouksia")
        archived = await new_group(session, "Lakkautettu")
        archived.archived_at = ago(5)
        empty = [one for one in await attention(session, None, at=AT) if one.group == "Ilman kokouksia"]
        assert empty == [Attention("Ilman kokouksia", Reason.QUIET)]
        some = [one.id for one in (quiet, long_quiet, recent, called, met_since, archived)]
        assert await attention(session, some, at=AT) == (
            Attention("Ryhmä 0", Reason.QUIET, since=date(2027, 9, 1)),
            Attention("Ryhmä 1", Reason.QUIET),
        )
        assert await attention(session, [], at=AT) == ()


async def test_a_young_group_has_its_time(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.found(session, "Uusi", now=ago(89))
        await people(session, group, 2)
        assert await attention(session, None, at=AT) == ()
        assert [one.reason for one in await attention(session, None, at=AT + timedelta(days=2))] == [Reason.QUIET]


async def test_attendance_that_falls(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        for name, came in {"Laskee": 12, "Ennallaan": 14, "Lyhyt": 4}.items():
            group = await new_group(session, name)
            members = await people(session, group, 20)
            for number in range(5 if name == "Lyhyt" else 6):
                there = came if number < 3 else 15
                await held(session, group, ago(10 + 20 * number), members, yes=15, there=there)
        (falling,) = await attention(session, None, at=AT)
        assert falling == Attention("Laskee", Reason.FALLING, now=Rate(36, 60), before=Rate(45, 60))


async def test_few_answers(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        for name, answered, asked in (("Vähän", 5, 60), ("Alle", 3, 30), ("Viidennes", 12, 60), ("Pieni", 0, 6)):
            group = await new_group(session, name)
            await held(session, group, ago(5), [])
            for number in range(3):
                await closed(session, group, ago(5 + number), asked // 3, answered // 3 + (number < answered % 3))
        few = {one.group: one for one in await attention(session, None, at=AT)}
        assert few == {
            "Vähän": Attention("Vähän", Reason.FEW_ANSWERS, now=Rate(5, 60)),
            "Alle": Attention("Alle", Reason.FEW_ANSWERS, now=Rate(0, 30), fewer_than=5),
        }
        assert ASKED_AT_LEAST > 6


async def test_what_lies_half_a_year_back_says_nothing(talk_anywhere: Talk) -> None:
    async with talk_anywhere.app.sessions.begin() as session:
        group = await new_group(session, "Ryhmä")
        await closed(session, group, ago(183), 40, 1)
        await held(session, group, ago(2), [])
        assert await attention(session, None, at=AT) == ()
