"""Instances that go on in another version of their process."""

import sqlalchemy as sa
from alembic import op

import engine.db

revision = "engine_0004"
down_revision = "engine_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "migration",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("process_key", sa.String(length=128), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=True),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("to_definition_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("mapping", engine.db.JsonText(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", engine.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["to_definition_id"],
            ["process_definition.id"],
            name=op.f("fk_migration_to_definition_id_process_definition"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
    )
    with op.batch_alter_table("migration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_migration_process_key"), ["process_key"], unique=False)
    op.create_table(
        "migrated_instance",
        sa.Column("id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("migration_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("instance_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problems", engine.db.JsonText(), nullable=True),
        sa.Column("from_definition_id", engine.db.Id(as_uuid=False), nullable=False),
        sa.Column("machine_state", sa.LargeBinary(), nullable=True),
        sa.Column("rows", engine.db.JsonText(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("ended_at", engine.db.Instant(timezone=True), nullable=True),
        sa.Column("reverted_at", engine.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_definition_id"],
            ["process_definition.id"],
            name=op.f("fk_migrated_instance_from_definition_id_process_definition"),
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_migrated_instance_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["migration_id"], ["migration.id"], name=op.f("fk_migrated_instance_migration_id_migration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migrated_instance")),
        sa.UniqueConstraint(
            "migration_id", "instance_id", name=op.f("uq_migrated_instance_migration_id_instance_id")
        ),
    )
    with op.batch_alter_table("migrated_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_migrated_instance_instance_id"), ["instance_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("migrated_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_migrated_instance_instance_id"))
    op.drop_table("migrated_instance")
    with op.batch_alter_table("migration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_migration_process_key"))
    op.drop_table("migration")
