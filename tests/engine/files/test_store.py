import io
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from engine.clock import MovableClock
from engine.context import PUBLIC, SYSTEM, Centre, Context
from engine.errors import InvalidSubmission, NotFound
from engine.files import (
    StoredFile,
    TooLarge,
    adopt,
    check_reference,
    clean_name,
    delete,
    find_file,
    may_read,
    open_content,
    reference,
    store,
    sweep,
)

By = Callable[[str], Context]


def upload(ctx: Context, content: bytes = b"a photo", name: str = "photo.txt") -> StoredFile:
    return store(ctx, content=content, name=name, owner_kind="upload", owner_id=ctx.actor.name)


def contents(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


def age(tmp_path: Path, clock: MovableClock, hours: int) -> None:
    then = (clock.now() - timedelta(hours=hours)).timestamp()
    for path in contents(tmp_path):
        os.utime(path, (then, then))


def test_a_stored_file_gives_back_its_bytes(by: By, tmp_path: Path) -> None:
    ctx = by("mei")
    file = store(ctx, content=io.BytesIO(b"x" * 3_000_000), name="a.txt", owner_kind="person", owner_id="mei")
    with open_content(ctx, find_file(ctx, file_id=file.id)) as stream:
        assert stream.read() == b"x" * 3_000_000
    assert (file.size, file.type, file.stored_by) == (3_000_000, "text/plain", "mei")
    assert [path.parent.name for path in contents(tmp_path)] == [file.content_hash[:2]]


def test_the_same_bytes_lie_there_once(by: By, tmp_path: Path) -> None:
    first, second = upload(by("mei")), upload(by("yan"))
    assert first.id != second.id
    assert len(contents(tmp_path)) == 1


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(by: By, tmp_path: Path) -> None:
    with pytest.raises(TooLarge) as refused:
        store(
            by("mei"),
            content=io.BytesIO(b"x" * 2_000_001),
            name="a",
            owner_kind="upload",
            owner_id="mei",
            limit_bytes=2_000_000,
        )
    assert refused.value.code == "too_large"
    assert contents(tmp_path) == []


def test_an_empty_file_is_refused(by: By, tmp_path: Path) -> None:
    with pytest.raises(InvalidSubmission):
        upload(by("mei"), content=b"")
    assert contents(tmp_path) == []


def test_a_body_is_never_read_inside_a_write_transaction(by: By) -> None:
    ctx = by("mei")
    with ctx.write(), pytest.raises(RuntimeError):
        store(ctx, content=io.BytesIO(b"x"), name="a", owner_kind="upload", owner_id="mei")


def test_a_row_that_is_rolled_back_leaves_content_that_the_sweep_takes(
    by: By, clock: MovableClock, tmp_path: Path
) -> None:
    ctx = by("mei")
    with suppress(LookupError), ctx.write():
        upload(ctx)
        raise LookupError
    assert len(contents(tmp_path)) == 1
    assert sweep(ctx) == 0, "it is younger than an hour"
    age(tmp_path, clock, 2)
    assert sweep(ctx) == 1
    assert contents(tmp_path) == []


def test_the_sweep_keeps_what_a_row_names(by: By, clock: MovableClock, tmp_path: Path) -> None:
    ctx = by("mei")
    first, second = upload(ctx), upload(ctx)
    age(tmp_path, clock, 2)
    delete(ctx, first)
    assert sweep(ctx) == 0
    delete(ctx, second)
    assert sweep(ctx) == 1
    assert contents(tmp_path) == []


def test_the_sweep_takes_what_a_broken_upload_left(by: By, clock: MovableClock, tmp_path: Path) -> None:
    incoming = tmp_path / "files" / ".incoming"
    incoming.mkdir(parents=True)
    (incoming / "half").write_bytes(b"half a ph")
    age(tmp_path, clock, 2)
    assert sweep(by("mei")) == 1
    assert contents(tmp_path) == []


def test_a_killed_sweep_loses_nothing(by: By, clock: MovableClock, tmp_path: Path) -> None:
    ctx = by("mei")
    file = upload(ctx)
    (path,) = contents(tmp_path)
    path.rename(path.with_name(path.name + ".going"))
    age(tmp_path, clock, 2)
    assert sweep(ctx) == 0
    with open_content(ctx, file) as stream:
        assert stream.read() == b"a photo"


def test_a_deleted_file_stays_as_a_tombstone(by: By) -> None:
    ctx = by("mei")
    file = upload(ctx)
    delete(ctx, file)
    with pytest.raises(NotFound):
        find_file(ctx, file_id=file.id)
    with ctx.read():
        row = ctx.session.get(StoredFile, file.id)
        assert row is not None
        assert row.deleted_at is not None
        with pytest.raises(NotFound):
            open_content(ctx, row)


def test_an_upload_that_nobody_uses_ends_after_a_day(by: By, clock: MovableClock) -> None:
    ctx = by("mei")
    unused, used = upload(ctx), upload(ctx)
    adopt(ctx, used, owner_kind="person", owner_id="mei")
    clock.advance(timedelta(hours=25))
    sweep(ctx)
    assert find_file(ctx, file_id=used.id).name == "photo.txt"
    with pytest.raises(NotFound):
        find_file(ctx, file_id=unused.id)


def test_a_file_that_has_an_owner_keeps_it(by: By) -> None:
    ctx = by("mei")
    file = store(ctx, content=b"x", name="x", owner_kind="person", owner_id="mei")
    adopt(ctx, file, owner_kind="instance", owner_id="i1")
    assert find_file(ctx, file_id=file.id).owner_id == "mei"


def test_whoever_sees_the_owner_sees_the_file(by: By, centre: Centre) -> None:
    mei, head = by("mei"), by("head")
    file = upload(mei)
    assert may_read(mei, file)
    assert not may_read(head, file)
    adopt(mei, file, owner_kind="instance", owner_id="i1")
    assert find_file(head, file_id=file.id).id == file.id
    with pytest.raises(NotFound):
        find_file(mei, file_id=file.id)
    with pytest.raises(NotFound):
        find_file(Context(centre=centre, actor=PUBLIC), file_id=file.id)
    assert find_file(Context(centre=centre, actor=SYSTEM), file_id=file.id).id == file.id


def test_an_owner_that_nobody_knows_shows_its_file_to_nobody(by: By) -> None:
    file = store(by("mei"), content=b"x", name="x", owner_kind="task", owner_id="t1")
    assert not may_read(by("mei"), file)


@pytest.mark.parametrize("bad", ["", "nonsense", "..", "\x00", "%", None, 7, "0" * 32])
def test_an_id_that_is_none_is_not_found(by: By, bad: object) -> None:
    with pytest.raises(NotFound):
        find_file(by("mei"), file_id=bad)  # type: ignore[arg-type]


def test_of_a_reference_only_the_id_is_believed(by: By) -> None:
    ctx = by("mei")
    file = upload(ctx)
    claimed = {**reference(file), "name": "../../etc/passwd", "size": 1, "type": "text/html"}
    assert reference(check_reference(ctx, claimed)) == {
        "$file": file.id,
        "name": "photo.txt",
        "type": "text/plain",
        "size": 7,
    }


def test_somebody_elses_upload_cannot_be_handed_in(by: By) -> None:
    file = upload(by("mei"))
    with pytest.raises(NotFound):
        check_reference(by("yan"), reference(file))


def test_a_file_that_stands_there_already_may_be_handed_in_again(by: By) -> None:
    file = upload(by("mei"))
    adopt(by("mei"), file, owner_kind="instance", owner_id="i1")
    yan = by("yan")
    assert check_reference(yan, reference(file), known=[file.id]).id == file.id
    assert check_reference(yan, reference(file), owner_kind="instance", owner_id="i1").id == file.id
    with pytest.raises(NotFound):
        check_reference(yan, reference(file), owner_kind="instance", owner_id="i2")
    with pytest.raises(NotFound):
        check_reference(yan, reference(file))


@pytest.mark.parametrize("bad", [None, [], "x", {}, {"$file": 3}, {"$file": "x"}, {"file": "x"}])
def test_what_is_no_reference_is_refused(by: By, bad: object) -> None:
    with pytest.raises(NotFound):
        check_reference(by("mei"), bad)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mei\\水管.png", "水管.png"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("  .htaccess ", "htaccess"),
        ("", "file"),
        ("///", "file"),
        ("\ud800.txt", "txt"),
        ("x" * 200 + ".pdf", "x" * 116 + ".pdf"),
        ("y" * 200, "y" * 120),
        ("a." + "z" * 200, ("a." + "z" * 200)[:120]),
    ],
)
def test_a_name_is_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept
