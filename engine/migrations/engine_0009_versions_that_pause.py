"""A version of a process pauses: nothing begins in it."""

import sqlalchemy as sa
from alembic import op

import engine.db.base

revision = "engine_0009"
down_revision = "engine_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_at", engine.db.base.Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("process_definition", schema=None) as batch_op:
        batch_op.drop_column("suspended_at")
