"""What a script may do, and what becomes of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.errors import BpmnError, TechnicalFailure
from engine.feel.temporal import parse_temporal
from engine.sandbox import (
    Limits,
    Sandbox,
    SandboxUnavailable,
    ScriptCrashed,
    ScriptError,
    ScriptLimitExceeded,
    ScriptSyntaxError,
    ScriptValueRefused,
    names_used,
)

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


def run(sandbox: Sandbox, source: str, outputs: set[str] | None = None, **inputs: Any) -> dict[str, Any]:
    return dict(sandbox.run(source, inputs=inputs, outputs=outputs, now=NOW, seed="i1:t1").values)


def test_a_script_reads_variables_and_leaves_those_it_assigns(sandbox: Sandbox) -> None:
    made = run(
        sandbox,
        """
        total = 0
        for item in items:
            total += item["count"] * item["price"]
        _private = 1
        expensive = total > limit
        """,
        items=[
            {"count": Decimal(3), "price": Decimal("19.99")},
            {"count": Decimal(1), "price": Decimal("0.5")},
        ],
        limit=Decimal(60),
        other="not mentioned",
    )
    assert made == {"total": Decimal("60.47"), "expensive": True}


def test_a_value_changed_in_place_comes_back_an_unchanged_one_does_not(sandbox: Sandbox) -> None:
    given = {"items": [Decimal(1)], "name": "x"}
    made = run(sandbox, "items.append(len(name))", **given)
    assert made == {"items": [Decimal(1), Decimal(1)]}
    assert given["items"] == [Decimal(1)]


def test_one_is_not_true(sandbox: Sandbox) -> None:
    assert run(sandbox, "flags[0] = True", flags=[Decimal(1)]) == {"flags": [True]}


def test_only_the_outputs_asked_for_come_back(sandbox: Sandbox) -> None:
    assert run(sandbox, "a = 1\nb = 2\nitems.append(3)", {"a"}, items=[]) == {"a": Decimal(1)}


def test_a_variable_not_assigned_on_the_way_taken_is_not_there(sandbox: Sandbox) -> None:
    assert run(sandbox, "if amount > 5:\n    big = True\nelse:\n    small = True", amount=Decimal(6)) == {
        "big": True
    }


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("5", "int"),
        ("5.00", "int"),
        ("1E+3", "int"),
        ("12345678901234567890123456789012", "int"),
        ("0.1", "float"),
        ("-123456789.012345", "float"),
        ("0.1234567890123456789", "Decimal"),
    ],
)
def test_numbers_cross_without_losing_a_digit(sandbox: Sandbox, value: str, kind: str) -> None:
    made = run(sandbox, "kind = str(type(x))\ny = x", x=Decimal(value))
    assert made["y"] == Decimal(value)
    assert kind in made["kind"]


def test_a_float_comes_back_with_the_digits_it_is_good_for(sandbox: Sandbox) -> None:
    made = run(sandbox, "a = 0.1 + 0.2\nb = 1 / 3\nc = 3 * price", price=Decimal("1.1"))
    assert made == {"a": Decimal("0.3"), "b": Decimal("0.333333333333333"), "c": Decimal("3.3")}
    exact = run(sandbox, "from decimal import Decimal\nx = Decimal('1') / 3")
    assert exact["x"] == Decimal(1) / 3


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("datetime.now()", "2026-03-02T10:30:00"),
        ("datetime.now(timezone.utc)", "2026-03-02T10:30:00+00:00"),
        ("datetime.now().date()", "2026-03-02"),
        ("datetime.now().time()", "10:30:00"),
        ("timedelta(days=1, hours=4)", "P1DT4H"),
        ("timedelta(minutes=-90)", "-PT1H30M"),
    ],
)
def test_a_temporal_value_becomes_its_iso_text(sandbox: Sandbox, expression: str, text: str) -> None:
    assert run(sandbox, f"from datetime import datetime, timedelta, timezone\nx = {expression}") == {
        "x": text
    }


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("2026-03-02", "date(2026, 3, 2)"),
        ("2026-03-02T10:30:00", "datetime(2026, 3, 2, 10, 30)"),
        ("2026-03-02T10:30:00+08:00", "datetime(2026, 3, 2, 2, 30, tzinfo=timezone.utc)"),
        ("2026-03-02T10:30:00@Asia/Hong_Kong", "datetime(2026, 3, 2, 2, 30, tzinfo=timezone.utc)"),
        ("10:30:00", "time(10, 30)"),
        ("P1DT4H", "timedelta(days=1, hours=4)"),
        ("P1Y6M", "'P1Y6M'"),
        ("10:30:00+08:00", "'10:30:00+08:00'"),
        ("12000-01-01", "'12000-01-01'"),
    ],
)
def test_a_declared_temporal_variable_is_pythons_own(sandbox: Sandbox, text: str, python: str) -> None:
    source = f"from datetime import date, datetime, time, timedelta, timezone\nsame = x == {python}"
    assert run(sandbox, source, x=parse_temporal(text)) == {"same": True}
    assert run(sandbox, "held['x']\nok = True", held={"x": parse_temporal(text)}) == {"ok": True}


def test_the_clock_stands_still_in_the_callers_zone(sandbox: Sandbox) -> None:
    source = "from datetime import datetime\nimport time\na = str(datetime.now())\nb = time.time()"
    local = NOW.astimezone(ZoneInfo("Asia/Hong_Kong"))
    made = sandbox.run(source, inputs={}, now=local, seed="s").values
    assert made == {"a": "2026-03-02 18:30:00", "b": Decimal(int(NOW.timestamp()))}


def test_the_same_seed_draws_the_same_numbers(sandbox: Sandbox) -> None:
    draw = "import random\nx = random.random()\ny = random.choice(list(range(1000)))"
    first = sandbox.run(draw, inputs={}, now=NOW, seed="i1:t1").values
    assert first == sandbox.run(draw, inputs={}, now=NOW, seed="i1:t1").values
    assert first != sandbox.run(draw, inputs={}, now=NOW, seed="i1:t2").values


def test_names_in_any_script_and_names_like_built_ins_are_variables(sandbox: Sandbox) -> None:
    made = run(
        sandbox,
        "客户等级 = 客户等级 + '!'\nsame = type == 'water' and id == 7",
        客户等级="金",
        type="water",
        id=Decimal(7),
    )
    assert made == {"客户等级": "金!", "same": True}


def test_a_process_may_have_variables_called_like_the_collectors_tools(sandbox: Sandbox) -> None:
    made = run(sandbox, "NameError = 1\nstr = 'x'\ntype = 'y'", type="z")
    assert made == {"NameError": Decimal(1), "str": "x", "type": "y"}


def test_what_is_logged_and_printed_is_kept_in_order(sandbox: Sandbox) -> None:
    result = sandbox.run(
        "print('a', 1)\nlog('b')\nprint('c', end='')\nlog('d\\ne')", inputs={}, now=NOW, seed="s"
    )
    assert result.log == ("a 1", "b", "c", "d", "e")


def test_a_failing_script_names_its_line_its_words_and_what_it_logged(sandbox: Sandbox) -> None:
    with pytest.raises(ScriptError) as caught:
        run(sandbox, "x = 1\nlog('so far')\ny = x / 0")
    assert str(caught.value) == "Line 3 of the script: ZeroDivisionError: division by zero"
    assert (caught.value.line, caught.value.reason) == (3, "ZeroDivisionError: division by zero")
    assert caught.value.log == ("so far",)
    assert caught.value.permanent
    assert isinstance(caught.value, TechnicalFailure)


def test_a_failure_in_a_function_names_the_line_in_the_function(sandbox: Sandbox) -> None:
    with pytest.raises(ScriptError) as caught:
        run(sandbox, "def share(x):\n    return 1 / x\n\nshare(0)")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "source",
    [
        "throw_error('NO_STOCK', 'none left')",
        "try:\n    throw_error('NO_STOCK', 'none left')\nexcept BaseException:\n    pass\nx = 1",
        "try:\n    throw_error('NO_STOCK', 'none left')\nfinally:\n    throw_error('OTHER')",
        "def f():\n    throw_error('NO_STOCK', message='none left')\nf()",
    ],
)
def test_a_thrown_error_reaches_the_process_whatever_the_script_does(sandbox: Sandbox, source: str) -> None:
    with pytest.raises(BpmnError) as caught:
        run(sandbox, source)
    assert (caught.value.code, caught.value.message) == ("NO_STOCK", "none left")


@pytest.mark.parametrize("source", ["log(1)", "log()", "throw_error()", "throw_error(5)", "throw_error('')"])
def test_host_functions_take_what_they_say(sandbox: Sandbox, source: str) -> None:
    with pytest.raises(ScriptError, match="TypeError"):
        run(sandbox, source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("while True: pass", "ran longer than 1.0 s"),
        ("x = [0]\nwhile True: x.extend(x)", "memory limit"),
        ("def f(): f()\nf()", "recursion"),
        ("for i in range(200): log('x')", "suspension limit"),
        ("while True: print('x' * 1000)", "may log 16000 characters"),
    ],
)
def test_a_limit_that_is_reached_is_named(sandbox: Sandbox, source: str, reason: str) -> None:
    with pytest.raises(ScriptLimitExceeded, match=reason):
        run(sandbox, source)


def test_sleeping_takes_no_time(sandbox: Sandbox) -> None:
    began = os.times().elapsed
    assert run(sandbox, "import time\ntime.sleep(100)\nx = 1") == {"x": Decimal(1)}
    assert os.times().elapsed - began < 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = {1: 2}", "“x” has a key that is no text: int"),
        ("x = {'a': [1, {2}]}", r"“x\.a\[1\]” holds a set"),
        ("x = b'a'", "holds a bytes"),
        ("x = float('nan')", "no finite number"),
        ("from decimal import Decimal\nx = [Decimal('Infinity')]", "no finite number"),
        ("x = 10 ** 40 + 1", "more than 34 digits"),
        ("x = 1\nfor _ in range(33): x = [x]", "more than 32 deep"),
        ("x = [0]\nfor _ in range(20): x = [x, x]", "more than 50000 parts"),
        ("x = list(range(60000))", "more than 50000 parts"),
        ("x = ['a' * 600000, 'b' * 600000]", "more than 1000000 characters"),
        ("x = 'a\\0b'", "a character that no text may hold"),
        ("x = {'\\0': 1}", "a character that no text may hold"),
        ("import re\nx = re.match('a', 'a')", "which is no data: begin its name with an underscore"),
        ("class A: pass\nx = A()", "holds a A, which is no data"),
    ],
)
def test_what_is_no_data_is_refused_with_its_place(sandbox: Sandbox, source: str, reason: str) -> None:
    with pytest.raises(ScriptValueRefused, match=reason):
        run(sandbox, source)


def test_a_scripts_own_tools_are_neither_data_nor_a_mistake(sandbox: Sandbox) -> None:
    made = run(
        sandbox,
        "import re\nfrom math import pi\ndef f(x): return x\nclass A: pass\ng = lambda x: x\nh = len\n"
        "k = int\n_m = re.match('a', 'a')\nx = '<function f>'",
    )
    assert made == {"x": "<function f>"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ny = =", 2),
        ("x = (", 1),
        ("def f(:\n  pass", 1),
        ("x = 1\nimport", 2),
        ("del x", 1),
        ("x = 1\nyield x", 2),
    ],
)
def test_what_cannot_be_read_names_the_line(sandbox: Sandbox, source: str, line: int) -> None:
    with pytest.raises(ScriptSyntaxError) as caught:
        run(sandbox, source)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "source",
    ["x = '\0'", "(" * 5000, "-" * 30000 + "1", "x" * 40_000, "x = " + "9" * 5000, "callwright_x = 1"],
)
def test_what_no_parser_should_meet_is_a_syntax_error(sandbox: Sandbox, source: str) -> None:
    with pytest.raises(ScriptSyntaxError):
        run(sandbox, source)


def test_a_script_may_be_indented_as_its_drawing_is_and_end_lines_as_any_machine_does(
    sandbox: Sandbox,
) -> None:
    with pytest.raises(ScriptError) as caught:
        run(sandbox, "\r\n      x = 1\r\n      if x:\r\n          y = 1 / 0\r\n    ")
    assert caught.value.line == 4


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum(item['price'] for item in items) > 10", True),
        ("[item['price'] for item in items]", [Decimal("5.5"), Decimal(7)]),
        ("None", None),
        ("  name.upper()  # loud", "WATER"),
        ("(name,\n 1)", ["water", Decimal(1)]),
    ],
)
def test_an_expression_has_a_value(sandbox: Sandbox, expression: str, value: Any) -> None:
    inputs = {"items": [{"price": Decimal("5.5")}, {"price": Decimal(7)}], "name": "water"}
    assert sandbox.evaluate(expression, inputs=inputs, now=NOW, seed="s") == value


@pytest.mark.parametrize(
    "expression", ["", "x = 1", "import os", "1)\nimport os\n(1", "lambda: 1", "len", "{1}"]
)
def test_what_is_no_expression_with_a_value_is_refused(sandbox: Sandbox, expression: str) -> None:
    with pytest.raises((ScriptSyntaxError, ScriptValueRefused)):
        sandbox.evaluate(expression, inputs={}, now=NOW, seed="s")


def test_ordinary_scripts_pass_the_check(sandbox: Sandbox) -> None:
    ordinary = """
        from decimal import Decimal
        from datetime import datetime, timedelta
        import json, math, random, re

        total = 0
        names = []
        best = None
        for item in items or []:
            total += item["price"] * 1.1
            names.append(item.name)
            if best is None or item["price"] > best["price"]:
                best = item
        summary = {"total": round(total, 2), "names": ", ".join(names)}
        summary["best"] = best and best["id"]
        count = count + 1
        due = (datetime.now() + timedelta(hours=4)).isoformat()
        if re.match(r"\\d+", reference):
            throw_error("NUMERIC", f"no {reference}")
        type = type.upper() if type else "none"
        def share(part, whole=100):
            return Decimal(part) / whole
        shares = {name: str(share(len(name))) for name in names}
        log(json.dumps(shares))
        print("done", total)
    """
    assert sandbox.check(ordinary) == []


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("x = 1\ny = (", 2, "never closed"),
        ("x = 1\ny = 'a' + 1", 2, "not supported"),
        ("log(1)", 1, "Expected `str`"),
        ("import numpy", 1, "numpy"),
        ("import os\n\nos.system('x')", 3, "system"),
        ("x = globals()", 1, "globals"),
        ("x = {}\ndel x['a']", 2, "del"),
        ("class A(B): pass", 1, "inheritance"),
        ("callwright_x = 1", 1, "product's own"),
    ],
)
def test_the_check_finds_mistakes_before_anybody_runs_into_them(
    sandbox: Sandbox, source: str, line: int, reason: str
) -> None:
    problems = sandbox.check(source, "ticket.bpmn#script")
    assert [(problem.path, problem.line) for problem in problems] == [("ticket.bpmn#script", line)]
    assert reason in str(problems[0])


def test_the_check_runs_nothing(sandbox: Sandbox) -> None:
    assert sandbox.check("while True: pass") == []


def test_names_read_and_written_follow_pythons_scopes() -> None:
    reads, writes = names_used(
        """
import math
from json import dumps
total = 0
for item in items:
    total += item.price
    last = item
def f(x, limit=maximum):
    global counter
    counter = x + offset
    inner = [y for y in rows]
    return inner
class A: kind = other
pairs = {k: v for k, v in source.items()}
if (n := len(pairs)) > 1: pass
(a, b), *c = rest
_hidden = secret
count += 1
obj.attribute = 1
table[key] = 2
log(dumps(math.pi))
"""
    )
    assert writes == {"total", "last", "counter", "pairs", "n", "a", "b", "c", "count"}
    assert {"items", "total", "item", "maximum", "offset", "rows", "other", "source", "rest"} <= reads
    assert {"secret", "count", "obj", "table", "key"} <= reads
    assert not reads & {"x", "y", "k", "v", "inner", "log", "_hidden"}


def test_scripts_run_side_by_side(sandbox: Sandbox) -> None:
    made: dict[int, Any] = {}

    def one(number: int) -> None:
        made[number] = run(sandbox, "y = [x] * 3", x=Decimal(number))["y"]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {number: [Decimal(number)] * 3 for number in range(40)}


def workers() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if stat.startswith(f"{entry.name} (monty)") and stat.rsplit(") ", 1)[1].split()[1] == str(
                os.getpid()
            ):
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="workers are looked up in /proc")
def test_a_worker_knows_nothing_of_our_environment(sandbox: Sandbox) -> None:
    run(sandbox, "x = 1")
    assert workers()
    for pid in workers():
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="workers are looked up in /proc")
def test_a_worker_that_died_is_replaced_unseen(sandbox: Sandbox) -> None:
    run(sandbox, "x = 1")
    for pid in workers():
        os.kill(pid, 9)
    assert run(sandbox, "x = 2") == {"x": Decimal(2)}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="workers are looked up in /proc")
def test_a_script_whose_worker_dies_twice_is_given_up() -> None:
    sandbox = Sandbox(replace(Limits(), worker_count=1))
    deaths = threading.Event()

    def kill() -> None:
        while not deaths.wait(0.2):
            for pid in set(workers()) - before:
                os.kill(pid, 9)

    before = set(workers())
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(ScriptCrashed):
            run(sandbox, "while True: pass")
    finally:
        deaths.set()
        killer.join()
        sandbox.close()


def test_without_the_program_scripts_are_refused_with_a_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MONTY_BIN", str(tmp_path / "nowhere"))
    sandbox = Sandbox()
    assert not sandbox.available
    assert "pydantic-monty is missing" in str(sandbox.check("x = 1")[0])
    with pytest.raises(SandboxUnavailable, match="pydantic-monty is missing"):
        run(sandbox, "x = 1")


def test_a_naive_now_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        sandbox.run("x = 1", inputs={}, now=datetime(2026, 3, 2), seed="s")  # noqa: DTZ001
