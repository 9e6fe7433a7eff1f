"""Reminders respect quiet hours; deadlines of whole processes."""

import sqlalchemy as sa
from alembic import op

import engine.db.base

revision = "engine_0013"
down_revision = "engine_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quiet_hours", sa.String(length=16), nullable=True))
    op.create_table(
        "process_deadline",
        sa.Column("instance_id", engine.db.base.Id(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("calendar", sa.String(length=64), nullable=True),
        sa.Column("warn", sa.String(length=64), nullable=False),
        sa.Column("due_at", engine.db.base.Instant(), nullable=True),
        sa.Column("warns_at", engine.db.base.Instant(), nullable=True),
        sa.Column("still_since", engine.db.base.Instant(), nullable=True),
        sa.Column("left_s", sa.Integer(), nullable=True),
        sa.Column("warned_at", engine.db.base.Instant(), nullable=True),
        sa.Column("overdue_at", engine.db.base.Instant(), nullable=True),
        sa.Column("ended_at", engine.db.base.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_process_deadline_instance_id")
        ),
        sa.PrimaryKeyConstraint("instance_id", "name", name=op.f("pk_process_deadline")),
    )


def downgrade() -> None:
    op.drop_table("process_deadline")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("quiet_hours")
