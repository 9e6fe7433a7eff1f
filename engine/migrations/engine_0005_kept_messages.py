"""Messages that are kept for whoever will wait for them."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "engine_0005"
down_revision = "engine_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("correlation", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("business_key", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("payload", engine.db.JsonText(), nullable=True))
        batch_op.add_column(sa.Column("expires_at", engine.db.Instant(timezone=True), nullable=True))
        batch_op.create_index("ix_inbound_message_state", ["state", "name"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.drop_index("ix_inbound_message_state")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("payload")
        batch_op.drop_column("business_key")
        batch_op.drop_column("correlation")
        batch_op.drop_column("name")
