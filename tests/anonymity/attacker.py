"""The attacks. Each takes all the loot and guesses; it never sees the truth, nor whether the loot is the naive kind's.

Where an attack finds nothing to go by, it guesses what the published totals say of anyone.
"""

import hashlib
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.anonymity.attacker_data import Loot, Row, Vector, decoded

Guess = dict[int, Any]
"""By person: their answers, the text they wrote, or whether they did something."""


@dataclass(frozen=True)
class Attack:
    name: str
    aim: str
    """answers, text, wrote or answered."""
    guess: Callable[[Loot], Guess]
    through: str = "verbs"
    """Whether people answered by the program's verbs, or through its inbox."""


def nothing(loot: Loot) -> Guess:
    return dict.fromkeys(loot.order, loot.public)


def vector(row: Row) -> Vector:
    """The choices in a row or decoded ballot."""
    keys = sorted((key for key in row if re.fullmatch(r"q\d+", str(key))), key=lambda key: int(key[1:]))[:4]
    found = [row[key] for key in keys]
    if len(found) > 2 and isinstance(found[2], list):
        found[2] = found[2][0]
    return tuple(tuple(sorted(one)) if isinstance(one, list) else one for one in found)


def ballots(loot: Loot) -> list[Row]:
    """Rows that hold somebody's answers together, but not whose they are; sealed ones are none."""
    found = []
    for rows in loot.closed.values():
        for row in rows:
            if any(row.get(name) is not None for name in ("person_id", "address_id")):
                continue
            if vector(row):
                found.append(row)
            found += [
                {**row, **{f"q{key}": one for key, one in content.items()}}
                for content in map(decoded, row.values())
                if content
            ]
    return found


def matched(rows: Sequence[Row], loot: Loot) -> Guess:
    if not rows:
        return nothing(loot)
    return {person: vector(row) for person, row in zip(loot.order, rows, strict=False)}


def by_row_order(loot: Loot) -> Guess:
    return matched(sorted(ballots(loot), key=lambda row: row["_place"]), loot)


def by_id(loot: Loot) -> Guess:
    return matched(sorted(ballots(loot), key=lambda row: row.get("id", 0)), loot)


def by_transaction(loot: Loot) -> Guess:
    """Rows that one transaction has written, of a person and of answers."""
    people: dict[int, set[int]] = {}
    for rows in loot.closed.values():
        for row in rows:
            if row.get("person_id") is not None:
                people.setdefault(row.get("_xmin", 0), set()).add(row["person_id"])
    guess = nothing(loot)
    for row in ballots(loot):
        if len(some := people.get(row.get("_xmin", 0), set())) == 1:
            guess[min(some)] = vector(row)
    return guess


def by_time(loot: Loot) -> Guess:
    """A row's moment beside the moments at which people were answering."""
    guess = nothing(loot)
    for row in ballots(loot):
        for moment in (value for value in map(moment_of, row.values()) if value):
            for person, (begun, done) in loot.spans.items():
                if begun <= moment <= done:
                    guess[person] = vector(row)
    return guess


def moment_of(value: Any) -> datetime | None:
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:", value):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def by_profile(loot: Loot) -> Guess:
    """Backgrounds in a row single out whoever has few twins; means of backgrounds tell of their people."""
    guess = by_cell(loot)
    rows: dict[Any, list[Row]] = defaultdict(list)
    for row in sorted(ballots(loot), key=lambda row: repr(vector(row))):
        rows[row.get("organisation"), row.get("field")].append(row)
    for profile, some in rows.items():
        twins = sorted(person for person in loot.order if loot.profiles[person] == profile)
        guess |= {person: vector(row) for person, row in zip(twins, some, strict=False)}
    return guess


def by_cell(loot: Loot) -> Guess:
    """The published means of one's own background in the place of everybody's mode."""
    cells = {(row["question_id"], row["number"]): row for row in loot.closed.get("cell", [])}
    options = {(row["question_id"], row["number"]): row["identity"] for row in loot.closed.get("option", [])}
    guess = nothing(loot)
    statements = sorted({row["question_id"] for row in loot.closed.get("cell_figure", [])})
    for part in loot.closed.get("cell_figure", []):
        cell = cells[part["background_id"], part["number"]]
        named = {options.get((part["background_id"], value)) for value in _numbers(cell["backgrounds"])}
        for person, profile in loot.profiles.items():
            if person in guess and f"organisation-{profile[0]}" in named:
                changed = list(guess[person])
                changed[statements.index(part["question_id"])] = round(part["total"] / part["n"])
                guess[person] = tuple(changed)
    return guess


def _numbers(value: Any) -> list[int]:
    return [int(one) for one in re.findall(r"-?\d+", str(value))]


def _texts(loot: Loot, key: Callable[[Row], Any]) -> list[str]:
    return [row["text"] for row in sorted(loot.closed.get("open_answer", []), key=key)]


def text_by_row_order(loot: Loot) -> Guess:
    return _spread_out(_texts(loot, lambda row: row["_place"]), loot.order)


def text_by_id(loot: Loot) -> Guess:
    return _spread_out(_texts(loot, lambda row: row["id"]), loot.order)


def text_by_attendance(loot: Loot) -> Guess:
    came = sorted(loot.closed.get("attendance", []), key=lambda row: (str(row["marked_at"]), row["_place"]))
    people = [row["person_id"] for row in came if row["person_id"] in loot.spans]
    return _spread_out(_texts(loot, lambda row: row["_place"]), people)


def _spread_out(texts: list[str], people: Sequence[int]) -> Guess:
    """As many texts as people match one by one (an empty one is none); fewer lie among them at even distances."""
    if not texts or not people:
        return {}
    return {people[number * len(people) // len(texts)]: one for number, one in enumerate(texts) if one}


def text_by_blob_size(loot: Loot) -> Guess:
    """The longest blobs in the backup hold the longest texts."""
    blobs = sorted(loot.backup.get("staged", []), key=lambda row: -len(row["blob"]))
    texts = sorted(_texts(loot, lambda row: row["id"]), key=lambda one: -len(one))
    return {row["person_id"]: one for row, one in zip(blobs, texts, strict=False)}


def by_dictionary(loot: Loot) -> Guess:
    """Blobs that are the same for the same answers, or a hash of them: every possible answer is tried."""
    questions: list[Any] = [
        range(1, 6),
        range(1, 6),
        range(1, 4),
        [some for n in (1, 2, 3) for some in itertools.combinations((1, 2, 3), n)],
    ]
    known = {hashlib.sha256(repr(one).encode()).digest(): one for one in itertools.product(*questions)}
    found = {row["person_id"]: known.get(bytes(row["blob"])[:32]) for row in loot.backup.get("staged", [])}
    return {**nothing(loot), **{person: one for person, one in found.items() if one}}


def by_equal_blobs(loot: Loot) -> Guess:
    """Blobs of the backup that are found again after closing, in a row without a person."""
    guess = nothing(loot)
    whose = {bytes(row["blob"]): row["person_id"] for row in loot.backup.get("staged", [])}
    for row in itertools.chain(*loot.closed.values()):
        for blob in (bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)):
            if blob in whose and vector(row):
                guess[whose[blob]] = vector(row)
    return guess


def by_left_keys(loot: Loot) -> Guess:
    """Blobs of the backup under whatever is left in the key folder."""
    guess = nothing(loot)
    for row in loot.backup.get("staged", []):
        for blob in (bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)):
            for name, key in loot.keys:
                if content := _opened(name, key, blob):
                    guess[row["person_id"]] = vector({f"q{number}": one for number, one in content.items()})
    return guess


def _opened(name: str, key: bytes, blob: bytes) -> dict[int, Any] | None:
    try:
        return decoded(AESGCM(key).decrypt(blob[:12], blob[12:], name.encode()))
    except (InvalidTag, ValueError):
        return None


PLAIN = re.compile(rb'\{"\d+":[^{}\x00]{1,2000}\}')


def by_remains(loot: Loot) -> Guess:
    """Ballots in the clear in free pages, dead rows and the log of the database, under a person or in their order."""
    guess, nameless = nothing(loot), []
    for match in itertools.chain(*(PLAIN.findall(content) for content in loot.files)):
        content = decoded(match) or {}
        row = {f"q{number}": one for number, one in content.items() if number}
        if 0 in content:
            guess[content[0]] = vector(row)
        elif len(row) >= 3:
            nameless.append(row)
    return {**guess, **matched(nameless, loot)} if nameless else guess


def by_views(loot: Loot) -> Guess:
    """What could be seen after each person, minus what could be seen before."""
    guess = nothing(loot)
    for (_, before), (person, after) in itertools.pairwise(loot.watched):
        if before != after:
            guess[person] = vector({key: _difference(before.get(key), after[key]) for key in after})
    return guess


def _difference(before: Any, after: Any) -> Any:
    """Of sums a number; of counts the options that were chosen once more."""
    return after - (before or 0) if isinstance(after, int) else sorted(Counter(after) - Counter(before or {}))


def who_answered_by_reminders(loot: Loot) -> Guess:
    """Whoever got no reminder has answered."""
    people = {row["id"]: row["person_id"] for row in loot.closed.get("address", [])}
    states = {
        people[row["address_id"]]: row["state"]
        for row in loot.closed.get("delivery", [])
        if row["kind"] == "feedback" and row["slot"]
    }
    return {person: states.get(person, "superseded") != "sent" for person in loot.asked}


def who_answered_by_last_message(loot: Loot) -> Guess:
    """Whoever was last written to at the time of the reminders had not answered."""
    last = {row["person_id"]: moment_of(row["free_at"]) for row in loot.closed.get("address", [])}
    ended = max((done for _, done in loot.spans.values()), default=None)
    return {person: not ((at := last.get(person)) and ended and at > ended) for person in loot.asked}


def who_wrote_by_log(loot: Loot) -> Guess:
    """A line about a message, while somebody was answering."""
    lines = re.findall(r"timestamp='([^']+)'.*event='update'.*route='(?:message|text [^']*)'", loot.log)
    return _inside([datetime.fromisoformat(one) for one in lines], loot.walls)


def who_wrote_by_last_message(loot: Loot) -> Guess:
    """Only messages, not taps, move the moment from which a chat takes another."""
    last = {row["person_id"]: moment_of(row["free_at"]) for row in loot.backup.get("address", [])}
    return {person: (at := last.get(person)) is not None and at >= begun for person, (begun, _) in loot.spans.items()}


def who_wrote_by_updates(loot: Loot) -> Guess:
    """Whoever wrote has sent more updates than others: those seen while they were answering."""
    seen = [moment for row in loot.backup.get("seen_update", []) if (moment := moment_of(row["seen_at"]))]
    counts = {person: sum(begun <= one <= done for one in seen) for person, (begun, done) in loot.spans.items()}
    usual = min(counts.values(), default=0)
    return {person: count > usual for person, count in counts.items()}


def _inside(moments: list[datetime], spans: dict[int, tuple[datetime, datetime]]) -> Guess:
    return {person: any(begun <= moment <= done for moment in moments) for person, (begun, done) in spans.items()}


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
    Attack("who wrote: log lines", "wrote", who_wrote_by_log, "inbox"),
    Attack("who wrote: a chat's last message", "wrote", who_wrote_by_last_message, "inbox"),
    Attack("who wrote: updates seen", "wrote", who_wrote_by_updates, "inbox"),
)
