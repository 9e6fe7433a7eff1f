"""A general request from its first word to its last, in every language, on a desk and in a hand."""

from __future__ import annotations

import pytest

from admin.centre import open_centre
from engine import runtime
from engine.people import join_unit, put_unit
from engine.settings import read_settings
from engine.testing import person, system
from engine.work import list_tasks
from tests.browser.test_pages import LANGUAGES, look_at
from tests.stories.product import environment

START = "/start/general_request/begin?form=request"


@pytest.fixture(scope="module")
def office(product):
    """A centre in which the supervisor leads the agents, and the admin the supervisor."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    with system(centre).write() as ctx:
        put_unit(ctx, key="house", name="House", head_key="admin")
        put_unit(ctx, key="desk", name="Desk", parent_key="house", head_key="supervisor")
        for key in ("agent", "agent_hant", "supervisor"):
            join_unit(ctx, unit_key="desk", person_key=key)
    yield centre
    centre.database.dispose()


@pytest.fixture(scope="module")
def pages(office) -> list[str]:
    """A request that was sent back once and about which much is asked; return the pages that show it."""
    variables = {"subject": "Six headsets", "amount": 9000, "approvers": ["qa"], "handler": "agent_hant"}
    agent, supervisor = person(office, "agent"), person(office, "supervisor")
    begun = runtime.start_process(agent, process_key="general_request", variables=variables).id
    runtime.start_process(person(office, "supervisor"), process_key="general_request", variables=variables)
    runtime.start_process(person(office, "supervisor"), process_key="general_request", variables=variables)

    def waiting(who):
        with system(office).read() as ctx:
            return next(task.id for task in list_tasks(ctx, instance_id=begun)[1] if task.assignee == who)

    first = waiting("supervisor")
    runtime.return_task(supervisor, task_id=first, to="apply", opinion="Which model?")
    hand_in = office.registry.port("finish_task")
    hand_in(agent, task_id=waiting("agent"), outcome="handed_in", data=variables, opinion=None)
    runtime.circulate(agent, instance_id=begun, to=["admin", "designer"], text="For your information")
    runtime.follow(person(office, "admin"), instance_id=begun)
    runtime.consult(supervisor, task_id=waiting("supervisor"), person_key="admin", question="In the budget?")
    runtime.urge(agent, instance_id=begun, text="The old ones are broken")
    runtime.delegate_task(supervisor, task_id=waiting("supervisor"), to="admin", opinion="Right price?")
    return [
        f"/tasks/{waiting('admin')}",
        f"/instances/{begun}",
        "/parts/",
        "/parts/?view=asked",
        "/parts/?view=follow",
        "/tasks/several/",
        START,
        "/processes/general_request",
    ]


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_a_request_is_whole_in_every_language_and_width(window, pages, locale):
    look_at(window, locale, pages)


@pytest.mark.parametrize(("locale", "width"), [("en", 1280), ("zh_Hans", 390), ("zh_Hant", 390)])
def test_a_request_goes_its_way_from_page_to_page(window, office, locale, width):
    subject = f"A lamp {locale} {width}"
    agent = window("agent", width=width)
    agent.open(f"/language/{locale}?next=/")
    page = agent.open(START)
    page.locator("input[id*=subject]").first.fill(subject)
    page.locator("button[name=preview]").click()
    page.wait_for_selector("#path")
    assert "Supervisor" in page.inner_text("#path")
    assert agent.overflow() <= 0
    agent.shoot(f"path-{locale}-{width}")
    assert page.locator("input[id*=subject]").first.input_value() == subject
    page.locator("form button.btn-primary").first.click()
    page.wait_for_url("**/instances/**")

    boss = window("supervisor", width=width)
    boss.open(f"/language/{locale}?next=/")
    page = boss.open("/tasks/")
    page.locator(f"a:has-text('{subject}')").first.click()
    page.locator("details:has(form[action$='/return']) summary").click()
    page.fill("#return_opinion", "Which one?")
    page.locator("form[action$='/return'] button").click()
    page.wait_for_url("**/tasks/")

    page = agent.open("/tasks/")
    page.locator(f"a:has-text('{subject}')").first.click()
    page.locator("textarea[id*=details]").first.fill("The one with a clamp")
    agent.shoot(f"again-{locale}-{width}")
    page.locator("button[name=outcome][value=handed_in]").click()
    page.wait_for_load_state()

    page = boss.open("/tasks/")
    page.locator(f"a:has-text('{subject}')").first.click()
    assert "clamp" in page.inner_text("body") or "clamp" in page.locator("textarea").first.input_value()
    boss.shoot(f"decide-{locale}-{width}")
    page.locator("button[name=outcome][value=approved]").click()
    page.wait_for_load_state()
    with system(office).read() as ctx:
        found = [row for row in runtime.list_instances(ctx)[1] if row["title"] == subject]
    assert [row["state"] for row in found] == ["completed"]
    assert agent.errors == boss.errors == []
