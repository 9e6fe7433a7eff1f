"""Leave balances on their page."""

from datetime import date
from decimal import Decimal

from plugins.records import services
from plugins.records.rules import Span

GRANT = {"person_key": "mei", "kind": "annual", "year": "2026", "days": "14,5"}


def test_hr_grants_changes_and_removes_days_of_leave(ctx, make_person, enter, token_of):
    make_person("mei", "agent", name="Mei Chan")
    make_person("kit", "hr")
    browser = enter("kit")
    token = {"csrf_token": token_of(browser)}
    assert "No balance fits" in browser.get("/leave-balances").text
    assert browser.get("/leave-balances/set").status_code == 200
    made = browser.post("/leave-balances/set", data={**token, **GRANT})
    assert made.status_code == 303
    services.book_leave(
        ctx,
        person_key="mei",
        kind="annual",
        span=Span(first_on=date(2026, 3, 2), last_on=date(2026, 3, 2), half_last=True),
    )
    text = browser.get(made.headers["Location"]).text
    assert "Mei Chan" in text
    assert "Annual leave" in text
    assert [number in text for number in (">14.5<", ">0.5<", ">14<")] == [True, True, True]
    with ctx.read():
        _, (balance,) = services.list_balances(ctx)
    assert (balance["granted_days"], balance["changed_by"]) == (Decimal("14.5"), "kit")
    assert browser.post(f"/leave-balances/{balance['id']}/remove", data=token).status_code == 303
    assert "No balance fits" in browser.get("/leave-balances").text


def test_what_cannot_be_granted_is_said_at_its_field(make_person, enter, token_of):
    make_person("kit", "hr")
    browser = enter("kit")
    token = {"csrf_token": token_of(browser)}
    for wrong, said in (
        ({"person_key": "nobody"}, "There is no person nobody."),
        ({"days": "many"}, "Write a number such as 14 or 7.5."),
        ({"days": "0.2"}, "Write a number of days from 0 to 366"),
        ({"year": "next"}, "Write a year from 2000 to 2100."),
    ):
        answer = browser.post("/leave-balances/set", data={**token, **GRANT, "person_key": "kit", **wrong})
        assert answer.status_code == 422
        assert said in answer.text


def test_nobody_else_sees_or_sets_balances(make_person, enter, token_of):
    make_person("mei", "supervisor")
    browser = enter("mei")
    token = {"csrf_token": token_of(browser)}
    assert browser.get("/leave-balances").status_code == 403
    assert browser.post("/leave-balances/set", data={**token, **GRANT}).status_code == 403
