"""messages are found by their subject"""

from alembic import op

revision = "20261201_02"
down_revision = "20261201_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_message_kind_subject"), "message", ["kind", "subject"])


def downgrade() -> None:
    op.drop_index(op.f("ix_message_kind_subject"), table_name="message")
