"""delivery errors are of kinds"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_01"
down_revision = "20261123_01"
branch_labels = None
depends_on = None

DELIVERY = sa.table("delivery", sa.column("error", sa.String), sa.column("error_kind", sa.String))

KINDS = (
    ("dropped by the operator", "dropped"),
    ("blocked", "blocked"),
    ("deactivated", "deactivated"),
    ("unclaimed", "unclaimed"),
    ("forbidden:%deactivated%", "deactivated"),
    ("forbidden:%", "blocked"),
    ("retryafter:%", "rate-limited"),
    ("chatmigrated:%", "chat-migrated"),
    ("invalidtoken:%", "invalid-token"),
    ("badrequest:%not modified%", "not-modified"),
    ("badrequest:%chat not found%", "chat-closed"),
    ("badrequest:%rights%", "chat-closed"),
    ("badrequest:%write_forbidden%", "chat-closed"),
    ("badrequest:%deactivated%", "chat-closed"),
    ("badrequest:%chat_admin_required%", "chat-closed"),
    ("badrequest:%chat_restricted%", "chat-closed"),
    ("badrequest:%", "bad-request"),
    ("notsenterror:%", "not-sent"),
    ("timedout:%", "timed-out"),
    ("networkerror:%", "network"),
)
"""LIKE patterns of the errors written so far, in lower case, each with its kind; the first match counts."""


def upgrade() -> None:
    op.add_column("delivery", sa.Column("error_kind", sa.String(length=24), nullable=True))

    words = sa.func.lower(DELIVERY.c.error)
    kind = sa.case(*((words.like(pattern), kind) for pattern, kind in KINDS), else_="program-fault")
    op.execute(DELIVERY.update().where(DELIVERY.c.error.is_not(None)).values(error_kind=kind))


def downgrade() -> None:
    op.drop_column("delivery", "error_kind")
