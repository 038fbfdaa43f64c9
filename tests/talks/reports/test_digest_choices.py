"""Whose digest is of what: roles that narrow, choices made at the last moment, groups that are gone, many at once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from bot.sandbox.groups import Group
from bot.ticks import plan_digests
from models.delivery.outbox import Delivery, Sending
from models.people import groups
from models.people.access import Role, RoleKind
from models.people.groups import Workgroup
from models.people.people import Address, Person, Reachability
from models.reports import digest_plans
from models.reports.digests import Digest
from models.reports.subscriptions import Rhythm, Subscription
from tests.models.reports.test_statistics import released
from tests.scenes import scene
from tests.talk import HELSINKI, Actor, Talk, key, words
from tests.talks.reports.test_digest import a_good_month, at, digests_of, months_of

NINE = at(2027, 4, 1, 9) + timedelta(seconds=20)
"""March's digest is due; no tick has planned it yet."""


@pytest.fixture
@scene
async def march(talk: Talk, anna: Actor, maija: Actor) -> None:
    """March with one meeting, a second group in which nothing happened, and a manager. It is 1 April, eight o'clock."""
    await a_good_month(talk, anna)
    await talk.group("Aikuiset", members=[talk.person("Eeva")], coordinator=anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1, 8))


async def narrowed(talk: Talk, actor: Actor, name: str | None) -> None:
    """Revokes all roles of a person, then makes them manager of the group ``name`` unless it is None."""
    async with talk.app.sessions.begin() as session:
        person = (await session.execute(select(Person).where(Person.telegram_id == actor.user.id))).scalar_one()
        await session.execute(update(Role).where(Role.person_id == person.id).values(revoked_at=talk.clock.now()))
        if name is not None:
            group = (await session.execute(select(Workgroup).where(Workgroup.name == name))).scalar_one()
            row = Role(person_id=person.id, kind=RoleKind.MANAGER, workgroup_id=group.id)
            row.granted_at = talk.clock.now() - timedelta(days=60)
            session.add(row)


async def planned_at(talk: Talk, moment: object = NINE) -> None:
    """It is just after nine: the digests are planned, and none is on its way."""
    talk.clock.moment = moment
    await plan_digests(talk.app)


async def kept(talk: Talk) -> int:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count(Subscription.id))) or 0


async def archived(talk: Talk, name: str) -> None:
    async with talk.app.sessions.begin() as session:
        named = update(Workgroup).where(Workgroup.name == name)
        await session.execute(named.values(archived_at=talk.clock.now()))


async def brought(talk: Talk, actor: Actor, title: str) -> Group:
    channel = talk.sandbox.add_channel(title, [actor.user])
    channel.sets_bot_status("administrator", by=actor.user)
    await talk.answered()
    await talk.settle()
    return channel


def posts(chat: Group) -> list[str]:
    return [words(message) for message in chat.messages if message.from_bot]


# Roles and choices that narrow


async def test_a_manager_limited_to_one_group_no_longer_sees_other_groups(
    talk: Talk, maija: Actor, march: None
) -> None:
    await talk.until(at(2027, 4, 1, 10))
    (sent,) = digests_of(maija)
    assert "Kokouksia 1" in words(sent)
    await narrowed(talk, maija, "Aikuiset")
    shown = await maija.says("/digest 3/2027")
    assert shown.splitlines()[:3] == ["Kuukausikooste: maaliskuu 2027", "Työryhmä: Aikuiset", ""]
    assert "Ei kokouksia eikä" in shown
    assert "Lastensuojelu" not in shown
    for button in ("digest-groups:2027-03", "digest-statements:2027-03"):
        assert (await maija.taps_data(button, sent)).startswith("Tätä ei löytynyt.")
    await narrowed(talk, maija, "Lastensuojelu")
    assert "Kokouksia 1" in await maija.says("/digest 3/2027")


async def test_a_role_that_narrows_between_plan_and_sending(talk: Talk, maija: Actor, march: None) -> None:
    await planned_at(talk)
    await narrowed(talk, maija, "Aikuiset")
    await talk.settle()
    (sent,) = digests_of(maija)
    assert "Työryhmä: Aikuiset" in words(sent)
    assert "Ei kokouksia eikä" in words(sent)


@pytest.mark.parametrize("narrowing", ["role", "choice", "nothing"])
async def test_a_channel_gets_only_what_its_owner_still_gives_it(
    talk: Talk, maija: Actor, march: None, narrowing: str
) -> None:
    channel = await brought(talk, maija, "Tiedotteet")
    await maija.taps(key("digest-place-yes"))
    await planned_at(talk)
    if narrowing == "role":
        await narrowed(talk, maija, "Aikuiset")
    elif narrowing == "choice":
        await maija.taps(key("digest-set-choose-groups"))
        await maija.taps("Aikuiset")
    await talk.settle()
    assert len(posts(channel)) == (narrowing == "nothing")
    await talk.until(at(2027, 5, 4))
    assert posts(channel)[-1].startswith("Kuukausikooste: huhtikuu 2027")
    assert ("Työryhmä: Aikuiset" in posts(channel)[-1]) == (narrowing != "nothing")


# Rhythms


@pytest.mark.parametrize(
    ("before", "pressed", "comes"),
    [
        ("Kuukausittain", "Kuukausittain", ["Kuukausikooste: maaliskuu 2027"]),
        ("Kuukausittain", "Neljännesvuosittain", ["Neljännesvuosikooste: tammi–maaliskuu 2027"]),
        ("Neljännesvuosittain", "Kuukausittain", ["Kuukausikooste: maaliskuu 2027"]),
        ("Ei koskaan", "Kuukausittain", []),
        ("Kuukausittain", "Ei koskaan", []),
    ],
)
@pytest.mark.usefixtures("march")
async def test_what_is_pressed_between_nine_and_the_tick(
    talk: Talk, maija: Actor, before: str, pressed: str, comes: list[str]
) -> None:
    """Who was to get one gets one, in the rhythm that is chosen by then; who begins gets the next."""
    await maija.says("/digest")
    await maija.taps("Asetukset")
    await maija.taps(before if before != "Kuukausittain" else "Valitse työryhmät")
    await maija.says("/settings")
    await maija.taps("Kooste")
    talk.clock.moment = NINE
    for _ in range(2):
        await maija.taps(pressed if f"✓ {pressed}" not in maija.labels() else f"✓ {pressed}")
    await talk.until(at(2027, 4, 3))
    found = [words(one).splitlines()[0] for one in maija.messages if "kooste: " in words(one).splitlines()[0]]
    assert [one for one in found if "helmikuu" not in one] == comes


async def test_yes_pressed_twice_between_nine_and_the_tick(talk: Talk, maija: Actor, march: None) -> None:
    channel = await brought(talk, maija, "Tiedotteet")
    asked = maija.last
    await maija.taps_data(asked.buttons[0][0].data, asked)
    talk.clock.moment = NINE
    await maija.taps_data(f"digest-place:{await address(talk)}:yes", maija.last)
    await talk.until(at(2027, 4, 3))
    assert len(posts(channel)) == 1


async def address(talk: Talk) -> int:
    async with talk.app.sessions() as session:
        wanted = select(Subscription.address_id).where(Subscription.address_id.is_not(None))
        return (await session.execute(wanted)).scalar_one()


async def test_whoever_looks_at_the_settings_has_chosen_nothing(talk: Talk, aino: Actor, march: None) -> None:
    await aino.starts()
    assert "Kooste: Ei koskaan" in await aino.says("/settings")
    await aino.taps("Kooste")
    assert "Kuinka usein: Ei koskaan" in aino.text
    await aino.taps(key("digest-set-choose-groups"))
    await aino.taps("✓ Kaikki työryhmät")
    await aino.taps(key("back"))
    await aino.taps("✓ Ei koskaan")
    assert await kept(talk) == 0
    await talk.manager(aino)
    await talk.until(at(2027, 5, 4))
    assert months_of(aino) == ["maaliskuu 2027", "huhtikuu 2027"]


async def test_never_chosen_after_planning_is_never(talk: Talk, maija: Actor, march: None) -> None:
    await maija.says("/settings")
    await maija.taps("Kooste")
    await planned_at(talk)
    await maija.taps("Ei koskaan")
    await talk.settle()
    assert not digests_of(maija)
    async with talk.app.sessions() as session:
        states = (await session.execute(select(Delivery.state).where(Delivery.kind == "digest"))).scalars()
        assert list(states) == [Sending.SUPERSEDED]
    assert "Kokouksia 1" in await maija.says("/digest")


# The settings


async def test_the_settings_of_a_manager_lead_to_the_digests_and_back(
    talk: Talk, anna: Actor, maija: Actor, march: None
) -> None:
    assert "Kooste" not in await anna.says("/settings")
    assert "Kooste" not in anna.labels()
    assert "Kooste: Kuukausittain" in await maija.says("/settings")
    await maija.taps("Kooste")
    await maija.taps("Neljännesvuosittain")
    assert maija.labels()[-2:] == ["Kuukausikooste", "Asetukset"]
    await maija.taps("Asetukset")
    assert "Kooste: Neljännesvuosittain" in maija.text
    await maija.taps("Kooste")
    await maija.taps("Kuukausikooste")
    assert maija.text.startswith("Neljännesvuosikooste: ")


async def test_every_channel_can_be_seen_and_stopped(talk: Talk, maija: Actor, march: None) -> None:
    for number in range(10):
        await brought(talk, maija, f"Kanava {number}")
        await maija.taps(key("digest-place-yes"))
    await maija.says("/settings")
    await maija.taps("Kooste")
    assert [one for one in maija.labels() if "Kanava" in one] == [f"Kanava {number}" for number in range(8)]
    await maija.taps("Seuraava")
    assert [one for one in maija.labels() if "Kanava" in one] == ["Kanava 8", "Kanava 9"]
    await maija.taps("Kanava 9")
    await maija.taps("Lopeta lähettäminen sinne")
    await maija.taps("Seuraava")
    assert [one for one in maija.labels() if "Kanava" in one] == ["Kanava 8"]
    await maija.taps(key("previous"))
    assert len([one for one in maija.labels() if "Kanava" in one]) == 8


async def test_of_an_archived_group_alone_nothing_comes_and_the_settings_say_so(
    talk: Talk, maija: Actor, march: None
) -> None:
    """April in which it lived is told; then nothing, until another is chosen."""
    await maija.says("/settings")
    await maija.taps("Kooste")
    await maija.taps(key("digest-set-choose-groups"))
    await maija.taps("Lastensuojelu")
    await talk.until(at(2027, 4, 15))
    await archived(talk, "Lastensuojelu")
    await talk.until(at(2027, 7, 5))
    assert months_of(maija) == ["maaliskuu 2027", "huhtikuu 2027"]
    await maija.says("/settings")
    await maija.taps("Kooste")
    assert "Työryhmät: –\nNäitä työryhmiä ei enää ole, joten kooste ei tule. Valitse muita" in maija.text
    assert "Seuraava" not in maija.text
    await maija.taps(key("digest-set-choose-groups"))
    await maija.taps("Aikuiset")
    await maija.taps(key("back"))
    assert "Työryhmät: Kaikki työryhmät" in maija.text  # the only one that lives
    await talk.until(at(2027, 8, 5))
    assert months_of(maija)[-1] == "heinäkuu 2027"


async def test_groups_that_were_archived_before_are_not_named(
    talk: Talk, anna: Actor, maija: Actor, march: None
) -> None:
    await talk.group("äidit ja isät", members=[], coordinator=anna)
    await maija.says("/settings")
    await maija.taps("Kooste")
    for button in ("digest-take:0:0:1:on", "digest-take:0:0:2:on"):
        await maija.taps_data(button)
    await talk.until(at(2027, 4, 15))
    await archived(talk, "Lastensuojelu")
    await talk.until(at(2027, 6, 2))
    april, may = (words(one).splitlines()[1] for one in digests_of(maija)[1:])
    assert april == "Työryhmät: Aikuiset, Lastensuojelu"
    assert may == "Työryhmä: Aikuiset"


# Periods


async def test_a_manager_of_a_young_group_turns_back_to_its_founding(talk: Talk, anna: Actor, maija: Actor) -> None:
    await a_good_month(talk, anna)
    await talk.manager(maija)
    await talk.until(at(2027, 5, 10))
    await talk.group("Nuoret", members=[], coordinator=anna)
    await narrowed(talk, maija, "Nuoret")
    await maija.says("/digest 6/2027")
    await talk.until(at(2027, 6, 10))
    await maija.says("/digest 6/2027")
    await maija.taps("‹ toukokuu 2027")
    assert maija.labels()[0] == "kesäkuu 2027 ›"
    assert not [one for one in maija.labels() if one.startswith("‹")]


async def test_years_of_which_nothing_can_be_asked(talk: Talk, maija: Actor, march: None) -> None:
    for typed in ("1999-12", "2200-01", "q1/2200", "12/1999", "2027", "all"):
        assert (await maija.says(f"/digest {typed}")).startswith("Kirjoita kuukausi"), typed
    for typed in ("2199-12", "q4/2199", "1/2100"):
        assert (await maija.says(f"/digest {typed}")).startswith("Kysymäsi aika ei ole vielä alkanut."), typed
    assert (await maija.taps_data("digest:2199-12")).startswith("Kysymäsi aika ei ole vielä alkanut.")


async def test_before_the_first_group_there_was_nothing(talk: Talk, maija: Actor, march: None) -> None:
    for typed in ("1/2000", "q3/2026", "2/2027"):
        lines = (await maija.says(f"/digest {typed}")).splitlines()
        assert lines[2] == "Silloin ei ollut yhtään työryhmää, joten kerrottavaa ei ole."
        assert lines[3:5] == (["", "Tulossa: maaliskuu 2027, 1 kokous"] if typed == "2/2027" else [])
    await maija.taps("12 kuukautta")
    assert "0 kokousta" in maija.text
    await maija.taps("Takaisin koosteeseen")
    await maija.taps("Taulukko")
    assert maija.last.document is not None


async def test_one_meeting_and_no_answers(talk: Talk, anna: Actor, maija: Actor) -> None:
    await talk.group(members=[talk.person("Bo")], coordinator=anna)
    await talk.manager(maija)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await talk.until(at(2027, 4, 1, 10))
    (digest,) = digests_of(maija)
    assert "Kokouksia 1\n" in words(digest)
    assert "Palautetta: 1 kyselyssä alle 5 vastausta (pyydettiin 1)" in words(digest)
    assert "Osallistumisia ei kirjattu 1 kokouksesta.\n" in words(digest)
    assert "Osallistumisia 0" not in words(digest)
    assert not [label for label in maija.labels() if label.startswith("Kaikki väittämät")]


async def test_everything_withheld(talk: Talk, anna: Actor, maija: Actor) -> None:
    """Neither how many answered is told, nor what they answered."""
    members = [talk.person(f"Jäsen {number}") for number in range(4)]
    await talk.group(members=members, coordinator=anna)
    await talk.manager(maija)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await talk.until(at(2027, 3, 10, 13))
    for member in members:
        for label in ("Kyllä, etänä", "4", "5", "4", "3", "Lähetä palaute"):
            await member.taps(label)
    await talk.until(at(2027, 4, 1, 10))
    (digest,) = digests_of(maija)
    assert "Palautetta: 1 kyselyssä alle 5 vastausta (pyydettiin 4)" in words(digest)
    assert "n = " not in words(digest)
    assert "tuloksia" not in words(digest)  # the line above has said why
    assert (await maija.taps_data("digest-statements:2027-03", digest)).startswith("Tätä ei löytynyt.")


async def test_six_who_agree_are_not_said_to_have_said_nothing(talk: Talk, anna: Actor, maija: Actor) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=members, coordinator=anna)
    await talk.manager(maija)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await talk.until(at(2027, 3, 10, 13))
    for member in members:
        for label in ("Kyllä, etänä", "5", "5", "5", "5", "Lähetä palaute"):
            await member.taps(label)
    await talk.until(at(2027, 4, 1, 10))
    (digest,) = digests_of(maija)
    assert "Palautetta: 6 / 6 pyydetystä" in words(digest)
    assert "Väittämien keskiarvoja ei näytetä, jotta kenenkään vastaus ei paljastu." in words(digest)
    assert "n = " not in words(digest)


# Many at once


async def many(talk: Talk, count: int) -> None:
    """So many groups, each with a manager of its own."""
    async with talk.app.sessions.begin() as session:
        for number in range(count):
            group = await groups.create(session, f"Ryhmä {number:02}", now=at(2027, 1, 7))
            person = Person(name=f"Johtaja {number}", reach=Reachability.REACHABLE, created_at=at(2027, 1, 7))
            session.add(person)
            await session.flush()
            session.add(Address(chat_id=number + 1, person_id=person.id))
            row = {"person_id": person.id, "kind": RoleKind.MANAGER, "workgroup_id": group.id}
            session.add(Role(**row, granted_at=at(2027, 1, 7)))


async def planned(talk: Talk) -> int:
    async with talk.app.sessions() as session:
        return await session.scalar(select(func.count(Digest.id))) or 0


async def test_taps_are_answered_while_the_digests_of_many_groups_are_planned(
    talk: Talk, maija: Actor, march: None
) -> None:
    await many(talk, 40)
    talk.clock.moment = NINE
    planning = asyncio.create_task(plan_digests(talk.app))
    while await planned(talk) < 2:  # beside it, in its turn
        continue
    assert (await maija.says("/settings")).startswith("Asetukset")
    assert not planning.done()
    assert 0 < await planned(talk) < 41
    await planning
    assert await planned(talk) == 41


async def test_programs_that_plan_at_once_plan_each_digest_once(talk_anywhere: Talk) -> None:
    await many(talk_anywhere, 5)
    talk_anywhere.clock.moment = NINE
    await asyncio.gather(*(plan_digests(talk_anywhere.app) for _ in range(3)))
    await plan_digests(talk_anywhere.app)
    assert await planned(talk_anywhere) == 5
    async with talk_anywhere.app.sessions() as session:
        assert await session.scalar(select(func.count(Delivery.id)).where(Delivery.kind == "digest")) == 5


async def test_a_program_that_died_in_the_middle_plans_the_rest(talk: Talk) -> None:
    await many(talk, 5)
    policy, now = talk.app.policy, NINE.astimezone(HELSINKI)
    async with talk.app.sessions.begin() as session:
        first, *_ = await digest_plans.wanted(session, policy=policy, now=now)
        assert await digest_plans.plan(session, first, policy=policy, now=now) == 1
        assert await digest_plans.plan(session, first, policy=policy, now=now) == 0
    talk.clock.moment = NINE
    await plan_digests(talk.app)
    assert await planned(talk) == 5


async def test_figures_that_cannot_be_made_hold_up_only_their_own_digest(talk: Talk) -> None:
    """A mean outside its scale, as no program of ours would release it."""
    await many(talk, 3)
    async with talk.app.sessions.begin() as session:
        await released(session, await session.get_one(Workgroup, 1), at(2027, 3, 20), 1000, 10)
    talk.clock.moment = NINE
    await plan_digests(talk.app)
    async with talk.app.sessions() as session:
        assert list((await session.execute(select(Digest.group_ids).order_by(Digest.id))).scalars()) == [[2], [3]]


async def test_managers_of_the_same_share_one_computation(talk: Talk) -> None:
    await many(talk, 2)
    async with talk.app.sessions.begin() as session:
        await session.execute(delete(Role).where(Role.workgroup_id != 1))
        other = (await session.execute(select(Person.id).where(Person.name == "Johtaja 1"))).scalar_one()
        one = {"kind": RoleKind.MANAGER, "workgroup_id": 1, "granted_at": at(2027, 1, 7)}
        session.add(Role(person_id=other, **one))
    async with talk.app.sessions() as session:
        (only,) = await digest_plans.wanted(session, policy=talk.app.policy, now=NINE)
        assert [reader.rhythm for reader in only.readers] == [Rhythm.MONTHLY, Rhythm.MONTHLY]
