"""recent refusals and failures"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_02"
down_revision = "20261130_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recent_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("refusal", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('done', 'refused', 'redelivered', 'failed')", name=op.f("ck_recent_update_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recent_update")),
    )


def downgrade() -> None:
    op.drop_table("recent_update")
