"""The first tables."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "http_0001"
down_revision = None
branch_labels = ("http",)
depends_on = "engine_0001"


def upgrade() -> None:
    op.create_table(
        "http_webhook",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", engine.db.JsonText(), nullable=False),
        sa.Column("process_key", sa.String(length=128), nullable=True),
        sa.Column("secret_name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_http_webhook")),
    )
    op.create_table(
        "http_delivery",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("webhook_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("job_id", engine.db.Id(as_uuid=False), nullable=True),
        sa.Column("try_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_params", engine.db.JsonText(), nullable=True),
        sa.Column("created_at", engine.db.Instant(timezone=True), nullable=False),
        sa.Column("tried_at", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("delivered_at", engine.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["http_webhook.id"], name=op.f("fk_http_delivery_webhook_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_http_delivery")),
    )
    with op.batch_alter_table("http_delivery", schema=None) as batch_op:
        batch_op.create_index("ix_http_delivery_state", ["state", "created_at"], unique=False)
        batch_op.create_index("ix_http_delivery_webhook", ["webhook_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("http_delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_http_delivery_webhook")
        batch_op.drop_index("ix_http_delivery_state")

    op.drop_table("http_delivery")
    op.drop_table("http_webhook")
