import pytest
from sqlalchemy import delete, update

from engine.history import AuditEntry, audit
from engine.history.seal import seal_audit, verify
from engine.testing import make_centre, system


@pytest.fixture
def ctx(tmp_path):
    centre = make_centre(tmp_path)
    yield system(centre)
    centre.database.dispose()


def write(ctx, count):
    with ctx.write():
        for number in range(count):
            audit(ctx, "task.complete", "task", f"task-{number}")


def test_sealed_rows_are_as_they_were_and_the_tail_is_counted(ctx):
    for _block in range(2):
        write(ctx, 3)
        assert seal_audit(ctx) == 3
    write(ctx, 1)
    found = verify(ctx)
    assert (found.block_count, found.broken_block, found.unsealed_count) == (2, None, 1)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: update(AuditEntry).where(AuditEntry.object_id == "task-1").values(actor="somebody else"),
        lambda: delete(AuditEntry).where(AuditEntry.object_id == "task-1"),
    ],
    ids=["changed", "removed"],
)
def test_a_changed_or_removed_row_breaks_its_block(ctx, tamper):
    write(ctx, 3)
    seal_audit(ctx)
    with ctx.write():
        ctx.connection.execute(tamper())
    assert verify(ctx).broken_block == 1
