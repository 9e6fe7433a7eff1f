"""Answers by SMS that can be taken back."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "engine_0002"
down_revision = "engine_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_answer",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("task_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("data", engine.db.JsonText(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("answered_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("counts_at", engine.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_key"], ["person.key"], name=op.f("fk_task_answer_person_key_person")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name=op.f("fk_task_answer_task_id_user_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_answer")),
    )
    with op.batch_alter_table("task_answer", schema=None) as batch_op:
        batch_op.create_index("ix_task_answer_person", ["person_key", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_answer_task_id"), ["task_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("task_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_answer_task_id"))
        batch_op.drop_index("ix_task_answer_person")
    op.drop_table("task_answer")
