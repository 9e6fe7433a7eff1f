"""What operators do: instances that are held."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "engine_0003"
down_revision = "engine_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("process_instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_at", engine.db.Instant(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("process_instance", schema=None) as batch_op:
        batch_op.drop_column("suspended_at")
