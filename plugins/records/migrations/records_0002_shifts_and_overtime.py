"""Shifts and overtime."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "records_0002"
down_revision = "records_0001"
branch_labels = None
depends_on = None

_OF_INSTANCE = sa.text("instance_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "records_shift",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("ends_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("changed_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_shift")),
    )
    with op.batch_alter_table("records_shift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_shift_day"), ["day"], unique=False)
        batch_op.create_index("ix_records_shift_person_day", ["person_key", "day"], unique=False)

    op.create_table(
        "records_shift_move",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("booking", sa.String(length=64), nullable=False),
        sa.Column("asked", engine.db.JsonText(), nullable=False),
        sa.Column("moved_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("moved_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_shift_move")),
        sa.UniqueConstraint("instance_id", "booking", name=op.f("uq_records_shift_move_instance_id_booking")),
    )
    op.create_table(
        "records_overtime",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("ends_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("hours", engine.db.JsonText(), nullable=False),
        sa.Column("day_kind", sa.String(length=16), nullable=False),
        sa.Column("rate", engine.db.JsonText(), nullable=False),
        sa.Column("compensation", sa.String(length=16), nullable=False),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.Column("booking", sa.String(length=64), nullable=False),
        sa.Column("booked_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("booked_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_overtime")),
    )
    with op.batch_alter_table("records_overtime", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_overtime_day"), ["day"], unique=False)
        batch_op.create_index(
            "ix_records_overtime_instance_booking",
            ["instance_id", "booking"],
            unique=True,
            sqlite_where=_OF_INSTANCE,
            postgresql_where=_OF_INSTANCE,
        )
        batch_op.create_index("ix_records_overtime_person_day", ["person_key", "day"], unique=False)


def downgrade() -> None:
    op.drop_table("records_overtime")
    op.drop_table("records_shift_move")
    op.drop_table("records_shift")
