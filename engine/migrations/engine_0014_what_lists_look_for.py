"""Lists of what is lent, covered, handed over, asked of others, and handed in for somebody else."""

import sqlalchemy as sa
from alembic import op

revision = "engine_0014"
down_revision = "engine_0013"
branch_labels = None
depends_on = None

# Table, index, columns, and which rows alone are in it.
_INDEXES = (
    ("user_task", "ix_user_task_owner", ["owner"], "owner IS NOT NULL"),
    ("user_task", "ix_user_task_covers_for", ["covers_for", "assignee"], "covers_for IS NOT NULL"),
    ("task_action", "ix_task_action_transfer", ["actor", "at"], "action = 'transfer'"),
    ("involvement", "ix_involvement_by", ["by", "kind", "at"], None),
    ("process_instance", "ix_process_instance_submitter", ["submitter"], "submitter IS NOT NULL"),
)


def upgrade() -> None:
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("covers_for", sa.String(length=64), nullable=True))
    for table, name, columns, only in _INDEXES:
        where = sa.text(only) if only else None
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table, name, _columns, _only in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    with op.batch_alter_table("user_task", schema=None) as batch_op:
        batch_op.drop_column("covers_for")
