"""A form that closes late, for example after an outage."""

from datetime import datetime, timedelta

from sqlalchemy import select

from models.feedback import closing
from models.feedback.response import Response
from models.feedback.runs import Run
from models.months import Month
from models.periods import Scope
from models.reports import statistics
from models.valid_figures import Share
from tests.talk import HELSINKI, Actor, Talk, key

LATE = datetime(2027, 4, 2, 11, tzinfo=HELSINKI)


async def test_it_counts_in_the_month_in_which_its_figures_came_out(talk: Talk, anna: Actor) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(5)]
    await talk.group(members=members, coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 31.3. klo 9-12 Teams: Johdatus")
    await talk.until(datetime(2027, 3, 31, 13, tzinfo=HELSINKI))
    for member in members:
        await member.taps(key("attended-remote"))
        for value in "4443":
            await member.taps(value)
        await member.taps(key("feedback-finish"))
    async with talk.app.sessions.begin() as session:
        run = (await session.execute(select(Run))).scalar_one()
        run.closes_at = LATE - timedelta(days=2)
        await session.flush()
        await closing.count_and_close(session, run.id, talk.app.keys, policy=talk.app.policy, now=LATE)
    async with talk.app.sessions() as session:
        march, april = [
            await statistics.digest_figures(session, Scope(Month(2027, number), HELSINKI, None)) for number in (3, 4)
        ]
    assert (march.funnel.response, len(march.statements)) == (Response(), 0)
    assert (april.funnel.response.of_asked, len(april.statements)) == (Share(5, 5), 4)
