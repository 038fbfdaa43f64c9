"""names of telegram profiles

Nobody knows whether a name that is stored is still that of the Telegram account, so the column is empty at first.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_03"
down_revision = "20261201_02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("profile_name", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "profile_name")
