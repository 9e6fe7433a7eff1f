"""The lists of people who ask for and decide things, in every language, on a desk and in a hand."""

from __future__ import annotations

import pytest

from admin.centre import open_centre
from engine import runtime
from engine.people import add_cover, join_unit, put_unit
from engine.settings import read_settings
from engine.testing import person, system
from engine.work import list_tasks
from forms import save_start_draft
from tests.browser.test_pages import LANGUAGES, look_at
from tests.stories.product import environment

START = "/start/general_request/begin?form=request"
ASKED = {"subject": "Six headsets", "amount": 9000, "handler": "agent_hant"}


@pytest.fixture(scope="module")
def office(product):
    """A centre in which the supervisor leads the agents, the admin the supervisor, and QA is a cover."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    with system(centre).write() as ctx:
        put_unit(ctx, key="house", name="House", head_key="admin")
        put_unit(ctx, key="desk", name="Desk", parent_key="house", head_key="supervisor")
        for key in ("agent", "agent_hant", "supervisor"):
            join_unit(ctx, unit_key="desk", person_key=key)
        add_cover(ctx, person_key="admin", cover_key="qa")
    yield centre
    centre.database.dispose()


def ask(office, who, **said):
    variables = {**ASKED, **said}
    return runtime.start_process(person(office, who), process_key="general_request", variables=variables).id


def waiting(office, instance_id):
    with system(office).read() as ctx:
        return list_tasks(ctx, instance_id=instance_id)[1][0]


@pytest.fixture(scope="module")
def pages(office) -> list[str]:
    """A supervisor's day: something asked for, lent, decided, sent back, handed over, drafted; its pages."""
    supervisor = person(office, "supervisor")
    own = ask(office, "supervisor", subject="A desk")
    over = ask(office, "supervisor", subject="A lamp")
    runtime.cancel_request(supervisor, instance_id=over, reason="No need")
    first, second, third, fourth = (ask(office, "agent", subject=f"Chair {n}") for n in range(4))
    finish = office.registry.port("finish_task")
    finish(supervisor, task_id=waiting(office, first).id, outcome="approved", data={}, opinion="Yes")
    runtime.return_task(supervisor, task_id=waiting(office, second).id, to="apply", opinion="Which?")
    runtime.transfer_task(supervisor, task_id=waiting(office, third).id, to="designer", opinion="Yours")
    runtime.delegate_task(supervisor, task_id=waiting(office, fourth).id, to="designer", opinion="Look")
    runtime.circulate(person(office, "agent"), instance_id=first, to=["supervisor"], text="To know")
    said = {"process_key": "general_request", "start_event": "begin", "form": "request"}
    save_start_draft(supervisor, data={"subject": "A chair"}, **said)
    return [
        "/requests/",
        "/requests/?view=drafts",
        "/requests/?view=supervised",
        "/tasks/?view=done",
        "/tasks/?view=lent",
        "/tasks/?view=lent&beside=to_me",
        "/tasks/?view=lent&beside=as_cover",
        "/tasks/?view=lent&beside=by_cover",
        "/parts/?unread=1",
        "/start/",
        "/start/?q=zebra",
        f"/start/again/{over}",
        f"/instances/{own}",
        f"/instances/{first}",
    ]


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_the_lists_are_whole_in_every_language_and_width(window, pages, locale):
    look_at(window, locale, pages, who="supervisor")


@pytest.mark.parametrize(("locale", "width"), [("en", 1280), ("zh_Hans", 390), ("zh_Hant", 1280)])
def test_a_request_is_drafted_handed_in_hurried_cancelled_and_started_again(window, office, locale, width):
    subject = f"A kettle {locale}"
    agent = window("agent", width=width)
    agent.open(f"/language/{locale}?next=/")
    page = agent.open(START)
    page.locator("input[id*=subject]").first.fill(subject)
    page.locator("button[name=save]").click()
    page.wait_for_url("**/requests/?view=drafts")
    page.locator("#drafts a").first.click()
    page.wait_for_selector("input[id*=subject]")
    assert page.locator("input[id*=subject]").first.input_value() == subject
    page.locator("form button.btn-primary").first.click()
    page.wait_for_url("**/instances/**")
    begun = page.url.rstrip("/").rsplit("/", 1)[1]
    page.wait_for_selector("[data-diagram][data-ready]")
    assert page.locator(".cw-who").all_inner_texts() == ["Supervisor"]
    agent.shoot(f"drawing-{locale}-{width}")

    page = agent.open(f"/requests/?q={subject}")
    assert "Supervisor" in page.inner_text("#instances")
    page.locator("form[action$='/urge'] button").click()
    page.wait_for_url("**/instances/**")

    boss = window("supervisor", width=width)
    boss.open(f"/language/{locale}?next=/")
    assert subject in boss.open(f"/requests/?view=supervised&q={subject}").inner_text("#instances")

    runtime.cancel_request(person(office, "agent"), instance_id=begun, reason="No need")
    page = agent.open(f"/requests/?q={subject}")
    page.locator("a[href*='/start/again/']").click()
    page.wait_for_selector("input[id*=subject]")
    assert page.locator("input[id*=subject]").first.input_value() == subject
    agent.shoot(f"again-{locale}-{width}")
    page.locator("form button.btn-primary").first.click()
    page.wait_for_url("**/instances/**")
    with system(office).read() as ctx:
        found = [row["state"] for row in runtime.list_instances(ctx)[1] if row["title"] == subject]
    assert sorted(found) == ["active", "cancelled"]
    assert agent.errors == boss.errors == []
