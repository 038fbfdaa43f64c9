"""What each press keeps of a sheet, of two presses which one stands, and what of it is counted."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models.errors import NotFound, Refused
from models.feedback.answers import (
    CurrentAnswer,
    Press,
    StoredAnswers,
    StoredEntry,
    ballot,
    choice_entries,
    current_answer,
    done_entries,
    from_json,
    text_entries,
    tick_entries,
    to_json,
)
from models.forms import form_cache, forms
from models.forms.forms import DONT_KNOW, OTHER, Form, Option, Question, submission_bytes
from models.forms.items import Choice, Item, QuestionKind
from models.meetings.invitations import REDELIVERY
from tests.talk import Talk

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)


def question(number: int, kind: QuestionKind, *, options: int = 0, **fields: object) -> Question:
    return Question(
        id=number,
        position=number,
        kind=kind,
        identity=f"q{number}",
        options=[Option(number=n, identity=f"o{n}") for n in range(1, options + 1)],
        **{"dont_know": False, "other": False, "required": False, "low": None, "high": None, **fields},
    )


SCALE = question(1, QuestionKind.SCALE, low=0, high=4, dont_know=True)
SINGLE = question(2, QuestionKind.SINGLE, options=3, other=True)
SEVERAL = question(3, QuestionKind.SEVERAL, options=3, other=True)
YES_NO = question(4, QuestionKind.YES_NO, options=2)
OPEN = question(5, QuestionKind.OPEN)
ALL = [SCALE, SINGLE, SEVERAL, YES_NO, OPEN]


def kept(*contents: dict[str, object]) -> StoredAnswers:
    """A sheet after presses, one after another."""
    found: StoredAnswers = {}
    for number, content in enumerate(contents, 1):
        found |= {key: StoredEntry(value, number, 0) for key, value in content.items()}  # type: ignore[arg-type]
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
        choice_entries(asked, value)


@pytest.mark.parametrize(("asked", "value"), [(SCALE, 1), (SINGLE, 1), (YES_NO, 1), (OPEN, 0), (SEVERAL, 4)])
def test_what_is_not_one_of_several_is_not_ticked(asked: Question, value: int) -> None:
    with pytest.raises(NotFound):
        tick_entries(asked, value, True)


@pytest.mark.parametrize("asked", [SCALE, SINGLE, YES_NO, OPEN])
def test_only_several_choices_have_an_end(asked: Question) -> None:
    with pytest.raises(NotFound):
        done_entries(asked)


@pytest.mark.parametrize("asked", [SCALE, YES_NO])
def test_only_what_takes_words_is_written(asked: Question) -> None:
    with pytest.raises(NotFound):
        text_entries(asked, "sana")


@pytest.mark.parametrize(("asked", "most"), [(OPEN, 1000), (SINGLE, 200), (SEVERAL, 200)])
def test_words_have_a_length(asked: Question, most: int) -> None:
    text_entries(asked, "x" * most)
    with pytest.raises(Refused, match="open-answer-too-long"):
        text_entries(asked, "x" * (most + 1))
    with pytest.raises(Refused, match="open-answer-empty"):
        text_entries(asked, "")


def test_nothing_pressed_is_no_answer_and_a_skip_is_one() -> None:
    for asked in ALL:
        assert current_answer(asked, {}) is None
        assert current_answer(asked, kept(choice_entries(asked, None))) == CurrentAnswer(settled=True)
        assert ballot(ALL, kept(choice_entries(asked, None))) == {}


def test_ticks_stand_before_the_person_is_done() -> None:
    pressed = kept(tick_entries(SEVERAL, 3, True), tick_entries(SEVERAL, 1, True), tick_entries(SEVERAL, 3, False))
    assert current_answer(SEVERAL, pressed) == CurrentAnswer(ticked=(1,), settled=False)
    assert current_answer(SEVERAL, {**pressed, **kept(done_entries(SEVERAL))}) == CurrentAnswer(
        ticked=(1,), settled=True
    )
    skipped = {**pressed, **kept(choice_entries(SEVERAL, None))}
    assert current_answer(SEVERAL, skipped) == CurrentAnswer(settled=True)


def test_what_other_was_goes_with_its_tick() -> None:
    for asked, elsewhere in ((SINGLE, choice_entries(SINGLE, 1)), (SEVERAL, tick_entries(SEVERAL, OTHER, False))):
        said = kept(text_entries(asked, "Muuta"))
        assert current_answer(asked, said) is not None
        assert ballot([asked], said) == {asked.id: [OTHER], -asked.id: "Muuta"}
        assert -asked.id not in ballot([asked], {**said, **kept(elsewhere)})


def test_zero_on_a_scale_is_an_answer() -> None:
    assert ballot([SCALE], kept(choice_entries(SCALE, 0))) == {1: 0}
    assert ballot([SCALE], kept(choice_entries(SCALE, DONT_KNOW))) == {1: DONT_KNOW}


def test_of_two_presses_the_newer_stands_whatever_order_they_come_in() -> None:
    given = StoredEntry(1, update_id=10, at=int(NOW.timestamp()))
    assert given.is_replaced_by(Press(11, NOW))
    assert not given.is_replaced_by(Press(10, NOW))
    assert not given.is_replaced_by(Press(9, NOW))
    assert given.is_replaced_by(Press(9, NOW + REDELIVERY + timedelta(seconds=1)))


def test_the_largest_sheet_fits_the_size_that_all_are_sealed_at() -> None:
    large = [question(10**9 + n, one.kind, options=12, low=0, high=9, other=one.other) for n, one in enumerate(ALL * 6)]
    full: StoredAnswers = {}
    for asked in large:
        contents = (
            [choice_entries(asked, asked.values[0])]
            if asked.kind in (QuestionKind.SCALE, QuestionKind.SINGLE, QuestionKind.YES_NO)
            else []
        )
        if asked.kind is QuestionKind.SEVERAL:
            contents = [*(tick_entries(asked, value, False) for value in asked.values), done_entries(asked)]
        if asked.takes_text:
            contents.append(text_entries(asked, "😀" * asked.length))
        for content in contents:
            full |= {key: StoredEntry(value, 2**31, 2**32) for key, value in content.items()}
    assert from_json(to_json(full)) == full
    assert len(json.dumps(to_json(full), ensure_ascii=False, separators=(",", ":")).encode()) <= submission_bytes(large)


async def _written(talk: Talk, *texts: str, keeps: bool) -> int:
    """Writes a form and reads its questions in the same transaction, which is kept or undone."""
    async with talk.app.sessions() as session:
        form = Form(key="kysely")
        session.add(form)
        await session.flush()
        items = [Item(QuestionKind.SINGLE, text, choices=(Choice(f"{text} a"), Choice(f"{text} b"))) for text in texts]
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
        undone = await forms.write(session, form, [Item(QuestionKind.OPEN, "Peruttu?")])
        number = undone.id
        assert len(await form_cache.questions(session, number)) == 1
        await inner.rollback()
        again = await forms.write(session, form, [Item(QuestionKind.OPEN, "Eka?"), Item(QuestionKind.OPEN, "Toka?")])
        assert [one.text for one in await form_cache.questions(session, again.id)] == ["Eka?", "Toka?"]
        assert await session.scalar(select(Form.id)) == form.id
