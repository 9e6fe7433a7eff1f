"""There is one port to the time. Everybody else is told."""

import ast

READS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime", "strftime", "ctime"},
}
# Places that may look at a clock, and why.
ALLOWED = {
    "engine/clock.py": "it is the port",
    "engine/ids.py": "an id's time orders rows; nobody reads it as the time of anything",
}


def reads_of(module):
    """Yield every call that looks at a clock; ``monotonic`` measures spans and is free."""
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module in ("datetime", "time")
        for alias in node.names
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            first, *rest = ast.unparse(node.func).split(".")
            *_way, owner, kind = ["", *imported.get(first, first).split("."), *rest]
            if kind in READS.get(owner, ()):
                yield node


def test_nobody_looks_at_a_clock_of_their_own(modules):
    looks = [
        f"{path}:{node.lineno} {ast.unparse(node)}"
        for path, module in modules.items()
        if path not in ALLOWED
        for node in reads_of(module)
    ]
    assert looks == []


def test_who_is_allowed_does_look(modules):
    """A place that no longer looks leaves the list."""
    assert {path for path in ALLOWED if not list(reads_of(modules[path]))} == set()


def test_sql_never_says_now(modules):
    says = [
        f"{path}:{node.lineno}"
        for path, module in modules.items()
        if path != "engine/clock.py"
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("func.now", "func.current_timestamp", "sqlalchemy.func.now")
    ]
    assert says == []


def test_a_look_at_the_clock_is_found():
    source = (
        "import time, datetime as d\nfrom datetime import datetime, date\nfrom time import time as t\n"
        "time.time(); datetime.now(); date.today(); d.datetime.utcnow(); t(); time.monotonic(); x.time()\n"
    )
    assert [ast.unparse(node) for node in reads_of(ast.parse(source))] == [
        *("time.time()", "datetime.now()", "date.today()", "d.datetime.utcnow()", "t()")
    ]
