"""The first table."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "dummy_0001"
down_revision = None
branch_labels = ("dummy",)
depends_on = "engine_0001"


def upgrade() -> None:
    op.create_table(
        "dummy_greeting",
        sa.Column("id", engine.db.Id(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("greeted_at", engine.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dummy_greeting")),
    )
    op.create_index(op.f("ix_dummy_greeting_name"), "dummy_greeting", ["name"])


def downgrade() -> None:
    op.drop_table("dummy_greeting")
