"""The FEEL of the browser (feelin, in the form viewer) and ours agree, but for the departures listed."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine import feel

FEELIN = Path(__file__).parents[3] / "admin/assets/node_modules/@bpmn-io/feelin/dist/index.js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    not NODE or not FEELIN.is_file(), reason="needs node and the installed browser packages"
)

CONTEXT: dict[str, Any] = {
    "amount": 120,
    "rate": 0.25,
    "status": "open",
    "tier": "gold",
    "客户等级": "金",
    "urgent": True,
    "nothing": None,
    "first name": "Mei",
    "applicant": {"name": "Li", "age": 34, "address": {"city": "Hong Kong"}},
    "items": [{"name": "a", "price": 10, "open": True}, {"name": "b", "price": 25.5, "open": False}],
    "numbers": [3, 1, 2],
    "due": "2026-03-02",
}

AGREED = r"""
amount > 100
amount > 100 and status = "open"
amount >= 120 and not(urgent)
status != "closed" or nothing
nothing = null
missing = null
missing > 1
urgent and nothing
urgent or nothing
tier in ("gold", "silver")
tier in ["gold", "silver"]
amount in [100..120]
amount in [100..120)
amount in (> 200, [110..130])
amount between 100 and 130
if urgent then "now" else "later"
if nothing then 1 else 2
if amount > 100 then "large" else if amount > 50 then "medium" else "small"
客户等级 = "金"
first name + "!"
applicant.name + ", " + applicant.address.city
applicant.age >= 18 and applicant.age < 65
applicant.phone = null
items[1].name
items[-1].name
items[3]
items.price
items[price > 20].name
items[open = true].name
count(items)
sum(items.price)
sum(numbers) / count(numbers)
min(numbers)
max(3, 7, 5)
mean(numbers)
median(numbers)
sort(numbers, function(a, b) a < b)
reverse(numbers)
distinct values([1, 2, 1])
list contains(numbers, 2)
index of(numbers, 2)
append(numbers, 4)
concatenate(numbers, [9])
insert before(numbers, 1, 0)
remove(numbers, 1)
union([1, 2], [2, 3])
flatten([[1], [2, [3]]])
sublist(numbers, 2)
for n in numbers return n * 2
for n in numbers, m in [10, 20] return n * m
for i in 1..3 return i
some i in items satisfies i.price > 20
every i in items satisfies i.price > 20
all([true, true])
any([false, true])
string length(status)
upper case(status)
lower case("ABC")
substring(status, 2)
substring(status, 1, 2)
substring(status, -2)
substring before("a-b", "-")
substring after("a-b", "-")
contains(status, "pe")
starts with(status, "op")
ends with(status, "en")
matches(status, "^o.*n$")
replace("abcd", "b", "x")
split("a,b,c", ",")
string join(["a", "b"], "-")
string(amount)
string(true)
number("12")
1 + 2 * 3
10 / 4
2 ** 3
-amount
amount * rate
decimal(1 / 3, 2)
floor(1.7)
ceiling(1.2)
round half up(2.5, 0)
abs(-3)
modulo(10, 3)
sqrt(16)
odd(3)
even(3)
{a: 1, b: a + 1}.b
get value({a: 1}, "a")
get entries({a: 1})
context put({a: 1}, "b", 2)
string(date(due))
date(due) > date("2026-01-01")
string(date(due) + duration("P3D"))
string(date(due) - date("2026-02-27"))
date(due).year
date(due).month
date(due).day
day of week(date(due))
month of year(date(due))
day of year(date(due))
string(duration("PT36H"))
duration("P1D") > duration("PT12H")
string(duration("P14M"))
time("10:30:00").hour
date and time("2026-03-02T10:00:00Z") > date and time("2026-03-02T09:00:00Z")
[1, 2, 3] = [1, 2, 3]
{a: 1} = {a: 1}
1 = "1"
"a" < "b"
"a" + 1
1 / 0
(function(x) x + 1)(2)
0.1 * 3
12345678901234567890 + 1
nothing = 0
nothing != 1
nothing > 1
1 < null
true = 1
1 + null
"a" + null
null + null
not(nothing)
not(1)
[1, "a"] = [1, "a"]
[] = null
count(null)
count([])
sum([])
min([])
max([])
mean([])
median([])
sum(null)
[1,2,3][0]
[1,2,3][-4]
5[1]
5[item > 2]
nothing[1]
null.a
[{a:1},{b:2}].a
some x in [] satisfies x > 1
substring before("abc", "x")
matches("abc", "[")
replace("abc", "[", "x")
split("a,b", ",")
string(null)
string([1, "a"])
string({a: 1})
string(1.0)
string(10 / 4)
upper case(null)
upper case(1)
contains("abc", null)
date("2026-02-30")
date("x")
string(date("2026-01-31") + duration("P1M"))
string(date and time("2026-03-02T10:00:00Z") + duration("PT1H"))
string(date and time("2026-03-02T10:00:00+08:00"))
string(date and time("2026-03-02T10:00:00"))
string(time("10:30:00"))
string(time("10:30:00") + duration("PT1H"))
string(@"2026-03-02")
@"2026-03-02" = date("2026-03-02")
date and time("2026-03-02T10:00:00+08:00") = date and time("2026-03-02T02:00:00Z")
date and time("2026-03-02T10:00:00") < date and time("2026-03-02T11:00:00Z")
duration("P1Y") = duration("P12M")
duration("P1D") = duration("PT24H")
duration("P1D") + duration("PT1H") = duration("PT25H")
duration("P1D").days
date("2026-03-02").weekday
-3 ** 2
2 ** 3 ** 2
round half up(-2.5, 0)
decimal(2.5, 0)
round up(1.1, 0)
modulo(-10, 3)
sort(["b", "a"], function(x, y) x < y)
list replace([1,2,3], 2, 9)
context merge([{a: 1}, {b: 2}])
context([{key: "a", value: 1}])
for i in 3..1 return i
for i in [1..3] return i
all([true, null])
any([false, null])
all([])
"a" in ["a", null]
null in [1, null]
1 in [[1..3]]
3 in (1..3]
[1..3] = [1..3]
before(1, 2)
overlaps([1..3], [2..5])
number("1,000.5", ",", ".")
number("x")
{a: 1}.b
items[name = "a"][1].price
product([2,3])
stddev([1,2,3])
mode([1,2,2])
log(10)
exp(1)
x.y.z
applicant.address.zip
applicant.address.zip = "x"
numbers[item > 1] = [3, 2]
append(null, 1)
list contains(null, 1)
day of week(date("2026-03-02"))
string length("🐎")
substring("🐎ab", 2)
week of year(date("2026-01-01"))
""".strip().splitlines()

DEPARTURES = {
    "0.1 + 0.2 = 0.3": "their numbers are binary",
    '"1" < 2': "they compare values of different kinds",
    'if "a" then 2 else 3': "they take any value for a truth",
    "some x in [null] satisfies x > 1": "they know no third truth value here",
    "every x in [null] satisfies x > 1": "they know no third truth value here",
    "count(items[open]) = 1": "they do not filter by a bare name",
    'applicant["name"]': "they filter by a text",
    'substring("abc", 0)': "they take a position that does not exist",
    'substring("abc", 5)': "they take a position that does not exist",
    'date("2026-03-02") = date and time("2026-03-02T00:00:00Z")': "they take a date for a date and time",
    'string(duration("P1D") * 2)': "they do not multiply durations",
    'duration("PT36H").hours': "they do not normalise durations",
    'abs(duration("-P1D")) = duration("P1D")': "they do not take the size of a duration",
    'string(years and months duration(date("2025-01-01"), date(due)))': "they leave days and hours in it",
    "concatenate(null, [1])": "they take null for a list",
    "amount instance of number": "they do not know the type of a variable",
    "1 instance of number": "they do not know the type of a number",
}
"""Where the browser departs from the standard, and how."""


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    script = f"""
        import {{ evaluate }} from {json.dumps(FEELIN.as_uri())};
        const {{ sources, context }} = JSON.parse(await new Response(process.stdin).text());
        const values = {{}};
        for (const source of sources) {{
          try {{ values[source] = evaluate(source, context).value ?? null; }}
          catch (error) {{ values[source] = {{ $error: error.message }}; }}
        }}
        console.log(JSON.stringify(values));
    """
    given = json.dumps({"sources": [*AGREED, *DEPARTURES], "context": CONTEXT})
    done = subprocess.run(
        [NODE or "", "--input-type=module", "-e", script],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def ours(source: str) -> Any:
    return feel.to_json(feel.evaluate(source, CONTEXT).value)


def agree(mine: Any, other: Any) -> bool:
    if isinstance(mine, Decimal) and isinstance(other, int | float) and not isinstance(other, bool):
        return math.isclose(mine, other, rel_tol=1e-12)
    if isinstance(mine, list) and isinstance(other, list):
        return len(mine) == len(other) and all(map(agree, mine, other))
    if isinstance(mine, dict) and isinstance(other, dict):
        return mine.keys() == other.keys() and all(agree(value, other[key]) for key, value in mine.items())
    return type(mine) is type(other) and mine == other


@pytest.mark.parametrize("source", AGREED)
def test_browser_and_server_say_the_same(source: str, theirs: dict[str, Any]) -> None:
    assert agree(ours(source), theirs[source]), (ours(source), theirs[source])


@pytest.mark.parametrize("source", DEPARTURES)
def test_a_listed_departure_is_still_one(source: str, theirs: dict[str, Any]) -> None:
    assert not agree(ours(source), theirs[source]), "strike it from the list"
