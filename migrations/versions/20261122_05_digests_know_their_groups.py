"""digests know their groups; figures are found by their question"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261122_05"
down_revision = "20261122_04"
branch_labels = None
depends_on = None

DIGEST = sa.table(
    "digest",
    sa.column("id", sa.Integer),
    sa.column("person_id", sa.Integer),
    sa.column("planned_at", sa.DateTime(timezone=True)),
    sa.column("group_ids", sa.JSON(none_as_null=True)),
)
ROLE = sa.table(
    "role",
    sa.column("person_id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("workgroup_id", sa.Integer),
    sa.column("granted_at", sa.DateTime(timezone=True)),
    sa.column("revoked_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_ids", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("figure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_figure_question_id"), ["question_id"], unique=False)

    _of_what_their_makers_might_read()


def _of_what_their_makers_might_read() -> None:
    """What was chosen then is not known: a digest was of no more than its manager's roles reached."""
    held = sa.and_(
        ROLE.c.person_id == DIGEST.c.person_id,
        ROLE.c.kind.in_(["manager", "administrator"]),
        ROLE.c.granted_at <= DIGEST.c.planned_at,
        sa.or_(ROLE.c.revoked_at.is_(None), ROLE.c.revoked_at > DIGEST.c.planned_at),
    )
    reached: dict[int, set[Any]] = {}
    found = sa.select(DIGEST.c.id, ROLE.c.kind, ROLE.c.workgroup_id).join_from(DIGEST, ROLE, held)
    for digest_id, kind, group_id in op.get_bind().execute(found):
        if kind == "manager" or group_id is None:
            reached.setdefault(digest_id, set()).add(group_id)
    for digest_id, groups in reached.items():
        if None not in groups:
            op.execute(DIGEST.update().where(DIGEST.c.id == digest_id).values(group_ids=sorted(groups)))


def downgrade() -> None:
    with op.batch_alter_table("figure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_figure_question_id"))

    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.drop_column("group_ids")
