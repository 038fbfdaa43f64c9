"""The attacks. Each one gets the leaked data and returns its guesses; it does not know the truth.

The same attacks run on Koolla's data and on the data of the careless storage in naive.py.
Without any evidence an attack guesses the most common answers, which the published totals show.
"""

import hashlib
import itertools
import json
import re
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.anonymity.attacker_data import LeakedData, Row, Vector, decoded

Guess = dict[int, Any]
"""By person id: the guessed answers, the guessed text, or whether the person answered or wrote."""


@dataclass(frozen=True)
class Attack:
    name: str
    aim: str
    """What is guessed: answers, text, wrote or answered."""
    guess: Callable[[LeakedData], Guess]
    through: str = "verbs"
    """How people answered in the world: "verbs" (functions of models), "inbox" (Telegram updates), or "pools" (by
    functions of models, few people after each meeting)."""


def nothing(leaked: LeakedData) -> Guess:
    return dict.fromkeys(leaked.order, leaked.public)


def vector(row: Row) -> Vector:
    """Returns the choices for the first four questions of a row or of a decoded ballot."""
    keys = sorted((key for key in row if re.fullmatch(r"q\d+", str(key))), key=lambda key: int(key[1:]))[:4]
    choices = [row[key] for key in keys]
    if len(choices) > 2 and isinstance(choices[2], list):
        choices[2] = choices[2][0]
    return tuple(tuple(sorted(choice)) if isinstance(choice, list) else choice for choice in choices)


def ballots(leaked: LeakedData) -> list[Row]:
    """Returns rows with one person's answers in plain text but without a person id. Encrypted rows are left out."""
    rows_without_person = []
    for rows in leaked.closed.values():
        for row in rows:
            if any(row.get(name) is not None for name in ("person_id", "address_id")):
                continue
            if vector(row):
                rows_without_person.append(row)
            rows_without_person += [
                {**row, **{f"q{key}": choice for key, choice in content.items()}}
                for content in map(decoded, row.values())
                if content
            ]
    return rows_without_person


def matched(rows: Sequence[Row], leaked: LeakedData) -> Guess:
    if not rows:
        return nothing(leaked)
    return {person: vector(row) for person, row in zip(leaked.order, rows, strict=False)}


def by_row_order(leaked: LeakedData) -> Guess:
    return matched(sorted(ballots(leaked), key=lambda row: row["_place"]), leaked)


def by_id(leaked: LeakedData) -> Guess:
    return matched(sorted(ballots(leaked), key=lambda row: row.get("id", 0)), leaked)


def by_transaction(leaked: LeakedData) -> Guess:
    """Links rows of a person and rows of answers that the same transaction wrote."""
    people: dict[int, set[int]] = {}
    for rows in leaked.closed.values():
        for row in rows:
            if row.get("person_id") is not None:
                people.setdefault(row.get("_xmin", 0), set()).add(row["person_id"])
    guess = nothing(leaked)
    for row in ballots(leaked):
        if len(writers := people.get(row.get("_xmin", 0), set())) == 1:
            guess[min(writers)] = vector(row)
    return guess


def by_time(leaked: LeakedData) -> Guess:
    """Compares the times in rows with the periods in which each person was answering."""
    guess = nothing(leaked)
    for row in ballots(leaked):
        for moment in (value for value in map(moment_of, row.values()) if value):
            for person, (begun, done) in leaked.spans.items():
                if begun <= moment <= done:
                    guess[person] = vector(row)
    return guess


def moment_of(value: Any) -> datetime | None:
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:", value):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def by_profile(leaked: LeakedData) -> Guess:
    """Links rows to people with the same organisation and field; otherwise uses the means by background."""
    guess = by_cell(leaked)
    rows: dict[Any, list[Row]] = defaultdict(list)
    for row in sorted(ballots(leaked), key=lambda row: repr(vector(row))):
        rows[row.get("organisation"), row.get("field")].append(row)
    for profile, rows_of_profile in rows.items():
        twins = sorted(person for person in leaked.order if leaked.profiles[person] == profile)
        guess |= {person: vector(row) for person, row in zip(twins, rows_of_profile, strict=False)}
    return guess


def by_cell(leaked: LeakedData) -> Guess:
    """Guesses the published means of the person's own organisation instead of the most common answers."""
    cells = {(row["question_id"], row["number"]): row for row in leaked.closed.get("cell", [])}
    options = {(row["question_id"], row["number"]): row["identity"] for row in leaked.closed.get("option", [])}
    guess = nothing(leaked)
    statements = sorted({row["question_id"] for row in leaked.closed.get("cell_figure", [])})
    for part in leaked.closed.get("cell_figure", []):
        cell = cells[part["background_id"], part["number"]]
        named = {options.get((part["background_id"], value)) for value in _numbers(cell["backgrounds"])}
        for person, profile in leaked.profiles.items():
            if person in guess and f"organisation-{profile[0]}" in named:
                changed = list(guess[person])
                changed[statements.index(part["question_id"])] = round(part["total"] / part["n"])
                guess[person] = tuple(changed)
    return guess


def _numbers(value: Any) -> list[int]:
    return [int(digits) for digits in re.findall(r"-?\d+", str(value))]


def _texts(leaked: LeakedData, key: Callable[[Row], Any]) -> list[str]:
    return [row["text"] for row in sorted(leaked.closed.get("open_answer", []), key=key)]


def text_by_row_order(leaked: LeakedData) -> Guess:
    return _spread_out(_texts(leaked, lambda row: row["_place"]), leaked.order)


def text_by_id(leaked: LeakedData) -> Guess:
    return _spread_out(_texts(leaked, lambda row: row["id"]), leaked.order)


def text_by_attendance(leaked: LeakedData) -> Guess:
    came = sorted(leaked.closed.get("attendance", []), key=lambda row: (str(row["marked_at"]), row["_place"]))
    people = [row["person_id"] for row in came if row["person_id"] in leaked.spans]
    return _spread_out(_texts(leaked, lambda row: row["_place"]), people)


def _spread_out(texts: list[str], people: Sequence[int]) -> Guess:
    """Matches texts to people in order, at even distances if there are fewer texts. Empty texts are left out."""
    if not texts or not people:
        return {}
    return {people[number * len(people) // len(texts)]: text for number, text in enumerate(texts) if text}


def text_by_blob_size(leaked: LeakedData) -> Guess:
    """Assumes that the longest blobs in the backup hold the longest texts."""
    blobs = sorted(leaked.backup.get("staged", []), key=lambda row: -len(row["blob"]))
    texts = sorted(_texts(leaked, lambda row: row["id"]), key=lambda text: -len(text))
    return {row["person_id"]: text for row, text in zip(blobs, texts, strict=False)}


def by_dictionary(leaked: LeakedData) -> Guess:
    """Compares blobs with the hash of every possible combination of answers."""
    questions: list[Any] = [
        range(1, 6),
        range(1, 6),
        range(1, 4),
        [ticked for n in (1, 2, 3) for ticked in itertools.combinations((1, 2, 3), n)],
    ]
    answers_by_digest = {
        hashlib.sha256(repr(answers).encode()).digest(): answers for answers in itertools.product(*questions)
    }
    answers_of = {
        row["person_id"]: answers_by_digest.get(bytes(row["blob"])[:32]) for row in leaked.backup.get("staged", [])
    }
    return {**nothing(leaked), **{person: answers for person, answers in answers_of.items() if answers}}


def by_equal_blobs(leaked: LeakedData) -> Guess:
    """Looks for blobs of the backup in rows without a person after closing."""
    guess = nothing(leaked)
    whose = {bytes(row["blob"]): row["person_id"] for row in leaked.backup.get("staged", [])}
    for row in itertools.chain(*leaked.closed.values()):
        for blob in (bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)):
            if blob in whose and vector(row):
                guess[whose[blob]] = vector(row)
    return guess


def by_left_keys(leaked: LeakedData) -> Guess:
    """Decrypts blobs of the backup with the keys that are left in the key folder."""
    guess = nothing(leaked)
    for row in leaked.backup.get("staged", []):
        for blob in (bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)):
            for name, key in leaked.keys:
                if content := _opened(name, key, blob):
                    guess[row["person_id"]] = vector({f"q{number}": choice for number, choice in content.items()})
    return guess


def _opened(name: str, key: bytes, blob: bytes) -> dict[int, Any] | None:
    try:
        return decoded(AESGCM(key).decrypt(blob[:12], blob[12:], name.encode()))
    except (InvalidTag, ValueError):
        return None


PLAIN = re.compile(rb'\{"\d+":[^{}\x00]{1,2000}\}')


def by_remains(leaked: LeakedData) -> Guess:
    """Looks for plain-text ballots in free pages, dead rows and the WAL, by person id or by order."""
    guess, nameless = nothing(leaked), []
    for match in itertools.chain(*(PLAIN.findall(content) for content in leaked.files)):
        content = decoded(match) or {}
        row = {f"q{number}": choice for number, choice in content.items() if number}
        if 0 in content:
            guess[content[0]] = vector(row)
        elif len(row) >= 3:
            nameless.append(row)
    return {**guess, **matched(nameless, leaked)} if nameless else guess


def by_views(leaked: LeakedData) -> Guess:
    """Subtracts the figures before each person's answers from the figures after them."""
    guess = nothing(leaked)
    for (_, before), (person, after) in itertools.pairwise(leaked.watched):
        if before != after:
            guess[person] = vector({key: _difference(before.get(key), after[key]) for key in after})
    return guess


def _difference(before: Any, after: Any) -> Any:
    """Returns the difference of two sums, or the options whose counts have grown."""
    return after - (before or 0) if isinstance(after, int) else sorted(Counter(after) - Counter(before or {}))


def who_answered_by_reminders(leaked: LeakedData) -> Guess:
    """Assumes that a person without a reminder has answered."""
    people = {row["id"]: row["person_id"] for row in leaked.closed.get("address", [])}
    states = {
        people[row["address_id"]]: row["state"]
        for row in leaked.closed.get("delivery", [])
        if row["kind"] == "feedback" and row["slot"]
    }
    return {person: states.get(person, "superseded") != "sent" for person in leaked.asked}


def who_answered_by_last_message(leaked: LeakedData) -> Guess:
    """Assumes that a person whose last message is from the time of the reminders had not answered."""
    last = {row["person_id"]: moment_of(row["free_at"]) for row in leaked.closed.get("address", [])}
    ended = max((done for _, done in leaked.spans.values()), default=None)
    return {person: not ((at := last.get(person)) and ended and at > ended) for person in leaked.asked}


def who_answered_by_remains(leaked: LeakedData) -> Guess:
    """Looks in free pages, dead rows and the WAL for rows that say that a person has sent answers."""
    return {
        person: any(row in content for content in leaked.files for row in _finished_rows(leaked.database, person))
        for person in leaked.asked
    }


def _finished_rows(database: str, person: int) -> list[bytes]:
    """The bytes of a row of `participation` with its last column true, for the first runs of a database."""
    if database == "postgresql":
        return [struct.pack("<iiB", run, person, 1) for run in (1, 2)]
    # SQLite: a record's header of 4 bytes with the types of its columns (9 is the number 1), then the person's id.
    length = 1 if person < 128 else 2
    return [bytes([4, 9, length, 9]) + person.to_bytes(length, "big")]


def who_wrote_by_log(leaked: LeakedData) -> Guess:
    """Looks for log lines about a text message in the period in which a person was answering."""
    lines = re.findall(r"timestamp='([^']+)'.*event='update'.*route='(?:message|text [^']*)'", leaked.log)
    return _inside([datetime.fromisoformat(moment) for moment in lines], leaked.walls)


def who_wrote_by_last_message(leaked: LeakedData) -> Guess:
    """Assumes that `free_at` of a chat changes with text messages and not with taps."""
    last = {row["person_id"]: moment_of(row["free_at"]) for row in leaked.backup.get("address", [])}
    return {person: (at := last.get(person)) is not None and at >= begun for person, (begun, _) in leaked.spans.items()}


def who_wrote_by_updates(leaked: LeakedData) -> Guess:
    """Assumes that people who wrote a text sent more updates than others while they were answering."""
    seen = [moment for row in leaked.backup.get("seen_update", []) if (moment := moment_of(row["seen_at"]))]
    counts = {person: sum(begun <= moment <= done for moment in seen) for person, (begun, done) in leaked.spans.items()}
    usual = min(counts.values(), default=0)
    return {person: count > usual for person, count in counts.items()}


def _inside(moments: list[datetime], spans: dict[int, tuple[datetime, datetime]]) -> Guess:
    return {person: any(begun <= moment <= done for moment in moments) for person, (begun, done) in spans.items()}


def by_chats(leaked: LeakedData) -> Guess:
    """Reads the lines of summaries in people's chats."""
    guess = nothing(leaked)
    for person, messages in leaked.chats.items():
        for words in messages:
            first, second, third, *others = [int(value) for value in SUMMARY_LINE.findall(words.text)] or [0, 0, 0]
            if others:
                guess[person] = (first, second, third, tuple(others))
    return guess


SUMMARY_LINE = re.compile(r"(?m)^\d+\. .+ – (\d)$")


def text_by_chats(leaked: LeakedData) -> Guess:
    """Reads in people's chats what they wrote and what the bot repeats of it."""
    guess: Guess = {}
    for person, messages in leaked.chats.items():
        for words in messages:
            if words.is_typed and not words.text.startswith("/"):
                guess[person] = words.text
            for repeated in re.findall(r"(?m)^Kirjoitit: (.+)$", words.text):
                guess[person] = repeated
    return guess


def by_waiting_profile(leaked: LeakedData) -> Guess:
    """Opens the pool of today, and compares backgrounds with the profiles of those who were asked."""
    guess = nothing(leaked)
    for content in _contents(leaked, leaked.pool_states[-1]):
        told = {question: content.pop(question) for question in leaked.backgrounds if question in content}
        profile = {leaked.backgrounds[question][option] for question, (option,) in told.items()}
        twins = [person for person in leaked.order if profile and profile == set(leaked.profiles[person])]
        guess |= {person: _vector_of(content) for person in twins}
    return guess


def by_pool_history(leaked: LeakedData) -> Guess:
    """Opens the pool in each backup: what has been added since the one before is of the person who answered then."""
    guess, before = nothing(leaked), Counter[tuple[int, str]]()
    for person, blobs in zip(leaked.order, leaked.pool_states, strict=True):
        after = Counter(answer for content in _contents(leaked, blobs) for answer in _answers_in(content))
        new = after - before
        added = {question: json.loads(value) for question, value in new}
        if added and len(added) == new.total():  # one answer to each question
            guess[person] = _vector_of({q: value for q, value in added.items() if q not in leaked.backgrounds})
        before = after
    return guess


def _contents(leaked: LeakedData, blobs: list[bytes]) -> list[dict[Any, Any]]:
    """What blobs of a pool hold, with any key of the key folder: whole ballots, or answers by question."""
    opened = []
    for blob in blobs:
        for name, key in leaked.keys:
            with suppress(InvalidTag):
                content = json.loads(AESGCM(key).decrypt(blob[:12], blob[12:], name.encode()))
                opened.append({int(k): v for k, v in content.get("waiting", content).items()})
    return opened


def _answers_in(content: dict[int, Any]) -> Iterator[tuple[int, str]]:
    for question, value in content.items():
        for answer in value["answers"] if isinstance(value, dict) else [value]:
            yield question, json.dumps(answer)


def _vector_of(content: dict[int, Any]) -> Vector:
    return vector({f"q{question}": value for question, value in content.items()})


ATTACKS = (
    Attack("order of rows", "answers", by_row_order),
    Attack("ids and their gaps", "answers", by_id),
    Attack("hidden transaction number (xmin)", "answers", by_transaction),
    Attack("times", "answers", by_time),
    Attack("profile as fingerprint, means of one's background", "answers", by_profile),
    Attack("live figures, one view minus another", "answers", by_views),
    Attack("backup: dictionary of all answers", "answers", by_dictionary),
    Attack("backup: blobs found again later", "answers", by_equal_blobs),
    Attack("backup: keys left after closing", "answers", by_left_keys),
    Attack("backup: sizes of blobs", "text", text_by_blob_size),
    Attack("plain remains in free pages, WAL, dead rows", "answers", by_remains),
    Attack("texts: order of rows", "text", text_by_row_order),
    Attack("texts: ids", "text", text_by_id),
    Attack("texts: order of attendance", "text", text_by_attendance),
    Attack("who answered: reminders not sent", "answered", who_answered_by_reminders),
    Attack("who answered: a chat's last message", "answered", who_answered_by_last_message),
    Attack("who answered: remains in free pages, WAL, dead rows", "answered", who_answered_by_remains),
    Attack("chats read with the token: summaries", "answers", by_chats, "inbox"),
    Attack("chats read with the token: texts", "text", text_by_chats, "inbox"),
    Attack("waiting pool and its key: backgrounds as fingerprint", "answers", by_waiting_profile, "pools"),
    Attack("waiting pool in all backups, keys of today: differences", "answers", by_pool_history, "pools"),
    Attack("who wrote: log lines", "wrote", who_wrote_by_log, "inbox"),
    Attack("who wrote: a chat's last message", "wrote", who_wrote_by_last_message, "inbox"),
    Attack("who wrote: updates seen", "wrote", who_wrote_by_updates, "inbox"),
)
