"""Decisions that take an opinion or none, that are signed, and to which files are attached."""

import struct
import zlib

import pytest

import forms
from engine import runtime
from engine.definition import deploy
from engine.errors import DefinitionError, InvalidSubmission
from engine.files import find_file, open_content, reference, store
from engine.people import create_person
from engine.testing import Scenario, drawing, make_centre, person, play, signature, system
from engine.work import (
    KEPT,
    actions_of,
    check_signature,
    forget_signature,
    get_task,
    keep_signature,
    kept_signature,
    list_tasks,
)
from engine.work.drawn import LARGEST_BYTES, check_drawn

OUTCOMES = """
    <callwright:outcome name="approved" label="Approve" signature="required" opinion="none"/>
    <callwright:outcome name="rejected" label="Reject" opinion="required" counts="rejected"/>
"""
_STEP = """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      {who}{outcomes}
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:userTask id="file" name="File"/>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> file
    file -> over
"""
ALONE = "<callwright:task assignee='\"ann\"'/>"
BOTH = """<callwright:approval/><callwright:approver of='["ann","bob"]'/>"""


def drawn(who, outcomes=OUTCOMES):
    return drawing(_STEP.format(who=who, outcomes=outcomes))


@pytest.fixture
def centre(tmp_path):
    centre = make_centre(tmp_path, floors=[forms.register])
    with system(centre).write() as ctx:
        for key in ("ann", "bob", "eve"):
            create_person(ctx, key=key, name=key.title())
    yield centre
    centre.database.dispose()


@pytest.fixture
def begun(centre):
    def begin(who=BOTH, **said):
        deploy(system(centre), files={"p.bpmn": drawn(who, **said)})
        return runtime.start_process(person(centre, "eve"), process_key="p").id

    return begin


def of(centre, who):
    with system(centre).read() as ctx:
        return next(task.id for task in list_tasks(ctx)[1] if task.assignee == who)


def upload(ctx, content, name="signature.png"):
    return reference(store(ctx, content=content, name=name, owner_kind="upload", owner_id=ctx.actor.name))


def decide(centre, who, outcome="approved", **said):
    return forms.submit_form(person(centre, who), task_id=of(centre, who), outcome=outcome, **said)


def problems(error):
    return {problem.path: problem.message for problem in error.value.problems}


def actions(centre, instance_id):
    with system(centre).read() as ctx:
        return actions_of(ctx, instance_id)


# -- opinions and signatures -------------------------------------------------------------------------------


def test_a_decision_that_needs_a_signature_is_not_taken_without(centre, begun):
    begun()
    with pytest.raises(InvalidSubmission) as refused:
        decide(centre, "ann")
    assert problems(refused) == {"signature": "Sign it: this decision needs your signature."}
    decide(centre, "ann", outcome="rejected", opinion="no")


def test_a_decision_that_takes_no_opinion_refuses_one_and_loses_nothing(centre, begun):
    begun()
    signed = upload(person(centre, "ann"), signature())
    with pytest.raises(InvalidSubmission) as refused:
        decide(centre, "ann", opinion="fine", signature=signed)
    assert list(problems(refused)) == ["opinion"]
    decide(centre, "ann", signature=signed)


def test_a_signature_stands_in_the_vote_and_the_decision_and_is_the_instances(centre, begun):
    instance_id = begun()
    signed = {who: upload(person(centre, who), signature()) for who in ("ann", "bob")}
    for who in ("ann", "bob"):
        decide(centre, who, signature=signed[who])
    with system(centre).read() as ctx:
        decision = runtime.variables_of(ctx, instance_id)["decisions"]["check"]
    expected = list(signed.values())
    assert [vote["signature"] for vote in decision["list"]] == expected
    assert decision["signature"] == expected[-1]
    assert [one.signature for one in actions(centre, instance_id)] == expected
    kept = find_file(person(centre, "eve"), file_id=str(signed["ann"]["$file"]))
    assert (kept.owner_kind, kept.owner_id, kept.type) == ("instance", instance_id, "image/png")


def test_who_decides_alone_signs_too(centre, begun):
    instance_id = begun(ALONE)
    decide(centre, "ann", signature=upload(person(centre, "ann"), signature()))
    (action,) = actions(centre, instance_id)
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, instance_id)["decisions"]["check"]["signature"] == action.signature
        assert get_task(ctx, action.task_id).outcome == "approved"


def test_a_decision_without_a_signature_says_nothing_of_one(centre, begun):
    instance_id = begun(ALONE)
    decide(centre, "ann", outcome="rejected", opinion="no")
    assert actions(centre, instance_id) == []
    with system(centre).read() as ctx:
        assert "signature" not in runtime.variables_of(ctx, instance_id)["decisions"]["check"]


def test_one_picture_signs_once_and_nobody_signs_with_anothers(centre, begun):
    begun()
    signed = upload(person(centre, "ann"), signature())
    with pytest.raises(InvalidSubmission) as refused:
        decide(centre, "bob", signature=signed)
    assert list(problems(refused)) == ["signature"]
    decide(centre, "ann", signature=signed)
    begun()
    with pytest.raises(InvalidSubmission):
        decide(centre, "ann", signature=signed)


def test_files_are_attached_to_an_approval_and_to_a_rejection(centre, begun):
    instance_id = begun("<callwright:approval waitForAll='true'/>" + BOTH.partition("/>")[2])
    for who, outcome in (("ann", "approved"), ("bob", "rejected")):
        ctx = person(centre, who)
        said = {"signature": upload(ctx, signature())} if outcome == "approved" else {"opinion": "no"}
        decide(centre, who, outcome=outcome, files=[upload(ctx, b"plan", "plan.txt")], **said)
    assert [[file["name"] for file in one.files] for one in actions(centre, instance_id)] == [
        ["plan.txt"]
    ] * 2
    for one in actions(centre, instance_id):
        assert find_file(person(centre, "eve"), file_id=one.files[0]["$file"]).owner_id == instance_id


@pytest.mark.parametrize("said", ['opinion="always"', 'signature="yes"'])
def test_what_an_outcome_cannot_say_is_refused_when_it_is_deployed(centre, said):
    with pytest.raises(DefinitionError) as refused:
        deploy(system(centre), files={"p.bpmn": drawn(ALONE, f'<callwright:outcome name="a" {said}/>')})
    assert "Known are: required" in refused.value.problems[0].message % refused.value.problems[0].params


def test_a_scenario_signs_where_a_decision_needs_it():
    scenario = Scenario(
        title="Signed",
        start={"by": "eve"},
        people={"ann": {}, "eve": {}},
        steps=[
            {"task": "check", "by": "ann", "outcome": "approved"},
            {"task": "file", "by": "system"},
        ],
        then={"end": "over", "state": "completed", "path": ["check", "file"]},
    )
    packages = [{"p.bpmn": drawn(ALONE)}]
    assert play(scenario, key="p", packages=packages, floors=[forms.register]) == []


# -- the signature in the account --------------------------------------------------------------------------


def keep(centre, who, content):
    ctx = person(centre, who)
    keep_signature(ctx, check_signature(ctx, upload(ctx, content)))


def test_a_kept_signature_signs_any_number_of_times_and_stays_ones_own(centre, begun):
    keep(centre, "ann", signature())
    ids = []
    for _time in range(2):
        instance_id = begun(ALONE)
        decide(centre, "ann", signature=KEPT)
        ids.append(actions(centre, instance_id)[0].signature["$file"])
    assert len(set(ids)) == 2
    own = kept_signature(person(centre, "ann"))
    assert own is not None
    assert own.id not in ids
    forget_signature(person(centre, "ann"))
    assert kept_signature(person(centre, "ann")) is None
    signed = find_file(person(centre, "eve"), file_id=ids[0])
    with open_content(person(centre, "eve"), signed) as stream:
        assert stream.read() == signature()


def test_who_keeps_none_cannot_sign_with_it(centre, begun):
    begun(ALONE)
    keep(centre, "bob", signature())
    with pytest.raises(InvalidSubmission) as refused:
        decide(centre, "ann", signature=KEPT)
    assert list(problems(refused)) == ["signature"]


def test_another_signature_takes_the_place_of_the_one_that_is_kept(centre):
    keep(centre, "ann", signature())
    first = kept_signature(person(centre, "ann"))
    keep(centre, "ann", signature(width=300))
    second = kept_signature(person(centre, "ann"))
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert find_file(person(centre, "ann"), file_id=second.id).owner_id == "ann"


# -- pictures ----------------------------------------------------------------------------------------------


def png(width, height, pixels, colour=6, filters=None, *, depth=8, interlaced=0, extra=b""):
    """A PNG of plain pixels, each row by the filter of its turn."""
    step = {0: 1, 2: 3, 4: 2, 6: 4}.get(colour, 1)
    rows, above = b"", bytes(width * step)
    for y in range(height):
        row = b"".join(pixels(x, y) for x in range(width))
        kind = (filters or [0])[y % len(filters or [0])]
        rows += bytes([kind]) + filtered(kind, row, above, step)
        above = row
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows + extra))
        + chunk(b"IEND")
    )


def chunk(kind, part=b""):
    return struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))


def filtered(kind, row, above, step):
    made = bytearray()
    for at, byte in enumerate(row):
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        guess = left + above[at] - corner
        nearest = sorted((left, above[at], corner), key=lambda one: abs(guess - one))[0]
        made.append((byte - [0, left, above[at], (left + above[at]) // 2, nearest][kind]) & 255)
    return bytes(made)


def stroke(x, y):
    return 20 < x < 60 and y == 20


@pytest.mark.parametrize("filters", [[0], [1], [2], [3], [4], [0, 1, 2, 3, 4], [4, 2, 1, 3]])
def test_a_stroke_is_seen_whatever_filters_a_browser_takes(filters):
    ink = {
        6: lambda x, y: bytes((16, 32, 77, 255)) if stroke(x, y % 22) else bytes(4),
        2: lambda x, y: bytes((16, 32, 77)) if stroke(x, y % 22) else b"\xff" * 3,
        4: lambda x, y: b"\x10\xff" if stroke(x, y % 22) else bytes(2),
        0: lambda x, y: b"\x10" if stroke(x, y % 22) else b"\xff",
    }
    for colour, pixels in ink.items():
        check_drawn(png(120, 60, pixels, colour, filters))


@pytest.mark.parametrize("filters", [[0], [1], [2], [3], [4]])
def test_paper_without_ink_is_refused_whatever_filters_a_browser_takes(filters):
    for colour, paper in ((6, bytes(4)), (6, b"\xff" * 4), (2, b"\xee" * 3), (6, bytes((0, 0, 0, 60)))):
        with pytest.raises(InvalidSubmission) as refused:
            check_drawn(png(120, 60, lambda x, y, paper=paper: paper, colour, filters))
        assert problems(refused) == {"signature": "Nothing is drawn in the signature. Sign once more."}


def black(x, y):
    return bytes((0, 0, 0, 255))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no signature"),
        (b"GIF89a", "no signature"),
        (png(120, 60, black)[:-20], "no signature"),
        (png(120, 60, black).replace(b"IDAT", b"IDAX"), "no signature"),
        (png(120, 60, black, depth=16), "no signature"),
        (png(120, 60, black, interlaced=1), "no signature"),
        (png(120, 60, lambda x, y: b"\0", colour=3), "no signature"),
        (png(120, 60, black, extra=b"more"), "no signature"),
        (png(90, 60, black), "must measure"),
        (png(120, 30, black), "must measure"),
        (signature(width=1201, height=60), "must measure"),
        (bytes(LARGEST_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_picture_of_a_signature_is_refused(content, said):
    with pytest.raises(InvalidSubmission) as refused:
        check_drawn(content)
    assert said in problems(refused)["signature"]


def test_a_picture_that_unpacks_to_more_than_it_says_is_not_unpacked():
    small = png(120, 60, black)
    head = small[: small.index(b"IDAT") - 4]
    bomb = head + chunk(b"IDAT", zlib.compress(bytes(50_000_000), 9)) + chunk(b"IEND")
    assert len(bomb) < LARGEST_BYTES
    with pytest.raises(InvalidSubmission):
        check_drawn(bomb)
