"""organisations are named

What rosters said of an organisation stood in the column of what people choose in their settings.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_09"
down_revision = "20261201_08"
branch_labels = None
depends_on = None

KINDS = ("municipality", "county", "ngo", "company", "school", "other")
PERSON = sa.table("person", sa.column("organisation"), sa.column("organisation_name"))


def upgrade() -> None:
    op.create_table(
        "organisation_name",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(length=24), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"organisation IN ({', '.join(repr(kind) for kind in KINDS)})",
            name=op.f("ck_organisation_name_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_organisation_name_decided_by_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_organisation_name")),
    )
    op.add_column("person", sa.Column("organisation_name", sa.String(), nullable=True))
    written = PERSON.update().where(PERSON.c.organisation.not_in(KINDS))
    op.execute(written.values(organisation_name=PERSON.c.organisation, organisation=None))


def downgrade() -> None:
    op.execute(PERSON.update().where(PERSON.c.organisation == "untold").values(organisation=None))
    unknown = PERSON.update().where(PERSON.c.organisation.is_(None))
    op.execute(unknown.values(organisation=PERSON.c.organisation_name))
    op.drop_column("person", "organisation_name")
    op.drop_table("organisation_name")
