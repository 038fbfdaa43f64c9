"""messages about forms are cleared"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_06"
down_revision = "20261201_05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replaced_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_replaced_message_address_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replaced_message")),
        sa.UniqueConstraint("address_id", "message_id", name=op.f("uq_replaced_message_address_id_message_id")),
    )
    op.create_index("ix_replaced_message_subject", "replaced_message", ["subject"])


def downgrade() -> None:
    op.drop_table("replaced_message")
