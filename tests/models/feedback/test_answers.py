"""What each press stores in a submission, which of two presses counts, and what the ballot contains."""

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


def stored_after(*contents: dict[str, object]) -> StoredAnswers:
    """The stored answers after presses, one after another."""
    stored: StoredAnswers = {}
    for number, content in enumerate(contents, 1):
        stored |= {key: StoredEntry(value, number, 0) for key, value in content.items()}  # type: ignore[arg-type]
    return stored


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
def test_a_value_that_is_not_on_the_form_cannot_be_chosen(asked: Question, value: int) -> None:
    with pytest.raises(NotFound):
        choice_entries(asked, value)


@pytest.mark.parametrize(("asked", "value"), [(SCALE, 1), (SINGLE, 1), (YES_NO, 1), (OPEN, 0), (SEVERAL, 4)])
def test_only_an_option_of_a_multiple_choice_can_be_ticked(asked: Question, value: int) -> None:
    with pytest.raises(NotFound):
        tick_entries(asked, value, True)


@pytest.mark.parametrize("asked", [SCALE, SINGLE, YES_NO, OPEN])
def test_only_a_multiple_choice_can_be_marked_as_done(asked: Question) -> None:
    with pytest.raises(NotFound):
        done_entries(asked)


@pytest.mark.parametrize("asked", [SCALE, YES_NO])
def test_a_question_that_takes_no_text_refuses_text(asked: Question) -> None:
    with pytest.raises(NotFound):
        text_entries(asked, "sana")


@pytest.mark.parametrize(("asked", "most"), [(OPEN, 1000), (SINGLE, 200), (SEVERAL, 200)])
def test_text_must_not_be_empty_or_too_long(asked: Question, most: int) -> None:
    text_entries(asked, "x" * most)
    with pytest.raises(Refused, match="open-answer-too-long"):
        text_entries(asked, "x" * (most + 1))
    with pytest.raises(Refused, match="open-answer-empty"):
        text_entries(asked, "")


def test_nothing_pressed_is_no_answer_and_a_skip_is_one() -> None:
    for asked in ALL:
        assert current_answer(asked, {}) is None
        assert current_answer(asked, stored_after(choice_entries(asked, None))) == CurrentAnswer(settled=True)
        assert ballot(ALL, stored_after(choice_entries(asked, None))) == {}


def test_ticks_count_before_the_person_is_done() -> None:
    pressed = stored_after(
        tick_entries(SEVERAL, 3, True), tick_entries(SEVERAL, 1, True), tick_entries(SEVERAL, 3, False)
    )
    assert current_answer(SEVERAL, pressed) == CurrentAnswer(ticked=(1,), settled=False)
    assert current_answer(SEVERAL, {**pressed, **stored_after(done_entries(SEVERAL))}) == CurrentAnswer(
        ticked=(1,), settled=True
    )
    skipped = {**pressed, **stored_after(choice_entries(SEVERAL, None))}
    assert current_answer(SEVERAL, skipped) == CurrentAnswer(settled=True)


def test_the_text_of_other_goes_when_other_is_no_longer_chosen() -> None:
    for asked, elsewhere in ((SINGLE, choice_entries(SINGLE, 1)), (SEVERAL, tick_entries(SEVERAL, OTHER, False))):
        said = stored_after(text_entries(asked, "Muuta"))
        assert current_answer(asked, said) is not None
        assert ballot([asked], said) == {asked.id: [OTHER], -asked.id: "Muuta"}
        assert -asked.id not in ballot([asked], {**said, **stored_after(elsewhere)})


def test_zero_on_a_scale_is_an_answer() -> None:
    assert ballot([SCALE], stored_after(choice_entries(SCALE, 0))) == {1: 0}
    assert ballot([SCALE], stored_after(choice_entries(SCALE, DONT_KNOW))) == {1: DONT_KNOW}


def test_the_newer_of_two_presses_counts_in_whatever_order_they_arrive() -> None:
    given = StoredEntry(1, update_id=10, at=int(NOW.timestamp()))
    assert given.is_replaced_by(Press(11, NOW))
    assert not given.is_replaced_by(Press(10, NOW))
    assert not given.is_replaced_by(Press(9, NOW))
    assert given.is_replaced_by(Press(9, NOW + REDELIVERY + timedelta(seconds=1)))


def test_the_largest_submission_fits_the_size_at_which_all_are_sealed() -> None:
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


async def _written(talk: Talk, *texts: str, commits: bool) -> int:
    """Writes a form and reads its questions in one transaction; commits it if ``commits``, otherwise rolls it back.

    Returns the id of the form version.
    """
    async with talk.app.sessions() as session:
        form = Form(key="kysely")
        session.add(form)
        await session.flush()
        items = [Item(QuestionKind.SINGLE, text, choices=(Choice(f"{text} a"), Choice(f"{text} b"))) for text in texts]
        version = await forms.write(session, form, items)
        assert [one.text for one in await form_cache.questions(session, version.id)] == list(texts)
        number = version.id
        await (session.commit() if commits else session.rollback())
        return number


async def test_the_cached_questions_of_a_version_equal_the_stored_ones(talk: Talk) -> None:
    number = await _written(talk, "Eka", "Toka", commits=True)
    async with talk.app.sessions() as session:
        read, known = await forms.questions(session, number), await form_cache.questions(session, number)
        assert known is await form_cache.questions(session, number)
        for one, other in zip(read, known, strict=True):
            assert forms.written(one) == forms.written(other)
            assert (one.id, one.position, one.values) == (other.id, other.position, other.values)
            assert other not in session


async def test_a_version_that_was_rolled_back_is_not_cached(talk: Talk) -> None:
    """SQLite gives its id to the next version."""
    await _written(talk, "Peruttu", commits=False)
    number = await _written(talk, "Toinen", "Kolmas", commits=True)
    async with talk.app.sessions() as session:
        assert [one.text for one in await form_cache.questions(session, number)] == ["Toinen", "Kolmas"]


async def test_a_version_rolled_back_to_a_savepoint_is_not_cached(talk: Talk) -> None:
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
