"""The same answers kept as a careless program keeps them, so that each attack can show that it finds what is there."""

import hashlib
import json
from copy import deepcopy
from datetime import timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.anonymity import attacker_data as looting
from tests.anonymity.attacker_data import Loot, Row, Truth, Vector

TABLES = (
    "ballot (id {serial}, q1 INT, q2 INT, q3 INT, q4 TEXT, organisation TEXT, field TEXT, at {time}, seal {blob})",
    "open_answer (id {serial}, text TEXT)",
    "attendance (id {serial}, person_id INTEGER, marked_at {time})",
    "scratch (id {serial}, content TEXT)",
    "staged (person_id INTEGER, blob {blob})",
)
KEY = bytes(32)
KINDS = {
    "sqlite": {"serial": "INTEGER PRIMARY KEY", "time": "TEXT", "blob": "BLOB"},
    "postgresql": {"serial": "serial PRIMARY KEY", "time": "timestamptz", "blob": "bytea"},
}


async def kept(engine: AsyncEngine, real: Loot, truth: Truth) -> Loot:
    """What a careless program leaves of the same people: rows in the order of answering, beside the person's own."""
    kind = engine.dialect.name
    async with engine.begin() as connection:
        if kind == "sqlite":
            await connection.execute(text("PRAGMA secure_delete = OFF"))
        for table in TABLES:
            await connection.execute(text("CREATE TABLE " + table.format(**KINDS[kind])))
    for person in real.order:
        await _answered(engine, real, truth, person)
    found = Loot(kind, real.order, real.profiles, real.public, real.asked, real.spans, real.walls)
    found.backup = {**await looting.tables(engine), **_backup(real, truth)}
    for row in found.backup["staged"]:
        row["sealed"] = _sealed(truth.vectors[row["person_id"]])
    found.keys = [("run-1", KEY)]
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM scratch"))
        await connection.execute(text("DELETE FROM staged"))
    found.closed = {**await looting.tables(engine), **_closed(real, truth)}
    for row in found.closed["ballot"]:
        row["q4"] = json.loads(row["q4"])
    found.files = await looting.files(engine)
    found.log = "".join(_lines(real, truth))
    found.watched = list(_watched(real, truth))
    return found


async def _answered(engine: AsyncEngine, real: Loot, truth: Truth, person: int) -> None:
    """All of one person in one transaction."""
    vector, (organisation, field), at = truth.vectors[person], real.profiles[person], real.spans[person][1]
    content = {"0": person, **{str(number): one for number, one in enumerate(vector, 1)}}
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
    """Under a key that stays."""
    plain = json.dumps({str(number): one for number, one in enumerate(vector, 1)}).encode()
    return bytes(12) + AESGCM(KEY).encrypt(bytes(12), plain, b"run-1")


def _backup(real: Loot, truth: Truth) -> dict[str, list[Row]]:
    """Who wrote, by when each chat was last written to, and by how many updates each has sent."""
    free = [{"person_id": p, "free_at": real.spans[p][1] if p in truth.texts else None} for p in real.order]
    step = timedelta(milliseconds=1)
    seen = [{"seen_at": real.spans[p][0] + n * step} for p in real.order for n in range(7 if p in truth.texts else 6)]
    return {"address": free, "seen_update": seen}


def _closed(real: Loot, truth: Truth) -> dict[str, list[Row]]:
    """Reminders that were sent to those alone who had not answered."""
    later = max(done for _, done in real.spans.values()) + timedelta(days=2)
    address = [{"id": p, "person_id": p, "free_at": later if p in truth.silent else None} for p in real.asked]
    states = {True: "sent", False: "superseded"}
    sent = [
        {"address_id": p, "kind": "feedback", "slot": "again", "state": states[p in truth.silent]} for p in real.asked
    ]
    return {"address": address, "delivery": sent}


def _lines(real: Loot, truth: Truth) -> list[str]:
    return [
        f"timestamp='{real.walls[person][1].isoformat()}' level='info' event='update' update=1 route='{route}'\n"
        for person in real.order
        for route in (["tap rate", "message"] if person in truth.texts else ["tap rate"])
    ]


def _watched(real: Loot, truth: Truth) -> list[tuple[int, Row]]:
    """Figures that change with every answer."""
    sums: Row = {"q1": 0, "q2": 0, "q3": {}, "q4": {}}
    found: list[tuple[int, Row]] = [(0, deepcopy(sums))]
    for person in real.order:
        one, two, single, several = truth.vectors[person]
        sums["q1"] += one
        sums["q2"] += two
        for key, options in (("q3", [single]), ("q4", several)):
            for option in options:
                sums[key][option] = sums[key].get(option, 0) + 1
        found.append((person, deepcopy(sums)))
    return found
