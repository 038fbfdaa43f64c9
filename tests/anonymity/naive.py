"""Stores the same answers carelessly, to prove that each attack works where the data allow it."""

import hashlib
import json
from copy import deepcopy
from datetime import timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.anonymity import attacker_data
from tests.anonymity.attacker_data import LeakedData, Row, Truth, Vector
from tests.anonymity.chats import Words

TABLES = (
    "ballot (id {serial}, q1 INT, q2 INT, q3 INT, q4 TEXT, organisation TEXT, field TEXT, at {time}, seal {blob})",
    "open_answer (id {serial}, text TEXT)",
    "attendance (id {serial}, person_id INTEGER, marked_at {time})",
    "scratch (id {serial}, content TEXT)",
    "staged (person_id INTEGER, blob {blob})",
    "participation (run_id INTEGER, person_id INTEGER, finished BOOLEAN)",
)
KEY = bytes(32)
KINDS = {
    "sqlite": {"serial": "INTEGER PRIMARY KEY", "time": "TEXT", "blob": "BLOB"},
    "postgresql": {"serial": "serial PRIMARY KEY", "time": "timestamptz", "blob": "bytea"},
}


async def store_carelessly(engine: AsyncEngine, real: LeakedData, truth: Truth) -> LeakedData:
    """Stores the answers in the order of answering; returns the data that an attacker would get."""
    kind = engine.dialect.name
    async with engine.begin() as connection:
        if kind == "sqlite":
            await connection.execute(text("PRAGMA secure_delete = OFF"))
        for table in TABLES:
            await connection.execute(text("CREATE TABLE " + table.format(**KINDS[kind])))
    async with engine.begin() as connection:
        asked = [{"person": person, "finished": person in truth.vectors} for person in real.asked]
        await connection.execute(text("INSERT INTO participation VALUES (1, :person, :finished)"), asked)
    for person in real.order:
        await _answered(engine, real, truth, person)
    leaked = LeakedData(kind, real.order, real.profiles, real.public, real.asked, real.spans, real.walls)
    leaked.backup = {**await attacker_data.tables(engine), **_backup(real, truth)}
    for row in leaked.backup["staged"]:
        row["sealed"] = _sealed(truth.vectors[row["person_id"]])
    leaked.keys = [("run-1", KEY)]
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM scratch"))
        await connection.execute(text("DELETE FROM staged"))
        await connection.execute(text("DELETE FROM participation"))
    leaked.closed = {**await attacker_data.tables(engine), **_closed(real, truth)}
    for row in leaked.closed["ballot"]:
        row["q4"] = json.loads(row["q4"])
    leaked.files = await attacker_data.files(engine)
    leaked.log = "".join(_lines(real, truth))
    leaked.watched = list(_watched(real, truth))
    leaked.chats = {person: _chat(truth, person) for person in real.order}
    return leaked


async def _answered(engine: AsyncEngine, real: LeakedData, truth: Truth, person: int) -> None:
    """Stores one person's answers in one transaction."""
    vector, (organisation, field), at = truth.vectors[person], real.profiles[person], real.spans[person][1]
    content = {"0": person, **{str(number): choice for number, choice in enumerate(vector, 1)}}
    plain = json.dumps(content, separators=(",", ":"))
    blob = hashlib.sha256(repr(vector).encode()).digest() + truth.texts.get(person, "").encode()
    moment = str(at) if engine.dialect.name == "sqlite" else at
    async with engine.begin() as connection:
        ballot = (
            "INSERT INTO ballot (q1, q2, q3, q4, organisation, field, at, seal) "
            "VALUES (:a, :b, :c, :d, :o, :f, :at, :seal)"
        )
        a, b, c, d = vector
        values = {"a": a, "b": b, "c": c, "d": json.dumps(d), "o": organisation, "f": field, "at": moment, "seal": blob}
        await connection.execute(text(ballot), values)
        attended = "INSERT INTO attendance (person_id, marked_at) VALUES (:p, :at)"
        await connection.execute(text(attended), {"p": person, "at": moment})
        await connection.execute(text("INSERT INTO scratch (content) VALUES (:c)"), {"c": plain})
        await connection.execute(text("INSERT INTO staged (person_id, blob) VALUES (:p, :b)"), {"p": person, "b": blob})
        typed = {"t": truth.texts.get(person, "")}
        await connection.execute(text("INSERT INTO open_answer (text) VALUES (:t)"), typed)


def _sealed(vector: Vector) -> bytes:
    """Encrypts the choices with a key that is never destroyed."""
    plain = json.dumps({str(number): choice for number, choice in enumerate(vector, 1)}).encode()
    return bytes(12) + AESGCM(KEY).encrypt(bytes(12), plain, b"run-1")


def _backup(real: LeakedData, truth: Truth) -> dict[str, list[Row]]:
    """Returns rows whose times and number of updates show who wrote a text."""
    free = [{"person_id": p, "free_at": real.spans[p][1] if p in truth.texts else None} for p in real.order]
    step = timedelta(milliseconds=1)
    seen = [{"seen_at": real.spans[p][0] + n * step} for p in real.order for n in range(7 if p in truth.texts else 6)]
    return {"address": free, "seen_update": seen}


def _closed(real: LeakedData, truth: Truth) -> dict[str, list[Row]]:
    """Returns deliveries of reminders that only people without an answer got."""
    later = max(done for _, done in real.spans.values()) + timedelta(days=2)
    address = [{"id": p, "person_id": p, "free_at": later if p in truth.silent else None} for p in real.asked]
    states = {True: "sent", False: "superseded"}
    sent = [
        {"address_id": p, "kind": "feedback", "slot": "again", "state": states[p in truth.silent]} for p in real.asked
    ]
    return {"address": address, "delivery": sent}


def _lines(real: LeakedData, truth: Truth) -> list[str]:
    return [
        f"timestamp='{real.walls[person][1].isoformat()}' level='info' event='update' update=1 route='{route}'\n"
        for person in real.order
        for route in (["tap rate", "message"] if person in truth.texts else ["tap rate"])
    ]


def _chat(truth: Truth, person: int) -> list[Words]:
    """Returns a summary that nobody has replaced, and the typed message."""
    first, second, third, several = truth.vectors[person]
    values = [first, second, third, *several]
    summary = "\n".join(f"{number}. Väite – {value}" for number, value in enumerate(values, 1))
    typed = [Words(2, truth.texts[person], is_typed=True)] if person in truth.texts else []
    return [Words(1, summary, is_typed=False), *typed]


def _watched(real: LeakedData, truth: Truth) -> list[tuple[int, Row]]:
    """Returns figures that change after every person, unlike Koolla's."""
    sums: Row = {"q1": 0, "q2": 0, "q3": {}, "q4": {}}
    watched: list[tuple[int, Row]] = [(0, deepcopy(sums))]
    for person in real.order:
        first, second, single, several = truth.vectors[person]
        sums["q1"] += first
        sums["q2"] += second
        for key, options in (("q3", [single]), ("q4", several)):
            for option in options:
                sums[key][option] = sums[key].get(option, 0) + 1
        watched.append((person, deepcopy(sums)))
    return watched
