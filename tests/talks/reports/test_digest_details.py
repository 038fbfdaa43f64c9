"""What is behind the digest's buttons; how each manager has it; and the groups to which it goes."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from bot.sandbox.groups import Group
from bot.ticks import plan_digests
from models.delivery.outbox import Delivery
from models.people import links
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.reports.digests import Digest
from models.reports.subscriptions import Subscription
from tests.scenes import scene
from tests.talk import Actor, Talk, key, words
from tests.talks.reports.test_digest import ANSWERED, a_good_month, at, digests_of, months_of


@pytest.fixture
@scene
async def march(talk: Talk, anna: Actor, maija: Actor) -> None:
    """March with one meeting, a second group in which nothing happened, and Maija, who has March's digest."""
    await a_good_month(talk, anna)
    await talk.group("Aikuissosiaalityö", members=[talk.person("Eeva")], coordinator=anna)
    await talk.manager(maija)
    await talk.until(at(2027, 4, 1))


async def test_each_way_leads_behind_the_digest_and_back(talk: Talk, maija: Actor, march: None) -> None:
    (digest,) = digests_of(maija)
    whole = words(digest)
    there = "osallistumisia 5 (83\N{NO-BREAK SPACE}% kutsutuista), 5 eri ihmistä"
    for way, told in {
        "Työryhmät (1)": f"Lastensuojelu: 1 kokous, {there}, palautetta: {ANSWERED}",
        "12 kuukautta": "3/2027: 1 kokous, osallistumisia 5 (5), palaute 83\N{NO-BREAK SPACE}%",
    }.items():
        await maija.taps(way, digest)
        assert told in words(digest)
        assert maija.labels(digest)[-1:] == ["Takaisin koosteeseen"]
        await maija.taps("Takaisin koosteeseen", digest)
        assert words(digest) == whole
    assert len(maija.messages) == len({message.message_id for message in maija.messages})
    assert len(digests_of(maija)) == 1


async def test_the_meetings_stand_behind_the_groups(talk: Talk, maija: Actor, march: None) -> None:
    (digest,) = digests_of(maija)
    await maija.taps("Työryhmät (1)", digest)
    assert maija.labels(digest) == ["Kokoukset (1)", "Takaisin koosteeseen"]
    await maija.taps("Kokoukset (1)", digest)
    meeting = "ke 10.3. Lastensuojelu: Johdatus: osallistumisia 5 (83\N{NO-BREAK SPACE}% kutsutuista), "
    assert words(digest).splitlines() == [
        "Kokoukset: maaliskuu 2027",
        meeting + f"palautetta: {ANSWERED}",
    ]
    assert maija.labels(digest) == ["Takaisin koosteeseen"]


async def test_an_unsent_month_has_the_same_pages(talk: Talk, maija: Actor, march: None) -> None:
    taps = [f"digest-{name}:2027-03" for name in ("groups", "meetings", "statements", "trend")]

    async def pages() -> list[str]:
        return [await maija.taps_data(one) for one in taps]

    sent = await pages()
    async with talk.app.sessions.begin() as session:
        await session.delete((await session.execute(select(Digest))).scalar_one())
    assert await pages() == sent


async def test_the_trend_has_a_picture_and_drawing_is_announced(talk: Talk, maija: Actor, march: None) -> None:
    (digest,) = digests_of(maija)
    await maija.taps("12 kuukautta", digest)
    await maija.taps("Kuva", digest)
    assert maija.last.photo is not None
    assert maija.last.photo.width == 1080
    assert maija.last.caption == words(digest)
    months = [line.partition(":")[0] for line in words(digest).splitlines()[2:]]
    assert months == ["3/2027"]  # before it there was no group
    await talk.until(at(2027, 6, 2))
    await maija.says("/digest")
    await maija.taps("12 kuukautta")
    assert [line.partition(":")[0] for line in maija.text.splitlines()[2:]] == ["5/2027", "4/2027", "3/2027"]
    assert "sendChatAction" in [call.method for call in talk.sandbox.log]


async def test_the_sheet_has_the_figures(talk: Talk, maija: Actor, march: None) -> None:
    await maija.taps("Taulukko")
    sheet = maija.last
    assert sheet.document is not None
    assert sheet.document.file_name == "kuukausikooste-2027-03.xlsx"
    book = load_workbook(io.BytesIO(sheet.document.content))
    figures, groups, meetings, statements, months = [list(one.iter_rows(values_only=True)) for one in book.worksheets]
    steps = {row[0]: row[1] for row in figures}
    names = ("Kutsuja lähetetty", "Osallistumisia", "Eri ihmisiä nimellä", "Osallistumisia ilman nimeä")
    assert [steps[name] for name in names] == [6, 5, 5, 0]
    names = ("Palautetta pyydettiin", "Vastasi pyydetyistä", "Vastasi osallistuneista")
    assert [steps[name] for name in names] == [6, 5, 5]
    assert figures[0][0] == "Luvut"
    counts = (1, 0, 6, 0, 5, 5, 0, 5, 5, 6, 5, 5, 5, 0, 0)
    assert groups[1] == ("Lastensuojelu", *counts)
    assert meetings[0][3:5] == ("Kutsuja lähetetty", "Kutsuttuja, jotka jäivät ilman viestiä")
    assert meetings[1][:3] == ("2027-03-10", "Lastensuojelu", "Johdatus")
    assert meetings[1][3:] == (6, 0, 5, 0, 5, 0, 5, 6, 5, 5, 5, 5 / 6, 5 / 6, 5 / 6, 1)
    assert ("Sisältö vastasi odotuksiani", 3.8, 5) in [row[:3] for row in statements]
    assert months[1:] == [("2027-03", *counts)]


async def test_how_few_answered_is_told_of_no_group_and_no_meeting(talk: Talk, anna: Actor, maija: Actor) -> None:
    members = [talk.person(f"Jäsen {number}") for number in range(6)]
    await talk.group(members=members, coordinator=anna)
    await talk.manager(maija)
    await talk.called_meeting(anna, "Lastensuojelu ke 10.3. klo 9-12 Teams: Johdatus")
    await talk.until(at(2027, 3, 10, 13))
    for member in members[:3]:
        await member.taps(key("attended-remote"))
        await member.taps("4")
    await talk.until(at(2027, 4, 1))
    few = "1 kyselyssä alle 5 vastausta (pyydettiin 6)"
    assert f"Palautetta: {few}" in maija.text
    await maija.taps("Työryhmät")
    assert f"palautetta: {few}" in maija.text
    assert "Kaikki väittämät" not in " ".join(maija.labels())


async def test_what_an_earlier_program_froze_has_its_details_too(talk: Talk, maija: Actor, march: None) -> None:
    async with talk.app.sessions.begin() as session:
        digest = (await session.execute(select(Digest))).scalar_one()
        digest.content = digest.content[: digest.content.index(', "groups": [')] + "}"
    await maija.says("/digest 3/2027")
    assert "Työryhmät (1)" in maija.labels()


async def test_others_buttons_and_forged_ones_open_nothing(talk: Talk, anna: Actor, maija: Actor, march: None) -> None:
    for button in (
        "digest-groups:2027-03",
        "digest-sheet:2027-03",
        "digest-picture:2027-03",
        "digest-settings",
        "digest-rhythm:0:never",
    ):
        assert (await anna.taps_data(button)).startswith("Kuukausikooste on johdolle.")
    for button in ("digest-groups:2027-04:9", "digest-attention:2027-03", "digest-of:77:0", "digest-in:0:sv"):
        assert (await maija.taps_data(button)).startswith("Tätä ei löytynyt.")
    assert (await maija.taps_data("digest-trend:2027-05")).startswith("Kysymäsi aika")


async def test_quarterly_comes_once_a_quarter(talk: Talk, maija: Actor, march: None) -> None:
    await maija.taps("Asetukset")
    assert "Kuinka usein: Kuukausittain\nTyöryhmät: Kaikki työryhmät\nSeuraava: ma 3.5.2027" in maija.text
    await maija.taps("Neljännesvuosittain")
    assert "Seuraava: to 1.7.2027" in maija.text
    await talk.until(at(2027, 6, 30))
    assert months_of(maija) == []  # the old one has become the settings
    await talk.until(at(2027, 7, 2))
    assert maija.text.startswith("Neljännesvuosikooste: huhti–kesäkuu 2027")
    assert maija.labels()[:1] == ["‹ tammi–maaliskuu 2027"]
    await maija.taps("‹ tammi–maaliskuu")
    assert "Kokouksia 1" in maija.text
    assert (await maija.says("/digest")).startswith("Neljännesvuosikooste: huhti–kesäkuu 2027")


async def test_no_rhythm_brings_two_and_none_brings_none(talk: Talk, maija: Actor, march: None) -> None:
    await maija.taps("Asetukset")
    for rhythm in ("Neljännesvuosittain", "Ei koskaan", "Kuukausittain", "Ei koskaan", "Neljännesvuosittain"):
        await maija.taps(rhythm)
        await talk.time_passes(minutes=10)
    await maija.taps("Ei koskaan")
    await talk.until(at(2027, 8, 5))
    async with talk.app.sessions() as session:
        assert await session.scalar(select(func.count(Delivery.id)).where(Delivery.kind == "digest")) == 1
    await maija.taps("Kuukausittain")
    await talk.time_passes(days=2)
    assert not digests_of(maija)  # July's was due when none was wanted
    await talk.until(at(2027, 9, 2))
    assert months_of(maija) == ["elokuu 2027"]


async def test_whoever_chooses_groups_gets_the_next_one_so(talk: Talk, maija: Actor, march: None) -> None:
    await maija.taps("Asetukset")
    await maija.taps(key("digest-set-choose-groups"))
    assert maija.labels()[:3] == ["✓ Kaikki työryhmät", "Aikuissosiaalityö", "Lastensuojelu"]
    await maija.taps("Aikuissosiaalityö")
    assert maija.toast == "Tallennettu."
    assert maija.labels()[:3] == ["Kaikki työryhmät", "✓ Aikuissosiaalityö", "Lastensuojelu"]
    await maija.taps(key("back"))
    assert "Työryhmät: Aikuissosiaalityö" in maija.text
    assert "Jäseniä 7," in await maija.says("/digest 3/2027")  # as it was sent
    await talk.until(at(2027, 5, 4))
    assert "Jäseniä 1," in maija.text
    await maija.taps("Asetukset")
    await maija.taps(key("digest-set-choose-groups"))
    await maija.taps("✓ Aikuissosiaalityö")
    assert maija.toast == "Valitse ainakin yksi työryhmä, tai lopeta kooste."
    assert maija.labels()[:2] == ["Kaikki työryhmät", "✓ Aikuissosiaalityö"]
    await maija.taps("Kaikki työryhmät")
    assert maija.labels()[:2] == ["✓ Kaikki työryhmät", "Aikuissosiaalityö"]


async def test_a_manager_of_one_group_cannot_choose_others(talk: Talk, anna: Actor, maija: Actor) -> None:
    mine = await talk.group(members=[], coordinator=anna)
    other = await talk.group("Aikuissosiaalityö", members=[], coordinator=anna)
    async with talk.app.sessions.begin() as session:
        link = await links.make(
            session, links.LinkKind.ROLE, now=talk.clock.now(), group_id=mine.id, role=RoleKind.MANAGER
        )
    await maija.starts(link.code)
    await maija.says("/digest")
    await maija.taps("Asetukset")
    await maija.taps(key("digest-set-choose-groups"))
    assert maija.labels()[:3] == ["✓ Kaikki työryhmät", "Lastensuojelu", "Takaisin"]
    assert (await maija.taps_data(f"digest-take:0:0:{other.id}:on")).startswith("Tätä ei löytynyt.")


async def brought(talk: Talk, actor: Actor, title: str = "Johtoryhmä") -> Group:
    """A group to which somebody has just added the bot."""
    chat = talk.sandbox.add_group(title, [actor.user])
    chat.bot_status = "left"
    chat.sets_bot_status("member", by=actor.user)
    await talk.answered()
    await talk.settle()
    return chat


def posts(chat: Group) -> list[str]:
    return [words(message) for message in chat.messages if message.from_bot]


async def test_a_group_gets_the_figures_without_buttons(talk: Talk, maija: Actor, march: None) -> None:
    chat = await brought(talk, maija)
    assert "Pääsen nyt kirjoittamaan ryhmään tai kanavalle Johtoryhmä." in maija.text
    assert posts(chat) == []
    await maija.taps(key("digest-place-yes"))
    await maija.taps("Svenska")
    assert "✓ Svenska" in maija.labels()
    await talk.until(at(2027, 4, 8))
    assert posts(chat) == []  # March's was due before
    await talk.until(at(2027, 5, 4))
    (post,) = posts(chat)
    assert post.startswith("Månadsöversikt: april 2027")
    assert [message.buttons for message in chat.messages if message.from_bot] == [[]]
    assert months_of(maija)[-1] == "huhtikuu 2027"
    await plan_digests(talk.app)
    await talk.settle()
    assert len(posts(chat)) == 1


async def test_it_is_stopped_by_its_owner_or_when_the_bot_is_sent_away(talk: Talk, maija: Actor, march: None) -> None:
    first, second = await brought(talk, maija, "Johtoryhmä"), await brought(talk, maija, "Laajennettu")
    await maija.taps(key("digest-place-yes"), maija.messages[-2])
    await maija.taps(key("digest-place-yes"), maija.messages[-1])
    await maija.taps("Lopeta lähettäminen sinne")
    assert maija.labels(maija.last)[-2:] == ["Kuukausikooste", "Asetukset"]
    assert "Johtoryhmä" in maija.labels(maija.last)
    first.sets_bot_status("kicked", by=maija.user)
    await talk.answered()
    await talk.settle()
    assert "En pääse enää kirjoittamaan ryhmään tai kanavalle Johtoryhmä" in maija.text
    await talk.until(at(2027, 5, 4))
    assert posts(first) == posts(second) == []
    async with talk.app.sessions() as session:
        assert await session.scalar(select(func.count(Subscription.address_id))) == 0


async def test_a_group_that_becomes_a_supergroup_keeps_it(talk: Talk, maija: Actor, march: None) -> None:
    chat = await brought(talk, maija)
    await maija.taps(key("digest-place-yes"))
    new = chat.migrates()
    await talk.answered()
    await talk.until(at(2027, 5, 4))
    assert len(posts(new)) == 1


async def test_people_without_the_role_are_told_why_and_no_means_no(
    talk: Talk, anna: Actor, maija: Actor, march: None
) -> None:
    await brought(talk, anna, "Kahvihuone")
    assert anna.text.startswith("En lähetä mitään ryhmään tai kanavalle Kahvihuone")
    assert anna.labels() == []
    chat = await brought(talk, maija)
    await maija.taps("Älä lähetä")
    assert "En lähetä koostetta sinne: Johtoryhmä." in maija.text
    address = (await talk_addresses(talk))[0]
    assert (await anna.taps_data(f"digest-place:{address}:yes")).startswith("Tätä ei löytynyt.")
    await talk.until(at(2027, 5, 4))
    assert posts(chat) == []


async def talk_addresses(talk: Talk) -> list[int]:
    async with talk.app.sessions() as session:
        wanted = select(Delivery.subject).where(Delivery.kind == "digest-place")
        return list((await session.execute(wanted)).scalars())


async def test_a_manager_who_blocked_the_bot_gets_none_and_stops_nobody(
    talk: Talk, anna: Actor, maija: Actor, march: None
) -> None:
    other = talk.person("Matti")
    await talk.manager(other)
    maija.user.blocks()
    await talk.until(at(2027, 5, 4))
    assert months_of(other) == ["huhtikuu 2027"]
    assert months_of(maija) == ["maaliskuu 2027"]


@pytest.mark.usefixtures("march")
@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize(("day", "comes"), [(5, ["huhtikuu 2027"]), (20, [])])
async def test_whoever_blocked_the_bot_and_comes_back_gets_the_one_missed(
    talk: Talk, maija: Actor, is_told: bool, day: int, comes: list[str]
) -> None:
    """Whether the bot was told or heard it when it sent the digest; once, and after ten days no more."""
    if is_told:
        maija.user.blocks()
    else:
        maija.user.blocked = True
    await talk.until(at(2027, 5, day))
    assert months_of(maija) == ["maaliskuu 2027"]
    await maija.starts(None)
    for _ in range(3):
        await talk.time_passes(hours=7)
    assert months_of(maija)[1:] == comes
    maija.user.blocks()
    await talk.time_passes(hours=7)
    await maija.starts(None)
    await talk.time_passes(days=3)
    assert months_of(maija)[1:] == comes
    await talk.until(at(2027, 6, 2))
    assert months_of(maija)[1:] == [*comes, "toukokuu 2027"]


async def test_each_meeting_to_come_stands_behind_a_button(talk: Talk, anna: Actor, maija: Actor, march: None) -> None:
    for day in (7, 14, 21, 28):
        await talk.called_meeting(anna, f"Lastensuojelu ke {day}.4. klo 9-12 Teams: Aihe {day}")
    for day in (12, 19):
        await talk.called_meeting(anna, f"Lastensuojelu ke {day}.5. klo 9-12 Teams: Aihe {day}")
    await talk.until(at(2027, 4, 8))
    shown = await maija.says("/digest 4/2027")
    assert "Tulossa: huhtikuu 2027, 3 kokousta\nke 14.4. Lastensuojelu: Aihe 14\n" in shown
    assert "Tulossa: toukokuu 2027, 2 kokousta" in shown
    await maija.says("/digest 3/2027")
    assert "Tulevat kokoukset" not in " ".join(maija.labels())  # as it was sent there were none
    await talk.called_meeting(anna, "Lastensuojelu ke 26.5. klo 9-12 Teams: Aihe 26")
    await talk.called_meeting(anna, "Lastensuojelu to 27.5. klo 9-12 Teams: Aihe 27")
    assert "ja 1 muu" in await maija.says("/digest 4/2027")
    await maija.taps("Tulevat kokoukset (7)")
    lines = maija.text.splitlines()
    assert lines[0] == "Tulevat kokoukset"
    assert [line.split()[1] for line in lines[1:]] == ["14.4.", "21.4.", "28.4.", "12.5.", "19.5.", "26.5.", "27.5."]
    assert lines[-1] == "to 27.5. Lastensuojelu: Aihe 27"
    await maija.taps("Takaisin koosteeseen")
    assert maija.text.startswith("Kuukausikooste: huhtikuu 2027")


async def test_a_group_renamed_and_archived_in_mid_month(talk: Talk, anna: Actor, maija: Actor, march: None) -> None:
    async with talk.app.sessions.begin() as session:
        group = (await session.execute(select(Workgroup).where(Workgroup.name == "Lastensuojelu"))).scalar_one()
        group.name = "Lapset ja nuoret"
    await talk.called_meeting(anna, "Lapset ja nuoret ke 7.4. klo 9-12 Teams: Toinen")
    await talk.until(at(2027, 4, 15))
    async with talk.app.sessions.begin() as session:
        (await session.get_one(Workgroup, group.id)).archived_at = talk.clock.now()
    await talk.until(at(2027, 5, 4))
    assert "Kokouksia 1 (edellinen 1)" in maija.text
    await maija.taps("Työryhmät (1)")
    assert "Lapset ja nuoret: 1 kokous" in maija.text
