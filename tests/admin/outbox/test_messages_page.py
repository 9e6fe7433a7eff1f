"""The page of messages: what nobody can tell is settled by an operator."""

import pytest

from engine.notify import Notification, get_notification


@pytest.fixture
def lost(ctx):
    """A message of which nobody can tell whether it was sent."""
    with ctx.write():
        one = Notification(
            event="created", channel="sms", gateway="console", person_key="ben", address="+85251230001",
            locale="en", body="Come at ten", state="unknown", created_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(one)
        ctx.session.flush()
        return one.id


def state_of(ctx, notification_id):
    with ctx.read():
        return get_notification(ctx, notification_id)["state"]


@pytest.fixture
def post(token_of):
    def send(browser, path, **said):
        return browser.post(path, data={**said, "csrf_token": token_of(browser)})

    return send


@pytest.mark.parametrize(("taken", "after"), [("yes", "sent"), ("no", "waiting")])
def test_an_operator_settles_a_message_in_doubt(ctx, make_person, enter, post, lost, taken, after):
    make_person("olu", "operator")
    browser = enter("olu")
    text = browser.get("/messages/?state=unknown").text
    assert "Unknown means: the provider stopped answering" in text
    assert f'action="/messages/{lost}/settle"' in text
    post(browser, f"/messages/{lost}/settle", taken=taken, reason="  ")
    assert state_of(ctx, lost) == "unknown"
    assert "Say how you know" in browser.get("/messages/").text
    post(browser, f"/messages/{lost}/settle", taken=taken, reason="I asked Ben")
    assert state_of(ctx, lost) == after
    assert "Unknown means" not in browser.get("/messages/").text


def test_who_repairs_nothing_is_offered_nothing(ctx, make_person, enter, post, lost):
    make_person("sue", "supervisor")
    browser = enter("sue")
    assert "/settle" not in browser.get("/messages/").text
    assert post(browser, f"/messages/{lost}/settle", taken="yes", reason="-").status_code == 403
    assert state_of(ctx, lost) == "unknown"
