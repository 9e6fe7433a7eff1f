"""What was compiled is kept, as long as it fits."""

import pytest

from engine.definition import definitions, deploy, get_definition, may_start
from engine.people import create_person, join_unit, put_group, put_unit, set_groups
from engine.testing import make_centre, person, system
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


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("[]", ["ann", "bob", "cy"]),
        ('["person:ann"]', ["ann"]),
        ('["group:desk"]', ["bob"]),
        ('["unit:house"]', ["cy"]),
        ('["group:desk", "unit:crew"]', ["bob", "cy"]),
        ('["group:nobody"]', []),
    ],
)
def test_a_process_is_started_by_whom_its_manifest_names_those_of_units_below_too(tmp_path, who, may):
    centre = make_centre(tmp_path)
    with system(centre).write() as ctx:
        put_unit(ctx, key="house", name="House")
        put_unit(ctx, key="crew", name="Crew", parent_key="house")
        put_group(ctx, key="desk", name="Desk")
        for key in ("ann", "bob", "cy"):
            create_person(ctx, key=key, name=key.title())
        join_unit(ctx, unit_key="crew", person_key="cy")
        set_groups(ctx, person_key="bob", group_keys=["desk"])
    manifest = f'key = "p"\ntitle = "P"\n[[start]]\nevent = "a"\nwho = {who}\n'.encode()
    drawn = sketch("start a\nend c\na -> c")
    deploy(system(centre), files={"p.bpmn": drawn, "process.toml": manifest})
    found = []
    for key in ("ann", "bob", "cy"):
        with person(centre, key).read() as ctx:
            if may_start(ctx, get_definition(ctx, key="p")):
                found.append(key)
    assert found == may


def test_a_step_without_a_name_or_that_nobody_does_is_warned_of(tmp_path):
    ctx = system(make_centre(tmp_path))
    steps = "user bare\nuser named name=Check\nuser whole name=Look assignee='\"ann\"'"
    drawn = sketch(f"start a\n{steps}\nend c\na -> bare -> named -> whole -> c")
    warnings = deploy(ctx, files={"p.bpmn": drawn}).warnings
    said = [(one.path.partition("#")[2], "no name" in one.message) for one in warnings]
    assert said == [("bare", True), ("bare", False), ("named", False)]
