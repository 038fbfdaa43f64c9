"""Joining by link, code and picture; with the coordinators' leave; by a personal link."""

import re

from sqlalchemy import Column, select

from migrations.tables import metadata
from models.meetings import attendance, invitations, meetings
from models.meetings.attendance import Attended
from models.membership import merging
from models.people import access, groups, links, people
from models.people.access import RoleKind
from models.people.links import LinkKind, readable
from models.people.people import Person
from tests.talk import Actor, Talk, key, words
from tests.talks.people.test_roster import CODE, NOT_ALLOWED, NOT_FOUND, adds, on_roster


async def link_of(anna: Actor) -> str:
    """The joining code, as the coordinator sees it."""
    await anna.says("/members")
    await anna.taps("Liittymislinkki")
    found = CODE.search(anna.text)
    assert found is not None
    return found[1]


async def test_the_link_its_code_and_its_picture(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    code = await link_of(anna)
    assert readable(code) in anna.text
    await anna.taps("QR-kuva")
    assert anna.last.photo.content.startswith(b"\x89PNG")
    assert code in words(anna.last)
    await bo.starts(code)
    await cilla.starts()
    assert "Tervetuloa työryhmään" in await cilla.says(readable(code).lower())
    assert await on_roster(talk) == ["Bo", "Cilla"]


async def test_a_rotated_link_stops_and_two_taps_rotate_once(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    old = await link_of(anna)
    await anna.taps("Vaihda linkki")
    anna.user.taps("Kyllä, vaihda")
    anna.user.taps("Kyllä, vaihda")
    await talk.answered()
    assert "on jo vaihtunut" in anna.toast
    new = CODE.search(anna.text)
    assert new is not None
    assert "ei ole enää voimassa" in await bo.starts(old)
    assert "Tervetuloa" in await cilla.starts(new[1])


async def with_leave(anna: Actor) -> str:
    """Turns approval on; returns the joining code."""
    code = await link_of(anna)
    await anna.taps("Hyväksy liittyjät yksitellen")
    assert "yksitellen" in anna.toast
    return code


async def test_a_joiner_waits_for_leave_and_is_told(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    code = await with_leave(anna)
    assert "lähetetty koordinoijalle" in await bo.starts(code)
    await talk.time_passes(minutes=1)
    assert "Bo pyytää päästä työryhmään Lastensuojelu" in anna.text
    assert await on_roster(talk) == []
    await anna.taps("Hyväksy")
    assert "Hyväksyjä: Anna" in anna.text
    await talk.time_passes(minutes=1)
    assert bo.sees("Sinut hyväksyttiin työryhmään")
    assert bo.sees("Johdatus")
    assert "Olet jo" in await bo.starts(code)


async def test_a_declined_one_is_told_and_may_ask_again_tomorrow(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    code = await with_leave(anna)
    await bo.starts(code)
    await talk.time_passes(minutes=1)
    await anna.taps("Hylkää")
    await talk.time_passes(minutes=1)
    assert "ei hyväksytty" in bo.text
    assert "vuorokauden kuluttua" in await bo.starts(code)
    await talk.time_passes(days=1, minutes=1)
    assert "lähetetty koordinoijalle" in await bo.starts(code)
    assert await on_roster(talk) == []


async def test_whoever_waits_is_seen_beside_the_link(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    code = await with_leave(anna)
    await bo.starts(code)
    await link_of(anna)
    assert "1 pyyntö odottaa" in anna.text
    await anna.taps("Bo")
    await anna.taps("Hyväksy")
    assert await on_roster(talk) == ["Bo"]


async def test_asking_often_is_heard_once_a_day(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    code = await with_leave(anna)
    for _ in range(5):
        await bo.starts(code)
        await talk.time_passes(minutes=1)
    assert "odottaa koordinoijan päätöstä" in bo.text
    assert sum("pyytää päästä" in words(message) for message in anna.messages) == 1
    await talk.time_passes(days=1)
    await bo.starts(code)
    await talk.time_passes(minutes=1)
    asking = [message for message in anna.messages if "pyytää päästä" in words(message)]
    assert [bool(message.buttons) for message in asking] == [True]  # the older one says that a newer replaces it


async def test_two_coordinators_decide_at_once(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    group = await talk.group(members=[], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        lead = await links.make(
            session, LinkKind.ROLE, now=talk.clock.now(), group_id=group.id, role=RoleKind.COORDINATOR
        )
    await cilla.starts(lead.code)
    code = await with_leave(anna)
    await bo.starts(code)
    await talk.time_passes(minutes=1)
    anna.user.taps("Hyväksy")
    cilla.user.taps("Hylkää")
    await talk.answered()
    await talk.time_passes(minutes=1)
    assert sorted(["jo päätetty" in anna.toast, "jo päätetty" in cilla.toast]) == [False, True]
    assert anna.text == cilla.text
    assert len([message for message in bo.messages if "hyväksytt" in words(message)]) == 1


async def test_the_others_cards_say_who_decided(talk: Talk, aino: Actor, anna: Actor, bo: Actor, dan: Actor) -> None:
    await talk.group(members=[dan], coordinator=anna)
    code = await with_leave(anna)
    await bo.starts(code)
    await talk.time_passes(minutes=1)
    for outsider, said in ((bo, NOT_FOUND), (dan, NOT_ALLOWED)):
        assert said in await outsider.taps_data("join-yes:1")
    await aino.starts()
    await aino.taps_data("join-yes:1")
    await talk.time_passes(minutes=1)
    assert "Hyväksyjä: Aino" in anna.text
    assert await on_roster(talk) == ["Bo", "Dan"]


async def claims_place(actor: Actor, code: str) -> str:
    """Opens a personal link and says that it is theirs."""
    await actor.starts(code)
    return await actor.taps("Kyllä, olen")


async def test_a_personal_link_asks_who_one_is(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    code = CODE.findall(anna.text)[0]
    assert "tarkoitettu jäsenelle Bo Ek (työryhmä Lastensuojelu)" in await cilla.starts(code)
    assert cilla.labels() == ["Kyllä, olen Bo Ek", "En ole"]
    assert "mitään ei muuttunut" in await cilla.taps("En ole")
    await anna.says("/members")
    assert "1 ei Telegramissa" in anna.text
    await claims_place(bo, code)
    assert "jo käytetty" in await cilla.taps_data(f"claim-yes:{code}")
    assert await on_roster(talk) == ["Bo Ek"]


async def test_a_place_is_claimed_under_the_rosters_name(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    code = CODE.findall(anna.text)[0]
    assert "Olet nyt työryhmän Lastensuojelu jäsen" in await claims_place(bo, code)
    await talk.time_passes(minutes=1)
    assert "Johdatus" in bo.text
    assert await on_roster(talk) == ["Bo Ek"]
    await anna.says("/members")
    assert "1 jäsen: 1 tavoitetaan" in anna.text
    assert "Bo Ek (Turku)" in anna.text
    await bo.taps("Etänä")
    assert "osallistun etänä" in bo.text


async def test_a_claimed_link_serves_nobody_again(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    code = CODE.findall(anna.text)[0]
    await claims_place(bo, code)
    assert "jo käytetty" in await cilla.starts(code)
    assert "Olet jo käyttänyt" in await bo.starts(code)
    assert await on_roster(talk) == ["Bo Ek"]


async def test_two_claim_at_once_and_one_wins(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    code = CODE.findall(anna.text)[0]
    for one in (bo, cilla):
        await one.starts(code)
    for one in (bo, cilla):
        one.user.taps("Kyllä, olen")
    await talk.answered()
    assert sorted("Olet nyt työryhmän" in one.text for one in (bo, cilla)) == [False, True]
    assert await on_roster(talk) == ["Bo Ek"]


async def test_a_renewed_link_replaces_the_old_one(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    old = CODE.findall(anna.text)[0]
    await anna.says("/members")
    await anna.taps("Bo Ek")
    anna.user.taps("Tee uusi linkki")
    anna.user.taps("Tee uusi linkki")
    await talk.answered()
    new = CODE.findall(anna.text)[0]
    assert new != old
    assert "ei ole enää voimassa" in await bo.starts(old)
    assert "Olet nyt" in await claims_place(bo, new)


async def test_a_link_lives_sixty_days_and_the_list_shows_a_living_one(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    old = CODE.findall(anna.text)[0]
    await talk.time_passes(days=60, minutes=1)
    assert "ei ole enää voimassa" in await bo.starts(old)
    await anna.says("/members")
    await anna.taps("Henkilökohtaiset linkit")
    assert "Olet nyt" in await claims_place(bo, CODE.findall(anna.text)[0])


async def test_a_member_who_claims_their_line_is_one_person(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> None:
    """Bo joined by the link, is on the roster as Bo Ek too, and both were invited; Bo Ek was marked present."""
    group = await talk.group(members=[bo, cilla], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@turku.fi")
    code = CODE.findall(anna.text)[0]
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await bo.taps("Etänä")
    await talk.time_passes(days=8, hours=2)
    async with talk.app.sessions.begin() as session:
        line = next(member for member in await groups.members(session, group.id) if member.telegram_id is None)
        meeting = (await meetings.coming(session, [group.id], now=talk.clock.now()))[0]
        await attendance.mark_invited(session, meeting, line.id, Attended.ON_SITE, now=talk.clock.now())
    await claims_place(bo, code)
    assert await on_roster(talk) == ["Bo Ek", "Cilla"]
    async with talk.app.sessions.begin() as session:
        audience = await invitations.audience(session, await session.merge(meeting))
        assert [(person.name, str(invitation.answer)) for invitation, person in audience] == [
            ("Bo Ek", "remote"),
            ("Cilla", "None"),
        ]
        assert list((await attendance.of(session, meeting.id)).values()) == [Attended.ON_SITE]
        assert len(list((await session.execute(select(Person).where(Person.name.like("Bo%")))).scalars())) == 1


def test_every_table_that_names_people_is_handled_at_a_merge() -> None:
    """Whatever points at a person is merged, or is nothing that someone without Telegram can have."""
    handled = {f"{column.class_.__tablename__}.{column.key}" for column in (*merging.SHARED, *merging.MOVED)}
    never = {"address.person_id", "draft.person_id", "staged.person_id", "digest.person_id", "named_answer.person_id"}
    never |= {"subscription.person_id", "reply.created_by"}
    never |= {"join_request.person_id", "join_request.decided_by"}
    never |= {"same_question.asked_by", "same_question.decided_by", "organisation_name.decided_by"}
    person: Column[int] = metadata.tables["person"].c.id
    found = {
        f"{table.name}.{key.parent.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.references(person.table)
    }
    assert found <= handled | never, found - handled - never


async def test_roles_and_other_groups_come_along(talk: Talk, aino: Actor, anna: Actor, bo: Actor) -> None:
    await talk.group("Lastensuojelu", members=[bo], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=anna)
    await anna.says("/members")
    await anna.taps("Vammaispalvelut")
    await anna.taps(key("roster-add"))
    await anna.says("Bo Ek")
    await anna.taps("Lisää 1 jäsen")
    await claims_place(bo, CODE.findall(anna.text)[0])
    assert await on_roster(talk, "Lastensuojelu") == ["Bo Ek"]
    assert await on_roster(talk, "Vammaispalvelut") == ["Bo Ek"]


async def test_a_request_settles_when_one_gets_in_another_way(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    code = await with_leave(anna)
    await bo.starts(code)
    await talk.time_passes(minutes=1)
    card = anna.last
    await anna.says("/members")
    await anna.taps("Liittymislinkki")
    await anna.taps("Päästä liittyjät suoraan")
    assert "Tervetuloa" in await bo.starts(code)
    await anna.taps("Hylkää", card)
    assert "jo päätetty" in anna.toast
    assert await on_roster(talk) == ["Bo"]
    assert re.search("ei enää odota", words(card))
    async with talk.app.sessions.begin() as session:
        assert await access.administrators(session)


LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Aihe"


async def test_whoever_was_away_is_invited_when_they_are_back(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, dan: Actor
) -> None:
    await talk.group(members=[bo, cilla, dan], coordinator=anna)
    bo.user.blocks()
    await talk.answered()
    await talk.called_meeting(anna, LINE)
    for one in (cilla, dan):
        one.user.blocks()
    await talk.time_passes(days=1)
    bo.user.unblocks()
    dan.user.unblocks()
    cilla.user.unblocks()
    await talk.time_passes(minutes=1)
    heard = [len([m for m in one.messages if "Aihe" in words(m)]) for one in (bo, cilla, dan)]
    assert heard == [1, 1, 1]
    await bo.taps("Etänä")
    await talk.time_passes(days=6)
    assert "Muistutus" in bo.text


async def test_an_invitation_that_met_a_block_comes_when_they_are_back(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.time_passes(hours=12)  # quiet: the invitation waits for the morning
    await talk.called_meeting(anna, LINE)
    bo.user.blocks()
    await talk.time_passes(hours=14)
    assert not bo.sees("Aihe")
    await bo.starts()
    await talk.time_passes(minutes=1)
    assert bo.sees("Aihe")


async def test_an_administrator_who_blocks_before_starting_can_be_written_to_later(talk: Talk, aino: Actor) -> None:
    aino.user.blocks()
    aino.user.unblocks()
    await talk.answered()
    async with talk.app.sessions() as session:
        [person] = await access.administrators(session)
        assert (person.name, person.reach) == ("Aino", "reachable")
        assert await people.private_address(session, aino.user.id) is not None
