"""forms of all kinds"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_03"
down_revision = "20261122_02"
branch_labels = None
depends_on = None


def _refer(table: str, name: str, to: str) -> None:
    """A reference as part of its column: on SQLite a constraint of its own would write the whole table anew."""
    column = sa.Column(name, sa.Integer(), sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}")), nullable=True)
    op.add_column(table, column, inline_references=op.get_bind().dialect.name == "sqlite")


def upgrade() -> None:
    op.create_table(
        "theme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workgroup_id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["workgroup_id"], ["workgroup.id"], name=op.f("fk_theme_workgroup_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
        sa.UniqueConstraint("workgroup_id", "identity", "name", name=op.f("uq_theme_workgroup_id_identity_name")),
    )
    op.create_table(
        "group_form",
        sa.Column("workgroup_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_group_form_form_id")),
        sa.ForeignKeyConstraint(["workgroup_id"], ["workgroup.id"], name=op.f("fk_group_form_workgroup_id")),
        sa.PrimaryKeyConstraint("workgroup_id", name=op.f("pk_group_form")),
    )
    op.create_table(
        "named_answer",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ballot", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_named_answer_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_named_answer_run_id")),
        sa.PrimaryKeyConstraint("run_id", "person_id", name=op.f("pk_named_answer")),
    )
    op.create_table(
        "option",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_option_question_id")),
        sa.PrimaryKeyConstraint("question_id", "number", name=op.f("pk_option")),
    )
    op.create_table(
        "cell",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("backgrounds", sa.JSON(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_cell_question_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_cell_release_id")),
        sa.PrimaryKeyConstraint("release_id", "question_id", "number", name=op.f("pk_cell")),
    )
    op.create_table(
        "cell_figure",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("background_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_cell_figure_question_id")),
        sa.ForeignKeyConstraint(
            ["release_id", "background_id", "number"],
            ["cell.release_id", "cell.question_id", "cell.number"],
            name="fk_cell_figure_cell",
        ),
        sa.PrimaryKeyConstraint("release_id", "background_id", "number", "question_id", name=op.f("pk_cell_figure")),
    )
    op.create_table(
        "mention",
        sa.Column("theme_id", sa.Integer(), nullable=False),
        sa.Column("open_answer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["open_answer_id"], ["open_answer.id"], name=op.f("fk_mention_open_answer_id")),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name=op.f("fk_mention_theme_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("theme_id", "open_answer_id", name=op.f("pk_mention")),
    )
    no = sa.false()
    _refer("form", "workgroup_id", "workgroup")
    op.add_column("form", sa.Column("name", sa.String(), nullable=True))
    op.add_column("form", sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("form", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_form_workgroup_id"), "form", ["workgroup_id"])
    op.add_column("form_version", sa.Column("named", sa.Boolean(), nullable=False, server_default=no))
    _refer("meeting", "form_id", "form")
    op.add_column("open_answer", sa.Column("highlighted", sa.Boolean(), nullable=False, server_default=no))
    for name in ("text", "low_name", "high_name"):
        op.add_column("question", sa.Column(name, sa.String(), nullable=True))
    for name in ("dont_know", "other", "required"):
        op.add_column("question", sa.Column(name, sa.Boolean(), nullable=False, server_default=no))
    op.add_column("question", sa.Column("background", sa.String(length=24), nullable=True))
    op.create_index(op.f("ix_question_identity"), "question", ["identity"])
    op.add_column("run", sa.Column("named", sa.Boolean(), nullable=False, server_default=no))
    op.add_column("run", sa.Column("reminders", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_index(op.f("ix_question_identity"), "question")
    op.drop_index(op.f("ix_form_workgroup_id"), "form")
    for table, columns in (
        ("run", ("reminders", "named")),
        ("question", ("background", "required", "other", "dont_know", "high_name", "low_name", "text")),
        ("open_answer", ("highlighted",)),
        ("meeting", ("form_id",)),
        ("form_version", ("named",)),
        ("form", ("archived_at", "created_at", "name", "workgroup_id")),
    ):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)

    op.drop_table("mention")
    op.drop_table("cell_figure")
    op.drop_table("cell")
    op.drop_table("option")
    op.drop_table("named_answer")
    op.drop_table("group_form")
    op.drop_table("theme")
