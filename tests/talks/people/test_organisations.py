"""Names of organisations on rosters: which background organisation they are is said once, and used in forms."""

import pytest
from sqlalchemy import select

from handlers.people.organisations import proposal
from models.forms.items import Background
from models.people.audit import Audit
from models.people.people import Person
from models.people.settings import Organisation
from tests.talk import Actor, Talk, key
from tests.talks.feedback.test_answering import SCALE, background, put
from tests.talks.people.test_joining import claims_place
from tests.talks.people.test_one_person import adds
from tests.talks.people.test_roster import CODE, NOT_ALLOWED, NOT_FOUND

ROSTER = """Bo Ek; Kuopion kaupunki; bo@x.fi
Cilla; KUOPION KAUPUNKI; c@x.fi
Dan; Setlementti ry; d@x.fi
Eva; X; e@x.fi"""

PROPOSALS = {
    "Kuopion kaupunki": Organisation.MUNICIPALITY,
    "Nykarleby stad": Organisation.MUNICIPALITY,
    "Sipoon kunta": Organisation.MUNICIPALITY,
    "Pohjois-Savon hyvinvointialue": Organisation.COUNTY,
    "Österbottens välfärdsområde": Organisation.COUNTY,
    "Setlementti ry": Organisation.NGO,
    "Folkhälsan rf": Organisation.NGO,
    "Hoiva Oy": Organisation.COMPANY,
    "Itä-Suomen yliopisto": Organisation.SCHOOL,
    "Savonia-amk": Organisation.SCHOOL,
    "Ryhmä X": None,
    "Maakuntaliitto": Organisation.NGO,
}


@pytest.mark.parametrize(("name", "kind"), PROPOSALS.items(), ids=list(PROPOSALS))
def test_a_kind_is_proposed_by_the_words_of_a_name(name: str, kind: Organisation | None) -> None:
    assert proposal(name) is kind


async def test_names_are_decided_once_and_fill_in_forms(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, ROSTER)
    code = CODE.findall(anna.text)[0]
    await anna.says("/members")
    await anna.taps(key("organisations-open", n=3))
    assert "Kuopion kaupunki (2 jäsentä): Kunta, ehdotus" in anna.text
    assert "X (1 jäsen): ei vielä tiedossa" in anna.text
    await anna.taps(key("organisations-accept", n=2))
    assert "Setlementti ry (1 jäsen): Järjestö\n" in anna.text + "\n"
    await anna.taps("X")
    await anna.taps("Yritys")
    assert "X (1 jäsen): Yritys" in anna.text
    await anna.says("/members")
    assert not anna.has_button(key("organisations-open", n=1))
    assert any(label == key("organisations").text("fi") for label in anna.labels())

    await claims_place(bo, code)
    assert "Taustaorganisaatio: Kunta (Kuopion kaupunki)" in await bo.says("/settings")
    await put(talk, [SCALE, *background(Background.ORGANISATION)])
    await bo.taps("4")
    assert "2. Taustaorganisaatiosi – Kunta" in bo.text
    async with talk.app.sessions() as session:
        mapped = select(Audit.detail).where(Audit.action == "organisation-mapped").order_by(Audit.detail)
        assert list((await session.execute(mapped)).scalars()) == ["company", "municipality", "ngo"]


async def test_ones_own_choice_goes_before_the_roster(talk: Talk, anna: Actor, bo: Actor) -> None:
    await talk.group(members=[], coordinator=anna)
    await adds(anna, ROSTER)
    await claims_place(bo, CODE.findall(anna.text)[0])
    await anna.taps_data("orgs:1:0")
    await anna.taps(key("organisations-accept", n=2))
    await bo.says("/settings")
    await bo.taps(key("button-s-organisation"))
    assert "✓ Kunta" in bo.labels()
    await bo.taps("Järjestö")
    assert "Taustaorganisaatio: Järjestö\n" in bo.text
    await bo.taps(key("button-s-organisation"))
    await bo.taps(key("rather-not-say"))
    assert "Taustaorganisaatio: –" in bo.text
    await put(talk, [SCALE, *background(Background.ORGANISATION)])
    await bo.taps("4")
    assert "2/2" in bo.text
    await anna.says("/members")
    assert "Bo Ek (Kuopion kaupunki)" in anna.text


@pytest.mark.parametrize("data", ["orgs:1:0", "orgs-accept:1:{stamp}", "org:1:{name}", "org-set:1:{name}:ngo"])
async def test_names_are_for_the_coordinators_of_the_roster(
    talk: Talk, anna: Actor, bo: Actor, cilla: Actor, data: str
) -> None:
    await talk.group(members=[bo], coordinator=anna)
    await talk.group("Vammaispalvelut", members=[], coordinator=cilla)
    await adds(anna, "Dan; Setlementti ry; d@x.fi")
    await anna.taps_data("orgs:1:0")
    buttons = [str(button.data).split(":") for row in anna.last.buttons for button in row]
    numbers = {parts[0]: parts[2] for parts in buttons if len(parts) > 2}
    forged = data.format(stamp=numbers["orgs-accept"], name=numbers["org"])
    assert NOT_ALLOWED in await bo.taps_data(forged)
    assert NOT_FOUND in await cilla.taps_data(forged)
    if data.startswith("org-set"):
        assert await anna.taps_data("org-set:1:5:ngo") == key("organisations-changed").text("fi")
        assert NOT_FOUND in await anna.taps_data(forged.replace("ngo", "queen"))
    async with talk.app.sessions() as session:
        assert (
            list((await session.execute(select(Audit.id).where(Audit.action == "organisation-mapped"))).scalars()) == []
        )
        assert {person.organisation for person in (await session.execute(select(Person))).scalars()} == {None}
