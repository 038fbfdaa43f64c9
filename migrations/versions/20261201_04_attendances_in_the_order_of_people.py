"""attendances in the order of people"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_04"
down_revision = "20261201_03"
branch_labels = None
depends_on = None

attendance = sa.table(
    "attendance", *(sa.column(name) for name in ("id", "meeting_id", "person_id", "attended", "own_word", "marked_at"))
)
run = sa.table("run", sa.column("meeting_id"), sa.column("state"))
CLOSED = sa.select(run.c.meeting_id).where(run.c.state == "closed", run.c.meeting_id.is_not(None))


def upgrade() -> None:
    """Puts attendances of closed forms in the order of the people's ids. Until now they were in random order, which
    nobody can check. The rows keep the same ids, given out anew."""
    connection = op.get_bind()
    of_closed = attendance.c.meeting_id.in_(CLOSED)
    wanted = sa.select(attendance).where(of_closed).order_by(attendance.c.meeting_id, attendance.c.person_id)
    rows = [dict(row) for row in connection.execute(wanted).mappings()]
    connection.execute(sa.delete(attendance).where(of_closed))
    ids = sorted(row["id"] for row in rows)
    if rows:
        connection.execute(sa.insert(attendance), [{**row, "id": id_} for row, id_ in zip(rows, ids, strict=True)])


def downgrade() -> None:
    pass  # the earlier program reads rows in any order
