"""One person is one row: on several lists, on a list and through the link, by question, by hand."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from handlers.texts import texts
from models.meetings import attendance
from models.meetings.attendance import Attended
from models.meetings.invitations import Invitation
from models.meetings.meetings import Meeting
from models.membership.same_people import SameQuestion
from models.months import Month
from models.people import groups, links
from models.people.access import RoleKind
from models.people.audit import Audit
from models.people.groups import Membership, Workgroup
from models.people.links import LinkKind
from models.people.people import Person
from models.periods import Scope
from models.reports import funnel
from models.reports.funnel import Funnel
from tests.talk import HELSINKI, Actor, Talk, key, words
from tests.talks.people.test_joining import claims_place, link_of
from tests.talks.people.test_roster import CODE, NOT_ALLOWED, NOT_FOUND, on_roster

LINE = "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus"


async def adds(anna: Actor, lines: str, group: str = "") -> str:
    """Anna pastes lines to the roster of a group and confirms the preview, if anybody would be added."""
    await pastes(anna, lines, group)
    adding = next((label for label in anna.labels() if re.match(r"Lisää \d", label)), None)
    return await anna.taps(adding) if adding else anna.text


async def pastes(anna: Actor, lines: str, group: str = "") -> str:
    await anna.says("/members")
    if group:
        await anna.taps(group)
    await anna.taps(key("roster-add"))
    return await anna.says(lines)


async def march(talk: Talk) -> Funnel:
    """The organisation's counts, as the digest has them."""
    async with talk.app.sessions() as session:
        return await funnel.funnel(session, Scope(Month(2027, 3), HELSINKI, None))


async def rows(talk: Talk, wanted: Any) -> list[Any]:
    async with talk.app.sessions() as session:
        return list((await session.execute(wanted)).scalars())


async def named(talk: Talk, name: str) -> list[Person]:
    return await rows(talk, select(Person).where(Person.name == name).order_by(Person.id))


async def mark(talk: Talk, name: str, attended: Attended, group: str = "Lastensuojelu") -> None:
    """Marks the people of a name as present at the group's meeting."""
    async with talk.app.sessions.begin() as session:
        of_group = select(Meeting).join(Workgroup, Workgroup.id == Meeting.workgroup_id).where(Workgroup.name == group)
        meeting = (await session.execute(of_group)).scalar_one()
        for person in (await session.execute(select(Person).where(Person.name == name))).scalars():
            await attendance.mark(session, meeting, person.id, attended, own_word=False, now=talk.clock.now())


@pytest.fixture
async def two_groups(talk: Talk, anna: Actor) -> None:
    """Anna coordinates both."""
    await talk.group("Lastensuojelu", members=[], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=anna)


@pytest.fixture
async def foreign_groups(talk: Talk, anna: Actor, eeva: Actor) -> None:
    """Anna coordinates Lastensuojelu, and Eeva the other group."""
    await talk.group("Lastensuojelu", members=[], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=eeva)


@pytest.fixture
def eeva(talk: Talk) -> Actor:
    return talk.person("Eeva")


# On several lists


@pytest.mark.parametrize("again", ["Bo Ek; Turku; bo@x.fi", "EK, bo; ; Bo@X.fi", "Bo  Ek;;bo@x.fi / 040 123 4567"])
async def test_the_same_name_and_address_is_one_person_in_all_groups(
    talk: Talk, anna: Actor, two_groups: None, again: str
) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    preview = await pastes(anna, again.replace("EK, bo", '"EK, bo"'), "Vammaispalvelut")
    assert key("preview-known", n=1, names="").text("fi").rstrip() in preview
    assert "lisättiin 1 jäsen" in await anna.taps("Lisää 1 jäsen")
    assert await on_roster(talk, "Vammaispalvelut") == await on_roster(talk, "Lastensuojelu") == ["Bo Ek"]
    assert (await march(talk)).roster == 1


@pytest.mark.parametrize("group", ["Lastensuojelu", "Vammaispalvelut"])
async def test_a_list_that_is_added_twice_changes_nothing(
    talk: Talk, anna: Actor, two_groups: None, group: str
) -> None:
    lines = "Bo Ek; Turku; bo@x.fi\nCilla Lind; Åbo; 040 123 4567\nDan Dahl; Pori\nEeva"
    await adds(anna, lines, "Lastensuojelu")
    await adds(anna, lines, group)
    before = [[(p.id, p.name, p.organisation_name, p.contact) for p in await rows(talk, select(Person))]]
    before.append([(m.id, m.left_at) for m in await rows(talk, select(Membership))])
    assert key("preview-nothing").text("fi") in await adds(anna, lines, group)
    after = [[(p.id, p.name, p.organisation_name, p.contact) for p in await rows(talk, select(Person))]]
    after.append([(m.id, m.left_at) for m in await rows(talk, select(Membership))])
    assert after == before


async def test_the_same_address_with_another_name_is_another_person(talk: Talk, anna: Actor, two_groups: None) -> None:
    await adds(anna, "Bo Ek; Turku; toimisto@x.fi", "Lastensuojelu")
    await adds(anna, "Cilla Lind; Turku; toimisto@x.fi", "Vammaispalvelut")
    assert (await march(talk)).roster == 2


@pytest.mark.parametrize(("answer", "people"), [("doubt-same", 1), ("doubt-another", 2), ("doubt-leave", 1)])
async def test_the_same_name_alone_is_asked_about(
    talk: Talk, anna: Actor, two_groups: None, answer: str, people: int
) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    await pastes(anna, "Bo Ek; Turun kaupunki; 040 123 4567", "Vammaispalvelut")
    assert not anna.has_button("Lisää 1")
    await anna.taps(key("preview-ask", n=1))
    assert "Bo Ek (Turku, bo@x.fi)" in anna.text
    await anna.taps(key(answer))
    if answer == "doubt-leave":
        assert not anna.has_button("Lisää 1")
    else:
        await anna.taps("Lisää 1 jäsen")
    assert (await march(talk)).roster == people
    expected = [] if answer == "doubt-leave" else ["Bo Ek"]
    assert await on_roster(talk, "Vammaispalvelut") == expected
    if answer == "doubt-same":
        [bo] = await named(talk, "Bo Ek")
        assert (bo.organisation_name, bo.contact) == ("Turku", "bo@x.fi, 040 123 4567")


async def test_doubts_are_asked_one_by_one_and_can_be_decided_anew(talk: Talk, anna: Actor, two_groups: None) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi\nDan Dahl; Pori; dan@x.fi\nBo Ek; Pori; bo@y.fi", "Lastensuojelu")
    await pastes(anna, "Bo Ek\nDan Dahl", "Vammaispalvelut")
    await anna.taps(key("preview-ask", n=2))
    assert [label for label in anna.labels() if label.startswith("Sama: Bo")] == [
        "Sama: Bo Ek (Turku, bo@x.fi)",
        "Sama: Bo Ek (Pori, bo@y.fi)",
    ]
    await anna.taps("Sama: Bo Ek (Pori")
    assert "Dan Dahl" in anna.text
    await anna.taps(key("doubt-another"))
    assert "Samoja ihmisiä, liitetään tähän ryhmään 1: Bo Ek" in anna.text
    assert "Samannimisiä, mutta eri ihmisiä, lisätään 1: Dan Dahl" in anna.text
    stale = anna.last
    await anna.taps(key("preview-ask", n=2))
    assert any(label.startswith("✓ Sama: Bo Ek (Pori") for label in anna.labels())
    await anna.taps("Sama: Bo Ek (Turku")
    await anna.taps_data("roster-yes:2:2", stale)
    assert anna.toast == key("preview-has-grown").text("fi")
    await anna.taps("Lisää 2 jäsentä")
    members = [(p.name, p.contact) for p in await members_of(talk, "Vammaispalvelut")]
    assert members == [("Bo Ek", "bo@x.fi"), ("Dan Dahl", None)]


async def members_of(talk: Talk, name: str) -> list[Person]:
    async with talk.app.sessions() as session:
        group = (await session.execute(select(Workgroup).where(Workgroup.name == name))).scalar_one()
        return await groups.members(session, group.id)


async def test_somebody_in_telegram_is_added_to_another_group_and_hears_of_it(
    talk: Talk, anna: Actor, two_groups: None, bo: Actor
) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    await claims_place(bo, CODE.findall(anna.text)[0])
    await talk.called_meeting(anna, "Vammaispalvelut ke 17.3. klo 9-12 Teams: Aihe")
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Vammaispalvelut")
    assert not CODE.findall(anna.text)
    await talk.time_passes(minutes=1)
    assert bo.sees(key("added-news", group="Vammaispalvelut"))
    assert bo.sees("Aihe")
    assert (await march(talk)).roster == 1


async def test_whoever_has_left_a_group_is_not_added_back_unasked(
    talk: Talk, anna: Actor, two_groups: None, bo: Actor
) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    await claims_place(bo, CODE.findall(anna.text)[0])
    await bo.says("/settings")
    await bo.taps(key("button-leave"))
    await bo.taps("Lastensuojelu")
    await bo.taps(key("leave-yes"))
    await pastes(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    assert not anna.has_button("Lisää 1")
    await anna.taps(key("preview-ask", n=1))
    assert key("doubt-has-left", person="Bo Ek").text("fi") in anna.text
    await anna.taps(key("doubt-same"))
    await anna.taps("Lisää 1 jäsen")
    assert await on_roster(talk) == ["Bo Ek"]
    assert len(await named(talk, "Bo Ek")) == 1


# Lists of other coordinators


async def test_another_coordinators_namesake_is_only_said_to_be_there(
    talk: Talk, anna: Actor, eeva: Actor, foreign_groups: None
) -> None:
    await adds(eeva, "Bo Ek; Salainen säätiö; bo@x.fi")
    await pastes(anna, "Bo Ek; Turku; 040 123 4567")
    await anna.taps(key("preview-ask", n=1))
    for secret in ("Salainen", "bo@x.fi", "Vammaispalvelut"):
        assert secret not in anna.text
    await anna.taps(key("doubt-maybe"))
    assert "kysyn toisen ryhmän koordinoijalta" in await anna.taps("Lisää 1 jäsen")
    assert (await march(talk)).roster == 2
    await talk.time_passes(minutes=1)
    assert "sen koordinoija arvelee" in eeva.text
    await eeva.taps("1. Sama")
    assert (await march(talk)).roster == 1
    assert await on_roster(talk, "Vammaispalvelut") == await on_roster(talk) == ["Bo Ek"]
    assert [entry.detail for entry in await rows(talk, select(Audit).where(Audit.action == "people-merged"))] == [""]


async def test_a_link_takes_no_place_in_a_group_of_another_coordinator(
    talk: Talk, anna: Actor, eeva: Actor, bo: Actor, foreign_groups: None
) -> None:
    """Whoever knows a name and an address could else take the place with a link of their own group."""
    await adds(eeva, "Bo Ek; Turku; bo@x.fi")
    await adds(anna, "Bo Ek; Turku; bo@x.fi")
    code = CODE.findall(anna.text)[0]
    assert "Vammaispalvelut" not in await bo.starts(code)
    assert "Lastensuojelu jäsen" in await bo.taps("Kyllä, olen")
    assert [p.telegram_id for p in await members_of(talk, "Vammaispalvelut")] == [None]
    assert "Vammaispalvelut" not in await bo.starts()
    await talk.time_passes(minutes=1)
    assert key("same-elsewhere", number=1, name="Bo Ek", line="").text("fi")[:40] in eeva.text
    await eeva.taps("1. Sama")
    assert [p.telegram_id for p in await members_of(talk, "Vammaispalvelut")] == [bo.user.id]
    assert (await march(talk)).roster == 1


async def test_a_coordinator_of_both_groups_gives_both_places_with_one_link(
    talk: Talk, anna: Actor, bo: Actor, two_groups: None
) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Vammaispalvelut")
    code = CODE.findall(anna.text)[0]
    await claims_place(bo, code)
    assert "Olet jo käyttänyt" in await bo.starts(code)
    for group in ("Lastensuojelu", "Vammaispalvelut"):
        assert [p.telegram_id for p in await members_of(talk, group)] == [bo.user.id]


# On a list and through the link


async def test_the_coordinator_is_asked_about_a_joiner_with_the_name_of_a_line(
    talk: Talk, anna: Actor, two_groups: None
) -> None:
    bo = talk.person("bo EK")
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    await talk.called_meeting(anna, LINE)
    await bo.starts(await joining_code(talk, 1))
    await talk.time_passes(minutes=1)
    await bo.taps("Etänä")
    assert not any("Turku" in words(message) or "bo@x.fi" in words(message) for message in bo.messages)
    await anna.taps_data("same:1")
    assert "Bo Ek (Turku, bo@x.fi)" in anna.text
    await talk.time_passes(days=8, hours=2)
    await mark(talk, "Bo Ek", Attended.REMOTE)
    assert (await march(talk)).roster == 2
    await anna.taps_data("same:1")
    await anna.taps("1. Sama")
    assert key("toast-same", name="Bo Ek").text("fi") in anna.toast
    await talk.time_passes(hours=2)
    after = await march(talk)
    assert (after.roster, after.invited, after.yes, after.people, after.attended) == (1, 1, 1, 1, 1)
    [bo_ek] = await named(talk, "Bo Ek")
    assert (bo_ek.telegram_id, bo_ek.organisation_name, bo_ek.contact) == (bo.user.id, "Turku", "bo@x.fi")
    assert await rows(talk, select(func.count(SameQuestion.id))) == [0]


async def joining_code(talk: Talk, group_id: int) -> str:
    async with talk.app.sessions.begin() as session:
        return (await links.join_link(session, group_id, now=talk.clock.now())).code


async def test_a_joiner_who_is_another_stays_another_and_is_asked_about_once(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@x.fi")
    bo, code = talk.person("Bo Ek"), await link_of(anna)
    await bo.starts(code)
    await talk.time_passes(minutes=1)
    await anna.taps("1. Eri ihminen")
    assert await on_roster(talk) == ["Bo Ek", "Bo Ek"]
    await anna.taps_data("same-yes:1:1")
    assert anna.toast == key("same-decided-already").text("fi")
    await bo.says("/settings")
    await bo.taps(key("button-s-name"))
    await bo.says("Bosse")
    await bo.says("/settings")
    await bo.taps(key("button-s-name"))
    await bo.says("Bo Ek")
    await anna.says("/members")
    assert not any("Samoja" in label for label in anna.labels())
    actions = await rows(talk, select(Audit.action).where(Audit.action.like("people-%")))
    assert actions == ["people-kept-apart"]


async def test_a_joiner_may_be_a_line_of_another_group_of_the_coordinator(
    talk: Talk, anna: Actor, two_groups: None
) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Vammaispalvelut")
    bo = talk.person("Bo Ek")
    await bo.starts(await joining_code(talk, 1))
    assert (await march(talk)).roster == 2
    await anna.taps_data("same:2")
    assert key("same-elsewhere", number=1, name="Bo Ek", line="").text("fi")[:40] in anna.text
    await anna.taps("1. Sama")
    await talk.time_passes(minutes=1)
    assert bo.sees(key("added-news", group="Vammaispalvelut"))
    assert not bo.sees(key("added-news", group="Lastensuojelu"))
    assert (await march(talk)).roster == 1


async def test_a_joiner_is_no_matter_of_other_coordinators(
    talk: Talk, anna: Actor, eeva: Actor, foreign_groups: None
) -> None:
    await adds(eeva, "Bo Ek; Turku; bo@x.fi")
    await talk.person("Bo Ek").starts(await joining_code(talk, 1))
    assert await rows(talk, select(SameQuestion.id)) == []


async def test_one_message_asks_about_all_who_join_and_one_tap_merges_them(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    names = ["Aino A", "Bo Ek", "Cilla C"]
    await adds(anna, "\n".join(f"{name};;{name[0]}@x.fi" for name in names))
    code = await link_of(anna)
    for name in names:
        await talk.person(name).starts(code)
        await talk.time_passes(minutes=1)
    asking = [message for message in anna.messages if "onko kyseessä sama" in words(message)]
    assert len(asking) == 1
    assert all(name in words(asking[0]) for name in names)
    await anna.taps("Kaikki 3 ovat samoja", asking[0])
    assert key("same-none", group="Lastensuojelu").text("fi") in words(asking[0])
    assert await on_roster(talk) == sorted(names)
    assert (await march(talk)).reachable == 3


async def test_whoever_takes_the_name_of_a_line_later_is_asked_about_then(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@x.fi")
    await bo.says("/settings")
    await bo.taps(key("button-s-name"))
    await bo.says("Bo Ek")
    await anna.says("/members")
    await anna.taps(key("same-open", n=1))
    await anna.taps("1. Sama")
    assert await on_roster(talk) == ["Bo Ek"]


# By hand


async def test_a_coordinator_merges_two_lines_of_two_groups(talk: Talk, anna: Actor, two_groups: None) -> None:
    await adds(anna, "Bo Ek; Turku; bo@x.fi", "Lastensuojelu")
    await adds(anna, "Bosse Ek; ; 040 123 4567", "Vammaispalvelut")
    await anna.says("/members")
    await anna.taps("Lastensuojelu")
    await anna.taps("Bo Ek")
    await anna.taps(key("merge"))
    await anna.taps("Bosse Ek (Vammaispalvelut)")
    assert key("merge-means", name="Bo Ek").text("fi") in anna.text
    anna.user.taps(key("merge-yes").text("fi"))
    anna.user.taps(key("merge-yes").text("fi"))
    await talk.answered()
    assert await on_roster(talk, "Vammaispalvelut") == await on_roster(talk) == ["Bo Ek"]
    [bo] = await named(talk, "Bo Ek")
    assert bo.contact == "bo@x.fi, 040 123 4567"
    assert (await march(talk)).roster == 1


async def test_two_lines_of_one_meeting_are_one_person_there(talk: Talk, anna: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@x.fi\nBosse Ek; Turku; bosse@x.fi\nCilla; Turku; c@x.fi")
    await talk.called_meeting(anna, LINE)
    await talk.time_passes(days=8, hours=2)
    await mark(talk, "Bo Ek", Attended.NO)
    await mark(talk, "Bosse Ek", Attended.REMOTE)
    await mark(talk, "Cilla", Attended.REMOTE)
    [bo], [bosse] = await named(talk, "Bo Ek"), await named(talk, "Bosse Ek")
    await anna.taps_data(f"merge-yes:1:{bo.id}:{bosse.id}")
    assert await on_roster(talk) == ["Bo Ek", "Cilla"]
    await talk.time_passes(hours=2)
    figures = await march(talk)
    assert (figures.roster, figures.remote, figures.people) == (2, 2, 2)
    assert await rows(talk, select(func.count(Invitation.id))) == [2]


@pytest.fixture
async def pair(talk: Talk, anna: Actor, bo: Actor, cilla: Actor) -> tuple[int, int, int]:
    """The ids of Bo and Cilla, in Telegram, and of a line, all in Anna's group."""
    await talk.group(members=[bo, cilla], coordinator=anna)
    await adds(anna, "Bo Ek; Turku; bo@x.fi")
    people = {person.name: person.id for person in await members_of(talk, "Lastensuojelu")}
    return people["Bo"], people["Cilla"], people["Bo Ek"]


async def test_two_accounts_are_never_merged(talk: Talk, anna: Actor, pair: tuple[int, int, int]) -> None:
    bo, cilla, _ = pair
    assert await anna.taps_data(f"merge-with:1:{bo}:{cilla}") == key("merge-two-accounts").text("fi")
    assert await anna.taps_data(f"merge-yes:1:{bo}:{cilla}") == key("merge-two-accounts").text("fi")
    await anna.taps_data(f"merge:1:{bo}:0")
    assert [label for label in anna.labels() if "(" in label] == ["Bo Ek (Lastensuojelu)"]


async def test_nobody_with_a_role_is_merged(talk: Talk, anna: Actor, bo: Actor, pair: tuple[int, int, int]) -> None:
    async with talk.app.sessions.begin() as session:
        lead = await links.make(session, LinkKind.ROLE, now=talk.clock.now(), group_id=1, role=RoleKind.COORDINATOR)
    await bo.starts(lead.code)
    refusal = key("merge-has-role", name="Bo").text("fi")[:200]
    assert (await anna.taps_data(f"merge-yes:1:{pair[0]}:{pair[2]}"))[:60] == refusal[:60]
    assert await on_roster(talk) == ["Bo", "Bo Ek", "Cilla"]


async def test_nobody_is_merged_while_a_form_asks_them(
    talk: Talk, anna: Actor, bo: Actor, pair: tuple[int, int, int]
) -> None:
    await talk.called_meeting(anna, LINE)
    await bo.taps("Etänä")
    await talk.time_passes(days=8, hours=5)
    assert await anna.taps_data(f"merge-yes:1:{pair[0]}:{pair[2]}") == key("merge-open-form").text("fi")
    assert await on_roster(talk) == ["Bo", "Bo Ek", "Cilla"]
    await talk.time_passes(days=9)
    await anna.taps_data(f"merge-yes:1:{pair[0]}:{pair[2]}")
    assert await on_roster(talk) == ["Bo Ek", "Cilla"]


MERGING = (
    "merge:1:{bo}:0",
    "merge-with:1:{bo}:{line}",
    "merge-yes:1:{bo}:{line}",
    "correct:1:{line}:name",
    "correct:1:{line}:organisation",
    "correct-stop:1:{line}",
    "same:1",
    "same-yes:1:1",
    "same-no:1:1",
    "same-all:1:99",
    "roster-ask:1:1",
    "roster-same:1:1:0",
    "roster-leave:1:1",
    "roster-preview:1",
)


async def test_merging_is_for_the_coordinators_of_the_group_alone(
    talk: Talk, bo: Actor, pair: tuple[int, int, int], eeva: Actor
) -> None:
    await talk.group("Vammaispalvelut", members=[], coordinator=eeva)
    await talk.person("Bo Ek").starts(await joining_code(talk, 1))
    stranger = talk.person("Muukalainen")
    await stranger.starts()
    for route in MERGING:
        data = route.format(bo=pair[0], line=pair[2])
        assert NOT_FOUND in await eeva.taps_data(data), data
        assert NOT_FOUND in await stranger.taps_data(data), data
        assert NOT_ALLOWED in await bo.taps_data(data), data
    assert await on_roster(talk) == ["Bo", "Bo Ek", "Bo Ek", "Cilla"]


async def test_a_member_of_another_coordinators_group_cannot_be_merged(
    talk: Talk, anna: Actor, eeva: Actor, pair: tuple[int, int, int]
) -> None:
    await talk.group("Vammaispalvelut", members=[], coordinator=eeva)
    await adds(eeva, "Dan Dahl; Pori; dan@x.fi")
    [dan] = await named(talk, "Dan Dahl")
    toast = await anna.taps_data(f"merge-yes:1:{pair[2]}:{dan.id}")
    assert toast == texts("fi")("not-a-member")
    assert await anna.taps_data(f"merge-yes:1:{pair[2]}:{pair[2]}") == NOT_FOUND


async def test_a_line_is_corrected_and_a_person_in_telegram_is_not(
    talk: Talk, anna: Actor, bo: Actor, pair: tuple[int, int, int]
) -> None:
    await anna.taps_data(f"member:1:{pair[2]}")
    await anna.taps(key("correct-name"))
    assert key("name-needs-letter").text("fi") in await anna.says("123")
    assert "Bo Erik Ek" in await anna.says("Bo Erik Ek")
    await anna.taps(key("correct-organisation"))
    assert "Organisaatio: Porin kaupunki" in await anna.says("Porin kaupunki")
    await anna.taps(key("correct-name"))
    await anna.taps(key("cancel"))
    assert "Bo Erik Ek" in anna.text
    assert await on_roster(talk) == ["Bo", "Bo Erik Ek", "Cilla"]
    await anna.taps_data(f"member:1:{pair[0]}")
    assert not anna.has_button(key("correct-name"))
    await anna.taps_data(f"correct:1:{pair[0]}:name")
    assert key("theirs-to-change", name="Bo").text("fi") in await anna.says("Kekkonen")
    assert "Bo" in await on_roster(talk)
    actions = await rows(talk, select(Audit.action).where(Audit.action.like("%corrected")).order_by(Audit.id))
    assert actions == ["name-corrected", "organisation-corrected"]


async def test_two_coordinators_answer_at_once(talk: Talk, anna: Actor, eeva: Actor) -> None:
    group = await talk.group(members=[], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        lead = await links.make(
            session, LinkKind.ROLE, now=talk.clock.now(), group_id=group.id, role=RoleKind.COORDINATOR
        )
    await eeva.starts(lead.code)
    await adds(anna, "Bo Ek; Turku; bo@x.fi")
    await talk.person("Bo Ek").starts(await joining_code(talk, 1))
    await talk.time_passes(minutes=1)
    anna.user.taps("1. Sama")
    eeva.user.taps("1. Eri")
    await talk.answered()
    decided = key("same-decided-already").text("fi")
    assert [anna.toast == decided, eeva.toast == decided].count(True) == 1
    await talk.time_passes(minutes=1)
    assert anna.text == eeva.text
