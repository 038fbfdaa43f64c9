"""digests to choose replies snapshots"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_04"
down_revision = "20261122_03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("year", "fingerprint", name=op.f("uq_snapshot_year_fingerprint")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=True),
        sa.Column("group_ids", sa.JSON(), nullable=True),
        sa.Column("rhythm", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_subscription_address_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_subscription_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index("uq_subscription_place", ["person_id", "address_id"], unique=True)
        batch_op.create_index(
            "uq_subscription_private",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("address_id IS NULL"),
            postgresql_where=sa.text("address_id IS NULL"),
        )

    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workgroup_id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_reply_created_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_reply_meeting_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_reply_question_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_reply_release_id")),
        sa.ForeignKeyConstraint(["workgroup_id"], ["workgroup.id"], name=op.f("fk_reply_workgroup_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("release_id", "question_id", name=op.f("uq_reply_release_id_question_id")),
    )
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reply_workgroup_id"), ["workgroup_id"], unique=False)

    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.add_column(sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
        batch_op.drop_constraint(batch_op.f("uq_digest_person_id_month"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_digest_person_id_place_month"), ["person_id", "place", "month"]
        )


def downgrade() -> None:
    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_digest_person_id_place_month"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_digest_person_id_month"), ["person_id", "month"])
        batch_op.drop_column("place")

    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reply_workgroup_id"))

    op.drop_table("reply")
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_subscription_private",
            sqlite_where=sa.text("address_id IS NULL"),
            postgresql_where=sa.text("address_id IS NULL"),
        )
        batch_op.drop_index("uq_subscription_place")

    op.drop_table("subscription")
    op.drop_table("snapshot")
