"""An administrator sets who hears of what; people are told of what can wait in one message."""

import sqlalchemy as sa
from alembic import op

import engine.db.base

revision = "engine_0015"
down_revision = "engine_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_rule",
        sa.Column("process_key", sa.String(length=128), nullable=False),
        sa.Column("element_id", sa.String(length=255), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("notices", engine.db.base.JsonText(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("changed_at", engine.db.base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("process_key", "element_id", "event", name=op.f("pk_notice_rule")),
    )
    # Not in a batch: that would make the tables anew, and others refer to them.
    op.add_column("person", sa.Column("digest", sa.String(length=8), nullable=True))
    op.add_column("notification", sa.Column("digest_id", engine.db.base.Id(), nullable=True))
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notification_digest_id"), ["digest_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notification_digest_id"))
        batch_op.drop_column("digest_id")
    op.drop_column("person", "digest")
    op.drop_table("notice_rule")
