"""choices are checked

SQLite cannot add a constraint to a table: each table is written anew, which is only safe while foreign keys are not
enforced (`bot.db.rewriting`). Dropping the old table would otherwise delete what refers to its rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_01"
down_revision = "20261122_05"
branch_labels = None
depends_on = None

ROLES = ("coordinator", "manager", "administrator")
SENDING = ("due", "sending", "sent", "failed", "expired", "cancelled", "superseded", "unknown")
WAYS = ("on_site", "remote", "no")
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "person": {"reach": ("unclaimed", "reachable", "blocked", "deactivated")},
    "link": {"kind": ("join", "claim", "role"), "role": ROLES},
    "role": {"kind": ROLES},
    "delivery": {"state": SENDING},
    "meeting": {"mode": ("on_site", "remote", "hybrid"), "state": ("announced", "cancelled", "held")},
    "subscription": {"rhythm": ("monthly", "quarterly", "never")},
    "attendance": {"attended": WAYS},
    "invitation": {"source": ("roster", "guest"), "answer": WAYS},
    "pool": {"kind": ("answers", "texts")},
    "run": {"state": ("planned", "open", "closed", "preview")},
    "figure": {"withheld": ("few", "spread", "agree")},
}


def upgrade() -> None:
    _refuse_with_foreign_keys()
    for table, columns in CHOICES.items():
        with op.batch_alter_table(table) as batch_op:
            for column, choices in columns.items():
                listed = ", ".join(f"'{choice}'" for choice in choices)
                batch_op.create_check_constraint(op.f(f"ck_{table}_{column}"), sa.text(f"{column} IN ({listed})"))


def downgrade() -> None:
    _refuse_with_foreign_keys()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, columns in CHOICES.items():
        # On SQLite a table that is written anew loses its CHECK constraints, because they are not reflected.
        with op.batch_alter_table(table, recreate="always" if is_sqlite else "never") as batch_op:
            for column in columns if not is_sqlite else ():
                batch_op.drop_constraint(op.f(f"ck_{table}_{column}"), type_="check")


def _refuse_with_foreign_keys() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite" and connection.scalar(sa.text("PRAGMA foreign_keys")):
        raise RuntimeError("foreign keys must not be enforced while tables are written anew")
