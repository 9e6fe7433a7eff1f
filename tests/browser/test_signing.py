"""Somebody signs a decision with a finger on a telephone, over a form that shows them what its step says."""

from __future__ import annotations

import json

import pytest

from admin.centre import open_centre
from engine.definition import deploy
from engine.runtime import start_process
from engine.settings import read_settings
from engine.testing import drawing, system
from engine.work import list_tasks
from tests.browser.test_pages import LANGUAGES, look_at
from tests.stories.product import environment

FORM = json.dumps(
    {
        "schemaVersion": 19,
        "type": "default",
        "components": [
            {"type": "number", "key": "days", "label": "Days", "id": "F1"},
            {"type": "number", "key": "salary", "label": "Salary", "id": "F2"},
            {"type": "textfield", "key": "grade", "label": "Grade", "id": "F3"},
            {
                "type": "dynamiclist",
                "path": "items",
                "label": "Items",
                "id": "F4",
                "components": [
                    {"type": "textfield", "key": "what", "label": "What", "id": "F5"},
                    {"type": "number", "key": "price", "label": "Price", "id": "F6"},
                ],
            },
        ],
    }
).encode()
DRAWN = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check the request"><bpmn:extensionElements>
      <callwright:task form="request" assignee='"admin"' fields="read"/>
      <callwright:field key="salary" right="hidden"/>
      <callwright:field key="items[].price" right="write"/>
      <callwright:field key="grade" right="required"/>
      <callwright:button name="transfer" hidden="true"/>
      <callwright:outcome name="approved" label="Approve" signature="required"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over" name="Over"/>
    begin -> check
    check -> over
    """,
    key="request",
)
VARIABLES = {"days": 3, "salary": 98765, "items": [{"what": "flight", "price": 10}]}


@pytest.fixture
def request_pages(product) -> tuple[str, str]:
    """Begin a request that somebody signs; return the pages of its task and of itself."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    try:
        deploy(system(centre), files={"request.bpmn": DRAWN, "request.form": FORM})
        begun = start_process(system(centre), process_key="request", variables=VARIABLES)
        reading = system(centre)
        with reading.read():
            [task] = list_tasks(reading, instance_id=begun.id)[1]
        return f"/tasks/{task.id}", f"/instances/{begun.id}"
    finally:
        centre.database.dispose()


def sign_by_finger(page, canvas):
    """Draw a stroke as a touch screen does."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    fingers = page.context.new_cdp_session(page)
    stroke = [
        (box["x"] + box["width"] * (0.2 + 0.03 * step), box["y"] + box["height"] * (0.3 + 0.4 * (step % 2)))
        for step in range(20)
    ]
    for kind, (x, y) in [("touchStart", stroke[0]), *(("touchMove", one) for one in stroke[1:])]:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_decision_is_signed_by_finger_on_a_telephone(window, request_pages):
    admin = window("admin", width=390)
    admin.open("/language/en?next=/")
    page = admin.open(request_pages[0])
    page.wait_for_selector("[data-form-island][data-ready]")
    said = page.inner_text("[data-form-island]")
    assert "Grade" in said
    assert "Salary" not in said
    assert "98765" not in page.content()
    assert page.locator(".fjs-repeat-render-add, [class*=repeat] button").count() == 0
    assert page.locator("form[action$='/transfer']").count() == 0
    page.get_by_label("Grade").click()
    page.keyboard.type("B2")
    page.keyboard.press("Tab")
    canvas = page.locator("[data-pad] canvas")
    sign_by_finger(page, canvas)
    assert page.input_value("#signature").startswith("data:image/png;base64,")
    page.click("[data-clear]")
    assert page.input_value("#signature") == ""
    sign_by_finger(page, canvas)
    page.set_input_files("#attachments", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"plan"})
    admin.shoot("signing-390")
    page.click("button[value=approved]")
    page.wait_for_url("**/tasks/")
    page = admin.open(request_pages[1])
    picture = page.locator(".cw-signature")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.cw-signature').naturalWidth === 720")
    assert "plan.txt" in page.inner_text("#timeline")
    admin.shoot("signed-390")
    assert admin.overflow() <= 0
    assert admin.errors == []


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_the_page_on_which_one_signs_is_whole(window, request_pages, locale):
    look_at(window, locale, request_pages)
