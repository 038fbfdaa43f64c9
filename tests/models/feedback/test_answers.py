"""What each press keeps of a sheet, of two presses which one stands, and what of it is counted."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models.errors import NotFound, Refused
from models.feedback.answers import (
    Answer,
    Given,
    Kept,
    Press,
    answer,
    ballot,
    choosing,
    from_json,
    settling,
    ticking,
    to_json,
    writing,
)
from models.forms import form_cache, forms
from models.forms.forms import DONT_KNOW, OTHER, Form, Option, Question, sheet_bytes
from models.forms.items import Choice, Item, Kind
from models.meetings.invitations import REDELIVERY
from tests.talk import Talk

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)


def question(number: int, kind: Kind, *, options: int = 0, **fields: object) -> Question:
    return Question(
        id=number,
        position=number,
        kind=kind,
        identity=f"q{number}",
        options=[Option(number=n, identity=f"o{n}") for n in range(1, options + 1)],
        **{"dont_know": False, "other": False, "required": False, "low": None, "high": None, **fields},
    )


SCALE = question(1, Kind.SCALE, low=0, high=4, dont_know=True)
SINGLE = question(2, Kind.SINGLE, options=3, other=True)
SEVERAL = question(3, Kind.SEVERAL, options=3, other=True)
YES_NO = question(4, Kind.YES_NO, options=2)
OPEN = question(5, Kind.OPEN)
ALL = [SCALE, SINGLE, SEVERAL, YES_NO, OPEN]


def kept(*contents: dict[str, object]) -> Kept:
    """A sheet after presses, one after another."""
    found: Kept = {}
    for number, content in enumerate(contents, 1):
        found |= {key: Given(value, number, 0) for key, value in content.items()}  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        (SCALE, 5),
        (SCALE, -2),
        (SINGLE, 4),
        (SINGLE, DONT_KNOW),
        (SEVERAL, 1),
        (SEVERAL, OTHER),
        (YES_NO, 3),
        (YES_NO, OTHER),
        (OPEN, 0),
        (OPEN, 1),
    ],
)
def test_a_value_that_is_not_on_the_form_is_not_chosen(asked: Question, value: int) -> None:
    with pytest.raises(NotFound):
        choosing(asked, value)


@pytest.mark.parametrize(("asked", "value"), [(SCALE, 1), (SINGLE, 1), (YES_NO, 1), (OPEN, 0), (SEVERAL, 4)])
def test_what_is_not_one_of_several_is_not_ticked(asked: Question, value: int) -> None:
    with pytest.raises(NotFound):
        ticking(asked, value, True)


@pytest.mark.parametrize("asked", [SCALE, SINGLE, YES_NO, OPEN])
def test_only_several_choices_have_an_end(asked: Question) -> None:
    with pytest.raises(NotFound):
        settling(asked)


@pytest.mark.parametrize("asked", [SCALE, YES_NO])
def test_only_what_takes_words_is_written(asked: Question) -> None:
    with pytest.raises(NotFound):
        writing(asked, "sana")


@pytest.mark.parametrize(("asked", "most"), [(OPEN, 1000), (SINGLE, 200), (SEVERAL, 200)])
def test_words_have_a_length(asked: Question, most: int) -> None:
    writing(asked, "x" * most)
    with pytest.raises(Refused, match="open-answer-too-long"):
        writing(asked, "x" * (most + 1))
    with pytest.raises(Refused, match="open-answer-empty"):
        writing(asked, "")


def test_nothing_pressed_is_no_answer_and_a_skip_is_one() -> None:
    for asked in ALL:
        assert answer(asked, {}) is None
        assert answer(asked, kept(choosing(asked, None))) == Answer(settled=True)
        assert ballot(ALL, kept(choosing(asked, None))) == {}


def test_ticks_stand_before_the_person_is_done() -> None:
    pressed = kept(ticking(SEVERAL, 3, True), ticking(SEVERAL, 1, True), ticking(SEVERAL, 3, False))
    assert answer(SEVERAL, pressed) == Answer(ticked=(1,), settled=False)
    assert answer(SEVERAL, {**pressed, **kept(settling(SEVERAL))}) == Answer(ticked=(1,), settled=True)
    skipped = {**pressed, **kept(choosing(SEVERAL, None))}
    assert answer(SEVERAL, skipped) == Answer(settled=True)


def test_what_other_was_goes_with_its_tick() -> None:
    for asked, elsewhere in ((SINGLE, choosing(SINGLE, 1)), (SEVERAL, ticking(SEVERAL, OTHER, False))):
        said = kept(writing(asked, "Muuta"))
        assert answer(asked, said) is not None
        assert ballot([asked], said) == {asked.id: [OTHER], -asked.id: "Muuta"}
        assert -asked.id not in ballot([asked], {**said, **kept(elsewhere)})


def test_zero_on_a_scale_is_an_answer() -> None:
    assert ballot([SCALE], kept(choosing(SCALE, 0))) == {1: 0}
    assert ballot([SCALE], kept(choosing(SCALE, DONT_KNOW))) == {1: DONT_KNOW}


def test_of_two_presses_the_newer_stands_whatever_order_they_come_in() -> None:
    given = Given(1, update_id=10, at=int(NOW.timestamp()))
    assert given.gives_way_to(Press(11, NOW))
    assert not given.gives_way_to(Press(10, NOW))
    assert not given.gives_way_to(Press(9, NOW))
    assert given.gives_way_to(Press(9, NOW + REDELIVERY + timedelta(seconds=1)))


def test_the_largest_sheet_fits_the_size_that_all_are_sealed_at() -> None:
    large = [question(10**9 + n, one.kind, options=12, low=0, high=9, other=one.other) for n, one in enumerate(ALL * 6)]
    full: Kept = {}
    for asked in large:
        contents = [choosing(asked, asked.values[0])] if asked.kind in (Kind.SCALE, Kind.SINGLE, Kind.YES_NO) else []
        if asked.kind is Kind.SEVERAL:
            contents = [*(ticking(asked, value, False) for value in asked.values), settling(asked)]
        if asked.takes_text:
            contents.append(writing(asked, "😀" * asked.length))
        for content in contents:
            full |= {key: Given(value, 2**31, 2**32) for key, value in content.items()}
    assert from_json(to_json(full)) == full
    assert len(json.dumps(to_json(full), ensure_ascii=False, separators=(",", ":")).encode()) <= sheet_bytes(large)


async def _written(talk: Talk, *texts: str, keeps: bool) -> int:
    """Writes a form and reads its questions in the same transaction, which is kept or undone."""
    async with talk.app.sessions() as session:
        form = Form(key="kysely")
        session.add(form)
        await session.flush()
        items = [Item(Kind.SINGLE, text, choices=(Choice(f"{text} a"), Choice(f"{text} b"))) for text in texts]
        version = await forms.write(session, form, items)
        assert [one.text for one in await form_cache.questions(session, version.id)] == list(texts)
        number = version.id
        await (session.commit() if keeps else session.rollback())
        return number


async def test_what_is_kept_of_a_version_is_what_was_written(talk: Talk) -> None:
    number = await _written(talk, "Eka", "Toka", keeps=True)
    async with talk.app.sessions() as session:
        read, known = await forms.questions(session, number), await form_cache.questions(session, number)
        assert known is await form_cache.questions(session, number)
        for one, other in zip(read, known, strict=True):
            assert forms.written(one) == forms.written(other)
            assert (one.id, one.position, one.values) == (other.id, other.position, other.values)
            assert other not in session


async def test_a_version_that_was_undone_is_not_kept(talk: Talk) -> None:
    """On SQLite its id is given to the next."""
    await _written(talk, "Peruttu", keeps=False)
    number = await _written(talk, "Toinen", "Kolmas", keeps=True)
    async with talk.app.sessions() as session:
        assert [one.text for one in await form_cache.questions(session, number)] == ["Toinen", "Kolmas"]


async def test_a_version_undone_to_a_savepoint_is_not_kept(talk: Talk) -> None:
    async with talk.app.sessions.begin() as session:
        form = Form(key="kysely")
        session.add(form)
        await session.flush()
        inner = await session.begin_nested()
        undone = await forms.write(session, form, [Item(Kind.OPEN, "Peruttu?")])
        number = undone.id
        assert len(await form_cache.questions(session, number)) == 1
        await inner.rollback()
        again = await forms.write(session, form, [Item(Kind.OPEN, "Eka?"), Item(Kind.OPEN, "Toka?")])
        assert [one.text for one in await form_cache.questions(session, again.id)] == ["Eka?", "Toka?"]
        assert await session.scalar(select(Form.id)) == form.id
