"""What waits for a person is found in its order, however much has ended."""

import sqlalchemy as sa
from alembic import op

revision = "engine_0008"
down_revision = "engine_0007"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('open', 'claimed')")


def upgrade() -> None:
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.drop_index("ix_user_task_state_due")
        batch_op.create_index(
            "ix_user_task_waiting",
            ["due_at", sa.text("priority DESC"), sa.text("id DESC")],
            unique=False,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        )
        batch_op.create_index("ix_user_task_ended_by", ["ended_by", "ended_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.drop_index("ix_user_task_ended_by")
        batch_op.drop_index("ix_user_task_waiting")
        batch_op.create_index("ix_user_task_state_due", ["state", "due_at"], unique=False)
