"""The first table."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "personnel_0001"
down_revision = None
branch_labels = ("personnel",)
depends_on = "engine_0001"


def upgrade() -> None:
    op.create_table(
        "personnel_employment",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("post_key", sa.String(length=64), nullable=True),
        sa.Column("hired_on", sa.Date(), nullable=True),
        sa.Column("probation_until", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("leaving_reason", sa.String(length=64), nullable=True),
        sa.Column("leaving_by", sa.String(length=16), nullable=True),
        sa.Column("extension", sa.String(length=16), nullable=True),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.Column("changed_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personnel_employment")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_personnel_employment_instance_id")),
    )
    with op.batch_alter_table("personnel_employment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_personnel_employment_extension"), ["extension"], unique=False)
        batch_op.create_index(batch_op.f("ix_personnel_employment_person_key"), ["person_key"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_personnel_employment_probation_until"), ["probation_until"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("personnel_employment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_personnel_employment_probation_until"))
        batch_op.drop_index(batch_op.f("ix_personnel_employment_person_key"))
        batch_op.drop_index(batch_op.f("ix_personnel_employment_extension"))

    op.drop_table("personnel_employment")
