"""What became of the errands: nothing lost, nothing done twice, nothing said twice, nothing left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from engine.testing.twilio_standin import TwilioStandIn
from tests.chaos import drawing
from tests.chaos.report import Report
from tests.stories.product import Product

_UNDER_WAY = (
    "SELECT count(*) FROM job WHERE state IN ('waiting', 'running')"
    " AND (instance_id IS NOT NULL OR state = 'running')"
)


def completed(product: Product) -> int:
    """Return how many errands are over."""
    return _one(product, "SELECT count(*) FROM process_instance WHERE state = 'completed'")


def under_way(product: Product) -> int:
    """Return how many jobs wait or run for an instance, or run for nobody."""
    return _one(product, _UNDER_WAY)


def take(report: Report, product: Product, numbers: Collection[int], twilio: TwilioStandIn) -> None:
    """Count everything and hold it against the bars.

    Args:
        report: What gets the counts.
        product: Whose database is looked into.
        numbers: The errands that were begun and finished by their person.
        twilio: Who carried their messages.
    """
    count = len(numbers)
    states = dict(product.rows("SELECT state, count(*) FROM process_instance GROUP BY state"))
    report.equal("instances completed", states.get("completed", 0), count)
    report.equal("instances in another state", sum(states.values()) - states.get("completed", 0), 0)
    count_transitions(report, product, count)
    totals = Counter(
        int(row[0]) for row in product.rows("SELECT value FROM variable_write WHERE name = 'total'")
    )
    report.equal("results written wrongly, twice or not", _differ(totals, map(drawing.total, numbers)), 0)
    count_messages(report, product, numbers, twilio)
    count_leftovers(report, product)
    lost = product.rows("SELECT count(*), coalesce(max(lost_count), 0) FROM job WHERE lost_count > 0")[0]
    report.figure("jobs that were lost with their worker", f"{lost[0]:,}, at most {lost[1]} times one")


def count_transitions(report: Report, product: Product, count: int) -> None:
    """Count the element visits: each element once for each errand, and each of them over."""
    visits = "SELECT element_id, state, instance_id FROM element_visit"
    report.figure("transitions", _one(product, f"SELECT count(*) FROM ({visits}) v"))
    once = f"SELECT element_id, instance_id, count(*) AS n FROM ({visits}) v GROUP BY element_id, instance_id"
    report.equal("transitions doubled", _one(product, f"SELECT count(*) FROM ({once}) o WHERE n > 1"), 0)
    done = _one(product, f"SELECT count(*) FROM ({once}) o") - _one(
        product, f"SELECT count(*) FROM ({visits}) v WHERE state <> 'completed'"
    )
    report.equal("transitions lost", count * len(drawing.ELEMENTS) - done, 0)


def count_messages(report: Report, product: Product, numbers: Collection[int], twilio: TwilioStandIn) -> None:
    """Count what the provider took, by our key and by who got it."""
    by_key = twilio.accepted_count
    got = Counter(message["to"] for message in list(twilio.messages.values()))
    report.figure("SMS accepted", sum(by_key.values()))
    report.equal("keys with more than one SMS", sum(n > 1 for n in by_key.values()), 0)
    report.equal("people with more than one SMS", sum(n > 1 for n in got.values()), 0)
    silent = [number for number in numbers if drawing.phone(number) not in got]
    doubt = _one(product, "SELECT count(*) FROM notification WHERE state = 'unknown'")
    seen = _one(product, "SELECT count(*) FROM incident WHERE state = 'open'")
    report.equal("people without their SMS", len(silent), 0)
    report.equal("SMS in doubt that nobody is told of", max(0, doubt - seen), 0)


def count_leftovers(report: Report, product: Product) -> None:
    """Count what nobody would ever take up again."""
    report.equal("jobs of instances that are over", _one(
        product,
        "SELECT count(*) FROM job JOIN process_instance i ON i.id = job.instance_id"
        " WHERE job.state IN ('waiting', 'running') AND i.state NOT IN ('active', 'suspended')",
    ), 0)  # fmt: skip
    report.equal("jobs in the hands of nobody", _one(
        product, "SELECT count(*) FROM job WHERE state = 'running' AND (owner IS NULL OR lease_until IS NULL)"
    ), 0)  # fmt: skip
    open_tasks = _one(product, "SELECT count(*) FROM user_task WHERE state IN ('open', 'claimed')")
    report.equal("tasks still open", open_tasks, 0)
    report.equal("incidents", _one(product, "SELECT count(*) FROM incident"), 0)


def _differ(found: Counter[int], wanted: Collection[int] | map[int]) -> int:
    """Count what is missing, what is too much."""
    expected = Counter(wanted)
    return sum(((found - expected) + (expected - found)).values())


def _one(product: Product, query: str) -> int:
    return int(product.rows(query)[0][0])
