"""An appeal of a quality score from its first word to the new version, and the pages of scores around it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from admin.centre import open_centre
from engine import runtime
from engine.people import groups_of, set_groups
from engine.settings import read_settings
from engine.testing import person, system
from engine.work import list_tasks
from plugins.records import services
from tests.browser.test_pages import LANGUAGES, look_at
from tests.stories.product import environment

PARTS = [
    {"name": "Greeting", "weight": Decimal(1), "value": Decimal(100)},
    {"name": "Solution", "weight": Decimal(3), "value": Decimal(60)},
]


@pytest.fixture(scope="module")
def office(product):
    """A centre in which qa reviews appeals first, and the supervisor once more."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    ctx = system(centre)
    for key, group in (("qa", "qa_reviewers"), ("supervisor", "appeal_board"), ("admin", "kpi_committee")):
        with ctx.write():
            set_groups(ctx, person_key=key, group_keys=[*groups_of(ctx, key), group])
    yield centre
    centre.database.dispose()


@pytest.fixture
def publish(office):
    """Publish a score of the agent's that can still be appealed; give back the id of its first version."""

    def published(reference, kind="qa", person_key="agent"):
        with system(office).write() as ctx:
            made = services.publish_score(
                ctx,
                person_key=person_key,
                kind=kind,
                reference=reference,
                parts=PARTS,
                by="admin",
                appeal_until=ctx.now + timedelta(days=3),
            )
            return made.id

    return published


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_every_page_of_an_appeal_is_whole_in_every_language_and_width(window, office, publish, locale):
    call, month = f"Call {locale}", f"Month {locale}"
    score_id = publish(call, person_key="admin")
    publish(month, "kpi", person_key="admin")
    pages = []
    for process, reference in (("qa_appeal", call), ("kpi_appeal", month)):
        begun = runtime.start_process(
            person(office, "admin"),
            process_key=process,
            start_event="begin",
            variables={"reference": reference},
        )
        with system(office).read() as ctx:
            (task,) = list_tasks(ctx, instance_id=begun.id)[1]
        pages += [f"/tasks/{task.id}", f"/instances/{begun.id}"]
    pages += ["/my-scores", f"/my-scores/{score_id}", "/scores", f"/scores/{score_id}", "/scores/publish"]
    pages += [f"/start/qa_appeal/begin?form=which&reference={call}"]
    look_at(window, locale, pages)


@pytest.mark.parametrize(("locale", "width"), [("en", 1280), ("zh_Hans", 390), ("zh_Hant", 1280)])
def test_an_appeal_goes_from_the_score_to_a_second_review_and_a_new_score(
    window, office, publish, locale, width
):
    call = f"Call 8047 {locale} {width}"
    publish(call)
    windows = {key: window(key, width=width) for key in ("agent", "qa", "supervisor")}
    for one in windows.values():
        one.open(f"/language/{locale}?next=/")

    def task_of(key, view=""):
        page = windows[key].open(f"/tasks/{view}")
        page.locator(f"a:has-text('{call}')").first.click()
        page.wait_for_selector("button[name=outcome], form[action$='/claim']")
        if page.locator("form[action$='/claim'] button").count():
            page.locator("form[action$='/claim'] button").first.click()
        page.wait_for_selector("button[name=outcome]")
        page.wait_for_selector("[data-form-island] .fjs-form-field")
        return page

    def decide(key, outcome, opinion=None):
        page = windows[key].page
        if opinion is not None:
            page.fill("textarea[name=opinion]", opinion)
        assert windows[key].overflow() <= 0
        windows[key].shoot(f"appeal-{outcome}-{key}-{locale}-{width}")
        page.locator(f"button[name=outcome][value={outcome}]").click()
        page.wait_for_url(lambda url: not url.endswith("/complete"))

    page = windows["agent"].open("/my-scores")
    windows["agent"].shoot(f"appeal-my-scores-{locale}-{width}")
    page.locator(f"tr:has-text('{call}') a.btn").click()
    page.wait_for_selector("input[id*=reference]")
    assert page.locator("input[id*=reference]").input_value() == call
    page.locator("form button.btn-primary").first.click()
    page.wait_for_url("**/instances/**")
    page = task_of("agent")
    page.locator("input[id*=reason]").nth(1).fill("The line was cut")
    page.locator("textarea[id*=statement]").fill("I could not solve it without hearing them")
    decide("agent", "handed_in")

    page = task_of("qa", "?view=group")
    assert (
        page.locator("textarea[id*=statement]").input_value() == "I could not solve it without hearing them"
    )
    page.locator("input[id*=proposed]").nth(1).fill("70")
    decide("qa", "partly", "The line was bad, but it was heard")

    task_of("agent")
    decide("agent", "second", "It was not heard at all")

    page = task_of("supervisor", "?view=group")
    page.locator("input[id*=proposed]").nth(1).fill("92")
    decide("supervisor", "upheld", "Nothing can be heard on it")

    page = windows["agent"].open("/my-scores")
    page.locator(f"a:has-text('{call}')").first.click()
    page.wait_for_selector("#content, main")
    assert "Nothing can be heard on it" in page.inner_text("body")
    assert "94" in page.inner_text("body")
    windows["agent"].shoot(f"appeal-new-score-{locale}-{width}")
    with system(office).read() as ctx:
        rows = services.list_scores(ctx, reference=call, sort="version")[1]
    assert [(row["value"], row["published_by"]) for row in rows] == [(70, "admin"), (94, "supervisor")]
    assert [error for one in windows.values() for error in one.errors] == []
