"""runs store who was asked and who was present

Until now ``asked`` was the number of people present, for a form about a meeting. How many the form was sent to is known
only of runs whose deliveries are still there; they were deleted at closing. Of the others ``asked`` is not known.

Numbers of answers below the threshold, and of answers that could not be opened, are not stored any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_11"
down_revision = "20261201_10"
branch_labels = None
depends_on = None

OF_MEETINGS = """EXISTS (
    SELECT 1 FROM run r JOIN form_version v ON v.id = r.form_version_id
    WHERE r.workgroup_id = {table}.workgroup_id AND r.meeting_id IS NOT NULL
      AND v.form_id = (SELECT form_id FROM form_version WHERE id = {table}.form_version_id))"""
OF_SURVEYS = OF_MEETINGS.replace("IS NOT NULL", "IS NULL")


def upgrade() -> None:
    for table in ("run", "release", "pool"):
        _replace(table, "asked", sa.Integer())
        op.add_column(table, sa.Column("present", sa.Integer(), nullable=True))
    _replace("run", "answered", sa.Integer())
    op.add_column("run", sa.Column("counted_on", sa.Date(), nullable=True))
    op.add_column("run", sa.Column("at_least", sa.Integer(), nullable=False, server_default="0"))
    op.execute("ALTER TABLE run RENAME COLUMN unreadable TO old_unreadable")
    op.add_column("run", sa.Column("unreadable", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("invitation", sa.Column("sent", sa.Boolean(), nullable=False, server_default=sa.false()))
    _convert_runs()
    _convert_pools()
    _convert_releases()
    # Their deliveries went with their people, and they have been counted as invited so far.
    op.execute(sa.text("UPDATE invitation SET sent = :yes WHERE person_id IS NULL").bindparams(yes=True))
    for table, column in OLD:
        op.drop_column(table, f"old_{column}")


OLD = (("run", "asked"), ("run", "answered"), ("run", "unreadable"), ("release", "asked"), ("pool", "asked"))


def _replace(table: str, column: str, kind: sa.types.TypeEngine[int]) -> None:
    """Renames a column, and adds one of its name that may be null. SQLite could only do so by writing the table anew,
    which would lose its CHECK constraints."""
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO old_{column}")
    op.add_column(table, sa.Column(column, kind, nullable=True))


def _convert_runs() -> None:
    op.execute("UPDATE run SET asked = 0 WHERE state <> 'closed'")
    op.execute(
        "UPDATE run SET answered = old_answered WHERE state = 'closed' AND (old_answered >= threshold OR threshold = 1)"
    )
    op.execute("UPDATE run SET present = old_asked WHERE state = 'closed' AND meeting_id IS NOT NULL")
    op.execute("UPDATE run SET asked = old_asked WHERE state = 'closed' AND meeting_id IS NULL")
    arrived = """(
        SELECT COUNT(DISTINCT d.address_id) FROM delivery d WHERE d.kind = 'feedback' AND d.subject = run.id
        AND (d.state IN ('sent', 'unknown') OR d.ambiguous))"""
    op.execute(
        f"UPDATE run SET asked = CASE WHEN {arrived} > old_answered THEN {arrived} ELSE old_answered END"  # noqa: S608
        " WHERE state = 'closed' AND EXISTS (SELECT 1 FROM delivery WHERE kind = 'feedback' AND subject = run.id)"
    )
    op.execute(
        sa.text("UPDATE run SET unreadable = :yes WHERE state = 'closed' AND old_unreadable > 0").bindparams(yes=True)
    )


def _convert_pools() -> None:
    """A pool of both sorts of forms has neither number: its sum was of both."""
    meetings, surveys = OF_MEETINGS.format(table="pool"), OF_SURVEYS.format(table="pool")
    op.execute(f"UPDATE pool SET present = old_asked WHERE old_asked = 0 OR NOT {surveys}")  # noqa: S608
    op.execute(f"UPDATE pool SET asked = old_asked WHERE old_asked = 0 OR NOT {meetings}")  # noqa: S608


def _convert_releases() -> None:
    for table in ("run", "pool"):
        for column in ("asked", "present"):
            source = f"SELECT {column} FROM {table} WHERE {table}.id = release.{table}_id"  # noqa: S608
            op.execute(f"UPDATE release SET {column} = ({source}) WHERE {table}_id IS NOT NULL")  # noqa: S608


def downgrade() -> None:
    for table, columns in (("run", ("asked", "answered", "unreadable")), ("release", ("asked",)), ("pool", ("asked",))):
        for column in columns:
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO new_{column}")
            op.add_column(table, sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
        op.execute(f"UPDATE {table} SET asked = COALESCE(new_asked, present, 0)")  # noqa: S608
    op.execute("UPDATE run SET answered = COALESCE(new_answered, 0)")
    op.execute(sa.text("UPDATE run SET unreadable = 1 WHERE new_unreadable = :yes").bindparams(yes=True))
    for table, column in OLD:
        op.drop_column(table, f"new_{column}")
    for table, column in (
        ("run", "present"),
        ("release", "present"),
        ("pool", "present"),
        ("run", "counted_on"),
        ("run", "at_least"),
        ("invitation", "sent"),
    ):
        op.drop_column(table, column)
