"""The first tables."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "records_0001"
down_revision = None
branch_labels = ("records",)
depends_on = "engine_0001"

_BOOKED = sa.text("cancelled_at IS NULL AND instance_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "records_balance",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("granted_days", engine.db.JsonText(), nullable=False),
        sa.Column("changed_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_balance")),
        sa.UniqueConstraint(
            "person_key", "kind", "year", name=op.f("uq_records_balance_person_key_kind_year")
        ),
    )
    op.create_table(
        "records_absence",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("half_first", sa.Boolean(), nullable=False),
        sa.Column("half_last", sa.Boolean(), nullable=False),
        sa.Column("days", engine.db.JsonText(), nullable=False),
        sa.Column("days_by_year", engine.db.JsonText(), nullable=False),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.Column("booking", sa.String(length=64), nullable=False),
        sa.Column("booked_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("booked_by", sa.String(length=64), nullable=False),
        sa.Column("cancelled_at", engine.db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_absence")),
    )
    with op.batch_alter_table("records_absence", schema=None) as batch_op:
        batch_op.create_index(
            "ix_records_absence_instance_booking",
            ["instance_id", "booking"],
            unique=True,
            sqlite_where=_BOOKED,
            postgresql_where=_BOOKED,
        )
        batch_op.create_index(batch_op.f("ix_records_absence_last_on"), ["last_on"], unique=False)
        batch_op.create_index("ix_records_absence_person_first", ["person_key", "first_on"], unique=False)

    op.create_table(
        "records_score",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", engine.db.JsonText(), nullable=False),
        sa.Column("parts", engine.db.JsonText(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("published_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.Column("appeal_until", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("appealed_at", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("appeal_instance_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_score")),
        sa.UniqueConstraint(
            "person_key",
            "kind",
            "reference",
            "version",
            name=op.f("uq_records_score_person_key_kind_reference_version"),
        ),
    )
    op.create_table(
        "records_note",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("fields", engine.db.JsonText(), nullable=False),
        sa.Column("written_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=64), nullable=False),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_note")),
    )
    with op.batch_alter_table("records_note", schema=None) as batch_op:
        batch_op.create_index("ix_records_note_person_noted", ["person_key", "noted_on"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("records_note", schema=None) as batch_op:
        batch_op.drop_index("ix_records_note_person_noted")

    op.drop_table("records_note")
    op.drop_table("records_score")
    with op.batch_alter_table("records_absence", schema=None) as batch_op:
        batch_op.drop_index("ix_records_absence_person_first")
        batch_op.drop_index(batch_op.f("ix_records_absence_last_on"))
        batch_op.drop_index(
            "ix_records_absence_instance_booking", sqlite_where=_BOOKED, postgresql_where=_BOOKED
        )

    op.drop_table("records_absence")
    op.drop_table("records_balance")
