"""Drafts of dialogues, those that earlier versions of the program wrote among them."""

import json
from pathlib import Path
from typing import Any

import pytest

from handlers import routes
from models.codec import to_json
from models.delivery.drafts import STATES, Draft, DraftKind
from models.errors import Stale

OLD = [json.loads(line) for line in (Path(__file__).parent / "old_drafts.jsonl").read_text("utf-8").splitlines()]
"""Rows [subject, awaits, data] as the version before typed states wrote them, of every dialogue and step."""
ROUTES = routes.load()


def contains(whole: Any, part: Any) -> bool:
    """Whether JSON has all that other JSON has; what is empty or null need not be there."""
    if isinstance(part, dict):
        return all(contains(whole.get(key), value) for key, value in part.items() if value)
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return bool(whole == part)


def draft_of(subject: str, awaits: str, data: dict[str, Any]) -> Draft[Any]:
    return Draft(person_id=1, chat_id=1, subject=DraftKind(subject), awaits=awaits, data=data)


def test_every_kind_of_dialogue_has_a_state_and_hears_what_is_typed() -> None:
    assert set(STATES) == set(ROUTES.text_inputs) == set(DraftKind) - {DraftKind.UNRECOGNIZED}


def test_there_is_an_old_draft_of_every_kind() -> None:
    assert {subject for subject, _, _ in OLD} == set(STATES) - {DraftKind.ERASURE}  # which is newer


@pytest.mark.parametrize(("subject", "awaits", "data"), OLD)
def test_an_old_draft_is_read_with_all_that_was_known(subject: str, awaits: str, data: dict[str, Any]) -> None:
    draft = draft_of(subject, awaits, data)
    state = to_json(draft.state)
    assert contains(state, {key: value for key, value in data.items() if key != "number"})
    assert type(draft.state).awaits == "" or state["awaits"] == awaits
    assert draft.number == data["number"]


def test_what_was_left_open_is_not_asked_again() -> None:
    known = {"group": 1, "title": None, "day": "2027-03-10", "start": "09:00:00", "end": "12:00:00", "mode": "remote"}
    draft = draft_of("newmeeting", "link", {**known, "number": 1})
    assert draft.state.gap == "link"
    assert draft_of("newmeeting", "link", {**known, "link": None, "number": 1}).state.gap == "description"


UNREADABLE = {
    DraftKind.MEETING: {"day": "tomorrow"},
    DraftKind.HEAD_COUNT: {},
    DraftKind.SURVEY: {"opens": "soon"},
    DraftKind.FEEDBACK_TEXT: {"run": 1},
    DraftKind.FORM: {"same": []},
    DraftKind.GROUP_NAME: {"group": "1"},
    DraftKind.ROSTER: {"group": 1, "entries": [["Dan"]]},
    DraftKind.CONTACT: {"person": 1},
    DraftKind.ROLE: {"kind": "king", "group": 1},
    DraftKind.CHANGE_TOLD: {"release": 1},
    DraftKind.THEME: {"address": 1, "question": 1},
    DraftKind.ERASURE: {"is_sure": "perhaps"},
    DraftKind.UNRECOGNIZED: {},
}


@pytest.mark.parametrize(("subject", "data"), UNREADABLE.items())
def test_a_draft_that_does_not_fit_is_over(subject: DraftKind, data: dict[str, Any]) -> None:
    draft = draft_of(subject, "", {**data, "number": 1})
    assert not draft.is_readable
    with pytest.raises(Stale, match="dialogue-is-over"):
        draft.state  # noqa: B018
