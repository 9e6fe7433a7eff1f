"""Several people are asked at a step, and somebody decides in somebody's place."""

import sqlalchemy as sa
from alembic import op

import engine.db.base

revision = "engine_0010"
down_revision = "engine_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_id", engine.db.base.Id(), nullable=True))
        batch_op.create_index(batch_op.f("ix_user_task_visit_id"), ["visit_id"], unique=False)
    op.create_table(
        "person_cover",
        sa.Column("id", engine.db.base.Id(), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("cover_key", sa.String(length=64), nullable=False),
        sa.Column("valid_from", engine.db.base.Instant(), nullable=False),
        sa.Column("valid_to", engine.db.base.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["cover_key"], ["person.key"], name=op.f("fk_person_cover_cover_key")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_person_cover_person_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_cover")),
    )
    with op.batch_alter_table("person_cover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_cover_cover_key"), ["cover_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_cover_person_key"), ["person_key"], unique=False)
    op.create_table(
        "task_action",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("instance_id", engine.db.base.Id(), nullable=False),
        sa.Column("task_id", engine.db.base.Id(), nullable=False),
        sa.Column("element_id", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=255), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("at", engine.db.base.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_task_action_instance_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_task_action")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("task_action", schema=None) as batch_op:
        batch_op.create_index("ix_task_action_instance", ["instance_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_action_task_id"), ["task_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_action_actor"), ["actor"], unique=False)


def downgrade() -> None:
    op.drop_table("task_action")
    op.drop_table("person_cover")
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_task_visit_id"))
        batch_op.drop_column("visit_id")
