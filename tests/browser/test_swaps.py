"""A shift that changes hands: asked for, agreed to, approved and exchanged; on a desk and in a hand."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from admin.centre import open_centre
from engine.people import join_unit, put_unit
from engine.settings import read_settings
from engine.testing import system
from plugins.records import services
from tests.browser.test_pages import look_at
from tests.stories.product import environment

START = "/start/shift_swap/begin?form=shift"


@pytest.fixture(scope="module")
def office(product):
    """A centre in which the supervisor leads two agents."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    with system(centre).write() as ctx:
        put_unit(ctx, key="floor", name="Floor", head_key="supervisor")
        for key in ("agent", "agent_hant"):
            join_unit(ctx, unit_key="floor", person_key=key)
    yield centre
    centre.database.dispose()


@pytest.fixture
def shifts(office):
    """Write a shift of each agent; return their days, and who works on them."""

    def write(weeks):
        ctx = system(office)
        with ctx.read():
            today = ctx.now.astimezone(ctx.settings.zone).date()
        days = [today + timedelta(weeks=weeks), today + timedelta(weeks=weeks, days=3)]
        for key, day in zip(("agent", "agent_hant"), days, strict=True):
            services.put_shift(ctx, person_key=key, day=day, starts=time(9), ends=time(17), kind="day")

        def workers():
            with system(office).read() as reading:
                found = services.shifts_between(reading, first_on=days[0], last_on=days[1])
                return [(shift.person_key, shift.day) for shift in found]

        return days, workers

    return write


def choose_day(page, key, day):
    """Type a day into a field of a form, in the order that it shows."""
    field = page.locator(f"input[id$='{key}-date']")
    said = field.get_attribute("placeholder").lower()
    for words, part in (
        (("yyyy", "年"), f"{day:%Y}"),
        (("mm", "月"), f"{day:%m}"),
        (("dd", "日"), f"{day:%d}"),
    ):
        said = said.replace(words[0], part).replace(words[1], part)
    field.fill(said)
    field.press("Enter")


def choose_person(page, key, name):
    """Search somebody in a field of a form, and take who is found."""
    page.locator(f"input[id$='{key}']").fill(name)
    page.locator(f".fjs-dropdownlist-item:has-text('{name}')").first.click()


def decide(window, task, outcome, shot):
    """Open a task from somebody's list and decide it."""
    page = window.open("/tasks/")
    page.locator(f"a[href*='/tasks/']:has-text('{task}')").first.click()
    page.wait_for_selector(".fjs-form-field")
    assert window.overflow() <= 0
    window.shoot(shot)
    page.locator(f"button[name=outcome][value={outcome}]").first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize(
    ("at", "locale", "width"), [(2, "en", 1280), (4, "zh_Hans", 390), (6, "zh_Hant", 390)]
)
def test_a_swap_goes_its_way_from_page_to_page(window, shifts, at, locale, width):
    (own_day, other_day), workers = shifts(at)
    assert workers() == [("agent", own_day), ("agent_hant", other_day)]

    def of(person):
        made = window(person, width=width)
        made.open(f"/language/{locale}?next=/")
        return made

    agent = of("agent")
    page = agent.open(START)
    # The first try names a day without a shift: the form comes back and says why.
    page.wait_for_selector(".fjs-form-field")
    choose_day(page, "field_day", own_day + timedelta(days=1))
    choose_person(page, "field_colleague", "Agent Hant")
    choose_day(page, "field_colleague_day", other_day)
    agent.shoot(f"swap-ask-{locale}-{width}")
    page.locator("form button.btn-primary").first.click()
    page.wait_for_url("**/instances/**")

    page = agent.open("/tasks/")
    page.locator(f"a[href*='/tasks/']:has-text('{own_day + timedelta(days=1)}')").first.click()
    page.wait_for_selector(".fjs-form-field strong")
    agent.shoot(f"swap-why-{locale}-{width}")
    choose_day(page, "field_day", own_day)
    page.locator("button[name=outcome][value=handed_in]").click()
    page.wait_for_load_state()

    colleague, boss = of("agent_hant"), of("supervisor")
    decide(colleague, own_day, "approved", f"swap-agree-{locale}-{width}")
    assert workers() == [("agent", own_day), ("agent_hant", other_day)]
    decide(boss, own_day, "approved", f"swap-approve-{locale}-{width}")
    assert workers() == [("agent_hant", own_day), ("agent", other_day)]
    page = agent.open("/my-shifts")
    agent.shoot(f"my-shifts-{locale}-{width}")
    assert "09:00–17:00" in page.inner_text("main")
    assert agent.errors == colleague.errors == boss.errors == []


@pytest.mark.parametrize("locale", ["en", "zh_Hans", "zh_Hant"])
def test_the_pages_of_shifts_are_whole(window, shifts, locale):
    days, _ = shifts(8)
    week = f"/shifts?week={days[0].isoformat()}"
    pages = [week, "/shifts/set", "/overtime", "/my-shifts", START, "/start/overtime/begin?form=overtime"]
    look_at(window, locale, [*pages, "/processes/shift_swap", "/processes/overtime"])
