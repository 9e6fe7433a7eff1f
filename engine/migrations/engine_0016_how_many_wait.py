"""PostgreSQL learns that what nobody has taken is what waits, and walks the work list in place of sorting it."""

from alembic import op

revision = "engine_0016"
down_revision = "engine_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE STATISTICS st_user_task_waiting (mcv) ON state, assignee FROM user_task")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS st_user_task_waiting")
