"""key names are stored"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_01"
down_revision = "20261130_02"
branch_labels = None
depends_on = None

TABLES = ("run", "pool")


def upgrade() -> None:
    """Runs and pools of before keep the names of their key files, which were made of the id."""
    for name in TABLES:
        op.add_column(name, sa.Column("key", sa.String(length=24), nullable=False, server_default=""))
        table = sa.table(name, sa.column("id", sa.Integer), sa.column("key", sa.String))
        op.execute(table.update().values(key=sa.literal(f"{name}-") + sa.cast(table.c.id, sa.String)))
        op.create_index(op.f(f"ix_{name}_key"), name, ["key"], unique=True)


def downgrade() -> None:
    for name in TABLES:
        op.drop_index(op.f(f"ix_{name}_key"), table_name=name)
        op.drop_column(name, "key")
