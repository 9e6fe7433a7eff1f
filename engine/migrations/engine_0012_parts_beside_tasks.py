"""A task can be lent, people have a part in an instance beside its tasks, and hand in for others."""

import sqlalchemy as sa
from alembic import op

import engine.db.base

revision = "engine_0012"
down_revision = "engine_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner", sa.String(length=64), nullable=True))
    # Not in a batch: that would make the table anew, and others refer to it.
    op.add_column("process_instance", sa.Column("submitter", sa.String(length=64), nullable=True))
    op.add_column(
        "process_instance", sa.Column("followed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    with op.batch_alter_table("task_action", schema=None) as batch_op:
        batch_op.alter_column("task_id", existing_type=engine.db.base.Id(), nullable=True)
        batch_op.alter_column("element_id", existing_type=sa.String(length=255), nullable=True)
    op.create_table(
        "involvement",
        sa.Column("id", engine.db.base.Id(), nullable=False),
        sa.Column("instance_id", engine.db.base.Id(), nullable=False),
        sa.Column("task_id", engine.db.base.Id(), nullable=True),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("at", engine.db.base.Instant(), nullable=False),
        sa.Column("read_at", engine.db.base.Instant(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("ended_at", engine.db.base.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_involvement_instance_id")
        ),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_involvement_person_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_involvement")),
    )
    with op.batch_alter_table("involvement", schema=None) as batch_op:
        batch_op.create_index("ix_involvement_person", ["person_key", "kind", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_involvement_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_involvement_task_id"), ["task_id"], unique=False)


def downgrade() -> None:
    op.drop_table("involvement")
    with op.batch_alter_table("task_action", schema=None) as batch_op:
        batch_op.alter_column("element_id", existing_type=sa.String(length=255), nullable=False)
        batch_op.alter_column("task_id", existing_type=engine.db.base.Id(), nullable=False)
    op.drop_column("process_instance", "followed")
    op.drop_column("process_instance", "submitter")
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.drop_column("owner")
