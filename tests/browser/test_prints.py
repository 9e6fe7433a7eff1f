"""Prints in a real browser: the menu opens, the page shows what the PDF says, and nothing is refused."""

from __future__ import annotations

import pytest

from admin.centre import open_centre
from engine.definition import deploy
from engine.runtime import start_process
from engine.settings import read_settings
from engine.testing import system
from engine.testing.sketch import sketch
from engine.work import list_tasks
from tests.stories.product import environment


@pytest.fixture(scope="module")
def places(product) -> list[str]:
    """The pages of an instance and of its task."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    ctx = system(centre)
    drawn = sketch(
        "start begin\nuser ask name=Ask groups='[\"agents\"]'\nend over\nbegin -> ask -> over", key="asked"
    )
    deploy(ctx, files={"asked.bpmn": drawn})
    begun = start_process(ctx, process_key="asked")
    with ctx.read():
        (task,) = list_tasks(ctx, instance_id=begun.id)[1]
    centre.database.dispose()
    return [f"/instances/{begun.id}", f"/tasks/{task.id}"]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_print_menu_opens_and_leads_to_a_page_of_the_print(window, places, width):
    admin = window("admin", width=width)
    admin.open("/language/zh_Hant?next=/")
    for number, place in enumerate(places):
        admin.open(place)
        admin.page.get_by_role("button", name="列印").click()
        item = admin.page.get_by_role("link", name="表單及意見（網頁）")
        item.wait_for(state="visible")
        box = item.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert admin.overflow() <= 0
        admin.shoot(f"print-menu-{width}-{number}")
        address = item.get_attribute("href")
    admin.open(address)
    assert "發起人" in admin.page.inner_text("body")
    admin.shoot(f"print-{width}")
    pdf = admin.page.request.get(admin.product.url + address.partition("?")[0])
    assert (pdf.status, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.body().startswith(b"%PDF")
    assert admin.errors == []
