"""Somebody comes and goes through the running product: a login by invitation, none after the last day."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import requests

from admin.centre import open_centre
from engine.people import join_group, join_unit, put_group, put_unit
from engine.settings import read_settings
from engine.testing import system
from tests.stories.pages import hidden
from tests.stories.product import PASSWORD, Rest, environment, until
from tests.stories.story import account, now, texts_to

PHONE = "+85251239876"
GROUPS = {
    "hr_officers": ("qa",),
    "trainers": ("qa",),
    "finance_officers": ("qa",),
    "it_staff": ("designer",),
    "hiring_managers": ("supervisor",),
}


def organise(product):
    """The supervisor leads the floor, and stands below nobody; others have the offices."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    with system(centre).write() as ctx:
        put_unit(ctx, key="floor", name="Floor", head_key="supervisor")
        for key in ("agent", "supervisor"):
            join_unit(ctx, unit_key="floor", person_key=key)
        for group, people in GROUPS.items():
            put_group(ctx, key=group, name=group)
            for key in people:
                join_group(ctx, group_key=group, person_key=key)
    centre.database.dispose()


def do(who, instance, element, outcome, **data):
    """Finish the next open task of a step, once it is there."""

    def open_one():
        tasks = who.get(f"process-instances/{instance}/tasks")["result"]
        found = [task for task in tasks if task["element_id"] == element]
        return next((task["id"] for task in found if task["state"] in ("open", "claimed")), None)

    task = until(open_one, f"{element} waits for somebody")
    who.post(f"tasks/{task}/complete", {"outcome": outcome, "data": data})


def choose_password(link):
    """Choose a password by the link of an invitation."""
    with requests.Session() as browser:
        page = browser.get(link, timeout=20)
        said = {"csrf_token": hidden(page.text, "csrf_token"), "password": PASSWORD, "again": PASSWORD}
        answer = browser.post(link, said, timeout=20)
        assert answer.status_code == 200, answer.text


def test_somebody_comes_signs_in_goes_and_is_refused(make_product, twilio):
    product = make_product(**account(twilio))
    organise(product)
    product.up()
    boss, hr, tech = Rest(product, "supervisor"), Rest(product, "qa"), Rest(product, "designer")
    today = now().astimezone(ZoneInfo("Asia/Hong_Kong")).date()

    newcomer = {
        "full_name": "Eve Wong",
        "user_name": "eve",
        "unit": "floor",
        "phone": PHONE,
        "language": "en",
        "hired_on": today.isoformat(),
    }
    begun = boss.post("process-definitions/onboarding/start", {"variables": newcomer})["id"]
    # Whoever leads the unit has approved by asking.
    do(hr, begun, "approve_hr", "approved")
    (text,) = until(lambda: texts_to(twilio, PHONE, "/enter/"), "the invitation has come")
    eve = Rest(product, "eve")
    refused = {"username": "eve", "password": PASSWORD, "provider": "db"}
    sign_in = f"{product.url}/api/v1/security/login"
    assert requests.post(sign_in, json=refused, timeout=20).status_code == 401
    choose_password(re.search(r"http\S+/enter/[\w-]+", text)[0])
    assert eve.get("tasks", assignee="me")["count"] == 0

    do(tech, begun, "set_up", "done", extension="8102")
    do(boss, begun, "first_day", "done", papers_signed=True, house_shown=True)
    for mark in (82, 74):
        do(hr, begun, "train", "held", mark=mark)
    until(lambda: boss.get(f"process-instances/{begun}")["state"] == "completed", "the probation has begun")
    admin = Rest(product, "admin")
    (probation,) = until(
        lambda: admin.get("process-instances", key="probation")["result"], "the probation waits"
    )
    assert probation["state"] == "active"
    (employment,) = admin.get("employments", person_key="eve")["result"]
    assert (employment["state"], employment["extension"]) == ("probation", "8102")

    gone = {"last_on": (today - timedelta(days=1)).isoformat(), "reason": "A job near home"}
    leaving = eve.post("process-definitions/offboarding/start", {"variables": gone})["id"]
    eve.post(f"process-instances/{leaving}/withdraw", {"reason": "Once more over it"})
    do(eve, leaving, "apply", "handed_in", **gone)
    do(boss, leaving, "approve", "approved", last_on=gone["last_on"])
    # The last day is over: nobody names a successor any more.
    until(lambda: admin.get("employments", person_key="eve", state="left")["result"], "they are out")
    assert requests.post(sign_in, json=refused, timeout=20).status_code == 401
    assert eve._ask("GET", "/api/v1/tasks", params={"assignee": "me"}).status_code == 401
    do(hr, leaving, "exit_interview", "held", leaving_reason="commute", leaving_by="employee")
    do(tech, leaving, "return_things", "done", headset_back=True, card_back=True, accounts_closed=True)
    do(hr, leaving, "settle", "done", leave_settled=True, expenses_settled=True, papers_given=True)
    until(lambda: admin.get(f"process-instances/{leaving}")["state"] == "completed", "all is settled")
    (employment,) = admin.get("employments", leaving_reason="commute")["result"]
    assert (employment["person_key"], employment["left_on"]) == ("eve", gone["last_on"])
    product.stop()
