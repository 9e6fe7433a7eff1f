"""A decision carries a signature and files; people keep a signature; instances say a few facts in lists."""

import sqlalchemy as sa
from alembic import op

import engine.db.base

revision = "engine_0011"
down_revision = "engine_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task_action", schema=None) as batch_op:
        batch_op.add_column(sa.Column("files", engine.db.base.JsonText(), nullable=True))
        batch_op.add_column(sa.Column("signature", engine.db.base.JsonText(), nullable=True))
    with op.batch_alter_table("process_instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts", engine.db.base.JsonText(), nullable=True))
    op.create_table(
        "kept_signature",
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("file_id", engine.db.base.Id(), nullable=False),
        sa.Column("kept_at", engine.db.base.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_kept_signature_file_id")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_kept_signature_person_key")),
        sa.PrimaryKeyConstraint("person_key", name=op.f("pk_kept_signature")),
    )


def downgrade() -> None:
    op.drop_table("kept_signature")
    with op.batch_alter_table("process_instance", schema=None) as batch_op:
        batch_op.drop_column("facts")
    with op.batch_alter_table("task_action", schema=None) as batch_op:
        batch_op.drop_column("signature")
        batch_op.drop_column("files")
