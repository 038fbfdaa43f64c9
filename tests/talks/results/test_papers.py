"""Results as files: by a button beside them, for those who coordinate the group and nobody else."""

import pytest

from handlers.texts import texts
from models.forms.items import Item, QuestionKind
from tests.answering import file, pdf_text, sent, written
from tests.scenes import scene
from tests.talk import Actor, Talk, words


@pytest.fixture
@scene
async def members(talk: Talk, anna: Actor) -> list[Actor]:
    """Five people have answered a form that has closed."""
    people = [talk.person(f"Jäsen {number}") for number in range(5)]
    group = await talk.group(members=people, coordinator=anna)
    sitting = await sent(
        talk, anna, await written(talk, group, "Lyhyt", [Item(QuestionKind.SCALE, "Tila", low=1, high=5)])
    )
    for value, member in enumerate(people, 1):
        await sitting.answer(member, {sitting.questions[0].id: value})
    await talk.time_passes(days=8)
    return people


@pytest.mark.over_http
async def test_each_file_is_one_tap_from_the_results(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    for label, name in (("PDF", "pdf"), ("Excel", "xlsx"), ("CSV", "csv")):
        await anna.taps_data("result:1")
        await anna.taps(label)
        assert anna.last.document is not None
        assert anna.last.document.file_name == f"palaute-lastensuojelu-2027-03-02.{name}"
        assert words(anna.last).startswith("Lyhyt (Lastensuojelu)")
        assert anna.labels() == ["Tulokset viestinä"]
        await anna.taps("Tulokset viestinä")
        assert "3,0, n = 5" in anna.text
    assert "Tila 3,0 5 " in pdf_text(await file(anna, 1, "pdf"))


async def test_a_file_speaks_the_readers_language(talk: Talk, anna: Actor, members: list[Actor]) -> None:
    await anna.says("/settings")
    anna_sv = "Svenska"
    await anna.taps("Kieli")
    await anna.taps(anna_sv)
    assert "Medelvärde" in pdf_text(await file(anna, 1, "pdf"))
    assert (await file(anna, 1, "csv")).decode("utf-8-sig").startswith("Formulär;Arbetsgrupp;")


@pytest.mark.parametrize("way", ["pdf", "xlsx", "csv"])
async def test_nobody_else_gets_one(talk: Talk, anna: Actor, members: list[Actor], way: str, dan: Actor) -> None:
    await talk.group("Vammaispalvelu", members=[], coordinator=dan)
    for actor in (members[0], dan):
        assert await actor.taps_data(f"paper:1:{way}") == texts("fi")("not-found").striptags()
        assert actor.last.document is None


@pytest.mark.parametrize("data", ["paper:1:exe", "paper:1", "paper:2:pdf", "paper:1:PDF"])
async def test_what_is_no_file_of_ours_is_not_found(talk: Talk, anna: Actor, members: list[Actor], data: str) -> None:
    before = len(anna.messages)
    assert await anna.taps_data(data) == texts("fi")("not-found").striptags()
    assert len(anna.messages) == before
