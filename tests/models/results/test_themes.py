"""Themes: counts, ranks with ties, names that are one whatever their capitals, and their bounds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotFound, Refused
from models.feedback.releases import OpenAnswer, Release
from models.forms import forms
from models.people import access, groups
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.people import Person
from models.results import themes
from tests.talk import Talk

IDENTITY = "open-feedback"
TEXTS = tuple(range(1, 9))


@dataclass
class Coding:
    session: AsyncSession
    group: Workgroup
    person: Person

    async def theme(self, name: str, *texts: int) -> themes.Theme:
        theme = await themes.add(self.session, self.group.id, IDENTITY, name)
        for text in texts:
            await themes.put(self.session, self.person, theme.id, text, on=True)
        return theme

    async def ranks(self) -> list[tuple[str, int, int | None]]:
        table = await themes.table(self.session, self.group.id, IDENTITY, TEXTS)
        return [(row.theme.name, row.mentions, row.rank) for row in table.rows]


@pytest.fixture
async def coding(talk_anywhere: Talk) -> AsyncIterator[Coding]:
    """A group with eight released texts, and somebody who coordinates it."""
    now = talk_anywhere.clock.now()
    async with talk_anywhere.app.sessions.begin() as session:
        group = await groups.create(session, "Lastensuojelu", now=now)
        person = Person(name="Anna", created_at=now)
        session.add(person)
        await session.flush()
        await access.grant(session, person, RoleKind.COORDINATOR, group, now=now)
        version = await forms.built_in(session)
        release = Release(workgroup_id=group.id, form_version_id=version.id, threshold=5, asked=20, answered=10)
        release.released_at = now
        session.add(release)
        await session.flush()
        for text in TEXTS:
            question = version.questions[-1].id
            answer = OpenAnswer(id=text, release_id=release.id, question_id=question, text=f"Teksti {text}")
            answer.highlighted = False
            session.add(answer)
        await session.flush()
        yield Coding(session, group, person)


async def test_themes_of_equal_counts_share_a_rank(coding: Coding) -> None:
    await coding.theme("Kiire", 1, 2, 3)
    await coding.theme("Tilat", 1)
    await coding.theme("Aika", 4)
    await coding.theme("Muu", 1, 2)
    await coding.theme("Turha")
    assert await coding.ranks() == [("Kiire", 3, 1), ("Muu", 2, 2), ("Aika", 1, 3), ("Tilat", 1, 3), ("Turha", 0, None)]
    table = await themes.table(coding.session, coding.group.id, IDENTITY, TEXTS)
    assert (table.texts, table.coded) == (8, 4)


async def test_to_put_a_theme_on_twice_is_to_put_it_on_once(coding: Coding) -> None:
    theme = await coding.theme("Kiire", 1, 1, 2)
    assert await coding.ranks() == [("Kiire", 2, 1)]
    for _ in range(2):
        await themes.put(coding.session, coding.person, theme.id, 1, on=False)
    assert await coding.ranks() == [("Kiire", 1, 1)]


async def test_a_name_is_one_whatever_its_capitals_and_spaces(coding: Coding) -> None:
    first, again = await coding.theme("Kiire  työssä"), await coding.theme(" kiire työssä\u200b")
    assert first.id == again.id
    other = await coding.theme("Tilat")
    with pytest.raises(Refused, match="theme-name-taken"):
        await themes.rename(coding.session, coding.person, other.id, "KIIRE TYÖSSÄ")
    assert (await themes.rename(coding.session, coding.person, first.id, "KIIRE työssä")).name == "KIIRE työssä"


@pytest.mark.parametrize("name", ["", " \u200b ", "x" * 41])
async def test_a_theme_has_a_name_that_fits(coding: Coding, name: str) -> None:
    with pytest.raises(Refused):
        await coding.theme(name)


async def test_there_are_no_more_themes_than_buttons(coding: Coding) -> None:
    for number in range(themes.MOST):
        await coding.theme(f"Teema {number}")
    with pytest.raises(Refused, match="themes-too-many"):
        await coding.theme("Vielä yksi")
    await coding.theme("teema 0")  # the one that is there


async def test_others_neither_put_nor_rename_nor_remove(coding: Coding) -> None:
    theme = await coding.theme("Kiire", 1)
    other = Person(name="Eeva", created_at=coding.person.created_at)
    coding.session.add(other)
    await coding.session.flush()
    for act in (
        themes.put(coding.session, other, theme.id, 2, on=True),
        themes.rename(coding.session, other, theme.id, "Muu"),
        themes.remove(coding.session, other, theme.id),
    ):
        with pytest.raises(NotFound):
            await act
    assert await coding.ranks() == [("Kiire", 1, 1)]
    await themes.remove(coding.session, coding.person, theme.id)
    assert await coding.ranks() == []
