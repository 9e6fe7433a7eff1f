"""Answers by SMS count at once and are taken back by their step. One that was still held is answered anew."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "engine_0006"
down_revision = "engine_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE job SET state = 'done', error = 'withdrawn' WHERE kind = 'answer' AND state <> 'done'")
    op.execute("DELETE FROM task_answer WHERE verb <> 'on_it' OR state = 'undone'")
    with op.batch_alter_table("task_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_task_answer_person")
        for name in ("outcome", "data", "opinion", "state"):
            batch_op.drop_column(name)
        batch_op.alter_column("counts_at", new_column_name="until")
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("way_back", engine.db.JsonText(), nullable=True))
        batch_op.add_column(sa.Column("undone_at", engine.db.Instant(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_task_answer_person_key"), ["person_key"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM task_answer")
    with op.batch_alter_table("task_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_answer_person_key"))
        for name in ("undone_at", "way_back", "revision"):
            batch_op.drop_column(name)
        batch_op.alter_column("until", new_column_name="counts_at")
        batch_op.add_column(sa.Column("state", sa.String(length=16), nullable=False))
        batch_op.add_column(sa.Column("opinion", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("data", engine.db.JsonText(), nullable=True))
        batch_op.add_column(sa.Column("outcome", sa.String(length=64), nullable=True))
        batch_op.create_index("ix_task_answer_person", ["person_key", "state"], unique=False)
