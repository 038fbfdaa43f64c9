"""pools count people"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_07"
down_revision = "20261201_06"
branch_labels = None
depends_on = None

EARLIEST = """
UPDATE pool SET oldest_on = coalesce(
    (SELECT date(min(run.closes_at)) FROM run
        JOIN form_version AS answered ON answered.id = run.form_version_id
        JOIN form_version AS newest ON newest.form_id = answered.form_id
        WHERE newest.id = pool.form_version_id AND run.workgroup_id = pool.workgroup_id
        AND run.state = 'closed' AND run.answered > 0 AND NOT run.named
        AND run.closes_at > coalesce(
            (SELECT max(before.opened_at) FROM pool AS before
                JOIN form_version AS opened ON opened.id = before.form_version_id
                WHERE opened.form_id = newest.form_id AND before.workgroup_id = pool.workgroup_id
                AND before.kind = pool.kind AND before.opened_at IS NOT NULL),
            run.opens_at)),
    CURRENT_DATE)
WHERE opened_at IS NULL
"""
"""The closing of the earliest run that a waiting pool can hold answers of: the first since the last pool was opened."""


def upgrade() -> None:
    op.add_column("pool", sa.Column("oldest_on", sa.Date(), nullable=True))
    op.add_column("pool", sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("pool", sa.Column("old_keys", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("release", sa.Column("people", sa.Integer(), nullable=True))
    op.execute(EARLIEST)
    # In a run each person answers once. How many people the answers of a pool are of was not counted.
    op.execute("UPDATE release SET people = answered WHERE run_id IS NOT NULL")


def downgrade() -> None:
    op.drop_column("release", "people")
    op.drop_column("pool", "old_keys")
    op.drop_column("pool", "destroyed_at")
    op.drop_column("pool", "oldest_on")
