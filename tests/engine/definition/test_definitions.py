"""What was compiled is kept, as long as it fits."""

from engine.definition import definitions, deploy, get_definition
from engine.testing import make_centre, system
from engine.testing.sketch import sketch


def test_what_was_read_last_is_kept_and_more_than_fits_is_not(tmp_path, monkeypatch):
    ctx = system(make_centre(tmp_path))
    for key in ("one", "two"):
        deploy(ctx, files={f"{key}.bpmn": sketch("start a\ntask b\nend c\na -> b -> c", key=key)})

    def read(key):
        with ctx.read():
            return get_definition(ctx, key=key)

    one = read("one")
    assert read("two") is read("two")
    assert read("one") is one
    monkeypatch.setattr(definitions, "_ELEMENTS_KEPT", 5)
    monkeypatch.setattr(definitions, "_definitions", definitions._Kept())
    monkeypatch.setattr(definitions, "_packages", definitions._Kept())
    one = read("one")
    assert read("one") is one
    assert read("two") is read("two")
    assert read("one") is not one
