"""no statistics of who answers

PostgreSQL's planner keeps up to a hundred values of each column, also after their rows are gone: in small tables those
of all rows. Setting the type of a column again removes what it has.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_05"
down_revision = "20261201_04"
branch_labels = None
depends_on = None

TABLES = ("staged", "participation", "draft")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.alter_column(table, "person_id", type_=sa.Integer(), existing_nullable=False)
            op.execute(f"ALTER TABLE {table} ALTER COLUMN person_id SET STATISTICS 0")
    op.create_index(op.f("ix_audit_action"), "audit", ["action"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_action"), table_name="audit")
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN person_id SET STATISTICS -1")
