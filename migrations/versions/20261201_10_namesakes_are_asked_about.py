"""namesakes are asked about

Whoever stood on a roster and joined through the link under the same name, and whoever stood on two rosters with the same
name and address, was two people. Their coordinators find the questions with the group's members; nothing is sent.
"""

import re
import unicodedata
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "20261201_10"
down_revision = "20261201_09"
branch_labels = None
depends_on = None

PERSON = sa.table("person", *(sa.column(name) for name in ("id", "name", "contact", "telegram_id")))
MEMBERSHIP = sa.table("membership", *(sa.column(name) for name in ("person_id", "workgroup_id", "left_at")))
WORKGROUP = sa.table("workgroup", sa.column("id"), sa.column("archived_at"))
QUESTION = sa.table(
    "same_question",
    *(sa.column(name) for name in ("workgroup_id", "person_id", "line_id")),
    sa.column("asked_at", sa.DateTime(timezone=True)),
)


class Place(NamedTuple):
    """Somebody on a roster now."""

    group: int
    person: int
    is_line: bool
    addresses: frozenset[str]


def upgrade() -> None:
    now = datetime.now(UTC)
    rows = [{**pair, "asked_at": now} for pair in _pairs(_places())]
    if rows:
        op.execute(QUESTION.insert().values(rows))


def _places() -> dict[str, list[Place]]:
    """By name, in any case and order of its words."""
    wanted = (
        sa.select(
            MEMBERSHIP.c.workgroup_id, PERSON.c.id, PERSON.c.telegram_id.is_(None), PERSON.c.contact, PERSON.c.name
        )
        .join(MEMBERSHIP, MEMBERSHIP.c.person_id == PERSON.c.id)
        .join(WORKGROUP, WORKGROUP.c.id == MEMBERSHIP.c.workgroup_id)
        .where(MEMBERSHIP.c.left_at.is_(None), WORKGROUP.c.archived_at.is_(None))
        .order_by(MEMBERSHIP.c.workgroup_id, PERSON.c.id)
    )
    places: dict[str, list[Place]] = defaultdict(list)
    for group, person, is_line, contact, name in op.get_bind().execute(wanted):
        words = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", name).casefold()).split()
        addresses = re.findall(r"[^\s,;<>]+@[^\s,;<>]+|\d{5,}", re.sub(r"(?<=\d)[\s()-]+(?=\d)", "", contact or ""))
        known = frozenset(address.casefold() for address in addresses)
        places[" ".join(sorted(words))].append(Place(group, person, bool(is_line), known))
    return places


def _pairs(places: dict[str, list[Place]]) -> list[dict[str, Any]]:
    """The questions: of an account and a line of one group, and of a line and somebody with its address elsewhere."""
    pairs = {}
    for namesakes in places.values():
        for line in (place for place in namesakes if place.is_line):
            for other in namesakes:
                joined = other.group == line.group and not other.is_line
                listed = not other.addresses.isdisjoint(line.addresses) and (not other.is_line or other < line)
                if other.person != line.person and (joined or listed):
                    key = (line.group, other.person, line.person)
                    pairs[key] = {"workgroup_id": line.group, "person_id": other.person, "line_id": line.person}
    return list(pairs.values())


def downgrade() -> None:
    pass  # the questions go with their table
