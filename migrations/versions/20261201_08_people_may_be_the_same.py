"""people may be the same

Personal links get the group to whose place they belong: until now a line stood on one roster alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_08"
down_revision = "20261201_07"
branch_labels = None
depends_on = None

LINK = sa.table("link", *(sa.column(name) for name in ("kind", "person_id", "workgroup_id", "closed_at")))
MEMBERSHIP = sa.table("membership", *(sa.column(name) for name in ("person_id", "workgroup_id", "left_at")))


def upgrade() -> None:
    op.create_table(
        "same_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workgroup_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["person.id"], name=op.f("fk_same_question_asked_by_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_same_question_decided_by_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["person.id"], name=op.f("fk_same_question_line_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_same_question_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workgroup_id"], ["workgroup.id"], name=op.f("fk_same_question_workgroup_id_workgroup")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_question")),
        sa.UniqueConstraint(
            "workgroup_id", "person_id", "line_id", name=op.f("uq_same_question_workgroup_id_person_id_line_id")
        ),
    )
    op.create_index(op.f("ix_same_question_line_id"), "same_question", ["line_id"])
    op.create_index(op.f("ix_same_question_person_id"), "same_question", ["person_id"])
    group = sa.select(sa.func.min(MEMBERSHIP.c.workgroup_id)).where(
        MEMBERSHIP.c.person_id == LINK.c.person_id, MEMBERSHIP.c.left_at.is_(None)
    )
    unused = LINK.c.kind == "claim", LINK.c.closed_at.is_(None)
    op.execute(LINK.update().where(*unused).values(workgroup_id=group.scalar_subquery()))


def downgrade() -> None:
    op.execute(LINK.update().where(LINK.c.kind == "claim").values(workgroup_id=None))
    op.drop_table("same_question")
