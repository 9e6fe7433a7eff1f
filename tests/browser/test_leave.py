"""Leave from its first word to the booking, in every language, on a desk and in a hand."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from admin.centre import open_centre
from engine import runtime
from engine.chinese import foreign_characters
from engine.people import add_cover, end_cover, join_unit, put_group, put_unit, set_groups
from engine.settings import read_settings
from engine.testing import person, system
from engine.work import list_tasks
from plugins.records.rules import Span
from plugins.records.services import absences_between, book_leave, count_days, read_balance, set_balance
from tests.browser.test_pages import LANGUAGES, PRESSED, TOO_LOW
from tests.stories.product import environment

START = "/start/leave_request/begin?form=leave"
WIDTHS = (1280, 390)
# What a page says in its reader's language: the names of steps, buttons and fields.
WORDS = {
    "en": {
        "sick": "Sick leave", "annual": "Annual leave", "days": "Working days", "left": "Days left before",
        "cover": "Agree to cover", "approve": "Approve the leave", "long": "Approve the long leave",
        "check": "Check the paper", "short": "are left", "before": "is before the first day",
        "oneself": "Nobody covers for themselves", "away": "away already", "halves": "either the morning",
        "cover_away": "cover is away", "free": "no working day", "granted": "Your leave is granted",
    },
    "zh_Hans": {
        "sick": "病假", "annual": "年假", "days": "工作日数", "left": "申请前余额",
        "cover": "确认能否代班", "approve": "审批请假", "long": "审批长假",
        "check": "核对证明", "short": "余额只有", "before": "早于开始日期",
        "oneself": "不能由自己代班", "away": "已有假期", "halves": "上午与下午",
        "cover_away": "代班人该时段休假", "free": "没有工作日", "granted": "您的假期已获批准",
    },
    "zh_Hant": {
        "sick": "病假", "annual": "年假", "days": "工作日數", "left": "申請前餘額",
        "cover": "確認能否代班", "approve": "審批請假", "long": "審批長假",
        "check": "核對證明", "short": "餘額只有", "before": "早於開始日期",
        "oneself": "不能由自己代班", "away": "已有假期", "halves": "上午與下午",
        "cover_away": "代班人該時段休假", "free": "沒有工作日", "granted": "您的假期已獲批准",
    },
}  # fmt: skip


def monday(office, weeks: int) -> date:
    """Return the Monday of the first two weeks, so many weeks from now, without holidays and absences."""
    today = date.today()  # noqa: DTZ011
    found = today + timedelta(days=7 * weeks - today.weekday())
    while True:
        with system(office).read() as ctx:
            days = count_days(ctx, Span(first_on=found, last_on=found + timedelta(days=13)))
            away = absences_between(ctx, first_on=found, last_on=found + timedelta(days=13))
        if sum(days.values()) == 10 and not away:
            return found
        found += timedelta(days=7)


@pytest.fixture(scope="module")
def office(product):
    """The supervisor leads the agents, the admin the supervisor; the designer checks papers."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    with system(centre).write() as ctx:
        put_unit(ctx, key="house", name="House", head_key="admin")
        put_unit(ctx, key="desk", name="Desk", parent_key="house", head_key="supervisor")
        for key in ("agent", "agent_hant", "supervisor"):
            join_unit(ctx, unit_key="desk", person_key=key)
        put_group(ctx, key="leave_officers", name="Leave officers")
        set_groups(ctx, person_key="designer", group_keys=["leave_officers"])
        this_year = ctx.now.year
        for year in range(this_year, this_year + 3):
            set_balance(ctx, person_key="agent", kind="sick", year=year, days=Decimal(100))
            set_balance(ctx, person_key="agent", kind="annual", year=year, days=Decimal(3))
    yield centre
    centre.database.dispose()


class Desk:
    """Somebody's window in a language, looked at in both widths."""

    def __init__(self, window, who, locale, width, story):
        self.window = window(who, width=width)
        self.page = self.window.page
        self.locale, self.width, self.story = locale, width, story
        self.said = WORDS[locale]
        self.window.open(f"/language/{locale}?next=/")

    def open(self, path):
        self.window.open(path)
        return self.page

    def look(self, name, *words):
        """See in both widths that a page is whole and says what it should; keep its pictures."""
        for width in sorted(WIDTHS, key=lambda one: one == self.width):
            self.page.set_viewport_size({"width": width, "height": 850})
            if self.page.locator("[data-form-island]").count():
                self.page.wait_for_selector("[data-form-island][data-ready]")
            self.window.shoot(f"leave-{self.story}-{name}-{self.locale}-{width}")
            assert self.window.overflow() <= 0, f"{name} scrolls sideways at {width}"
            if width == 390:
                assert self.page.evaluate(TOO_LOW, PRESSED) == [], name
        assert self.page.get_attribute("html", "lang") == LANGUAGES[self.locale]
        read = self.page.inner_text("body")
        typed = self.page.locator("input:not([type=hidden]), textarea")
        read_in = " ".join(typed.evaluate_all("all => all.map(one => one.value)"))
        for word in words:
            assert self.said.get(word, word) in read + read_in, f"{name}: {word} is not in {read} {read_in}"
        titles = read.replace("简体中文", "").replace("繁體中文", "")
        for told in self.page.locator("#said").all_inner_texts():
            # What people were told stands there in the language that they read then.
            titles = titles.replace(told, "")
        assert self.locale == "en" or not foreign_characters(self.locale, titles), name

    def fill(self, *, kind=None, first_on=None, last_on=None, cover=None, reason=None, paper=None, halves=()):
        """Fill the form in as people do."""
        page = self.page
        page.wait_for_selector("[data-form-island][data-ready]")
        if kind is not None:
            self.choose("kind", self.said[kind])
        if cover is not None:
            self.choose("cover", cover)
        for number, day in enumerate((first_on, last_on)):
            if day is not None:
                field = page.locator(
                    ".fjs-form-field-datetime input.flatpickr-input, .fjs-datetime-root input"
                ).nth(number)
                field.fill(day.strftime("%m/%d/%Y" if self.locale == "en" else "%Y/%m/%d"))
                field.press("Enter")
        for name in halves:
            page.locator(f"input[type=checkbox][id*={name}]").check()
        if reason is not None:
            page.locator("textarea[id*=reason]").fill(reason)
        if paper is not None:
            page.locator("[data-form-island] input[type=file]").set_input_files(
                {"name": paper, "mimeType": "text/plain", "buffer": b"The doctor says so."}
            )

    def choose(self, key, text):
        field = self.page.locator(f".fjs-form-field-select:has([id*={key}])").first
        field.locator(".fjs-input-group, .fjs-select-display, input").first.click()
        self.page.locator(".fjs-dropdownlist-item", has_text=text).first.click()

    def preview(self):
        self.page.locator("button[name=preview]").click()
        self.page.wait_for_load_state()

    def task(self, number):
        """Open what waits for them of a request, from their list."""
        self.open("/tasks/")
        self.look("list", number)
        self.page.locator(f"tr:has-text('{number}') a").first.click()
        self.page.wait_for_load_state()

    def decide(self, outcome, opinion=None):
        if opinion is not None:
            self.page.fill("#opinion", opinion)
        self.page.locator(f"button[name=outcome][value={outcome}]").click()
        self.page.wait_for_load_state()


@pytest.mark.parametrize(("locale", "width"), [("en", 1280), ("zh_Hans", 390), ("zh_Hant", 390)])
def test_sick_leave_goes_from_the_agent_over_everybody_to_the_booking(window, office, locale, width):
    first_on = monday(office, {"en": 4, "zh_Hans": 6, "zh_Hant": 8}[locale])
    last_on = first_on + timedelta(days=4)

    def desk(who):
        return Desk(window, who, locale, width, "walk")

    with system(office).read() as ctx:
        before = read_balance(ctx, person_key="agent", kind="sick", year=first_on.year).left_days

    # The agent asks for five days, sees what it takes and who will be asked, and hands it in.
    agent = desk("agent")
    agent.open(START)
    agent.look("1-start")
    agent.fill(kind="sick", first_on=first_on, last_on=last_on, cover="Agent Hant", reason="A broken leg")
    agent.preview()
    agent.look(
        "2-path", "days", "left", "cover", "approve", "long", "check", "Agent Hant", "Supervisor", "Admin"
    )
    agent.page.locator("form button.btn-primary").first.click()
    agent.page.wait_for_url("**/instances/**")
    request = agent.page.url.removeprefix(agent.window.product.url)
    agent.look("3-request", "cover", "Agent Hant")
    number = re.search(r"L-\d{4}-\d{4}", agent.page.inner_text("body"))[0]

    # The cover agrees, and sees neither the reason nor the paper.
    cover = desk("agent_hant")
    cover.task(number)
    cover.look("4-cover", "cover", "sick")
    assert "broken leg" not in cover.page.content()
    cover.decide("approved")

    # The manager sends it back; the agent adds the paper and hands it in again; the cover is asked again.
    boss = desk("supervisor")
    boss.task(number)
    boss.look("5-approve", "approve", "sick")
    boss.page.locator("details:has(form[action$='/return']) summary").click()
    boss.page.select_option("form[action$='/return'] select", "apply")
    boss.page.fill("#return_opinion", "The paper is missing")
    boss.look("6-send-back")
    boss.page.locator("form[action$='/return'] button").click()
    boss.page.wait_for_url("**/tasks/")
    agent.task(number)
    agent.look("7-again", "The paper is missing")
    agent.fill(paper="doctor.txt")
    agent.decide("handed_in")
    cover.task(number)
    cover.decide("approved")
    boss.task(number)
    boss.look("8-approve-again", "approve", "doctor.txt")
    boss.decide("approved")

    # The one above approves long leave, and the leave officer checks the paper.
    above = desk("admin")
    above.task(number)
    above.look("9-long", "long", "broken leg")
    above.decide("approved")
    officer = desk("designer")
    officer.task(number)
    officer.look("10-paper", "check", "doctor.txt")
    officer.decide("approved")

    # It is booked, the balance is less, and everybody concerned knows.
    with system(office).read() as ctx:
        [booked] = absences_between(ctx, first_on=first_on, last_on=last_on, person_key="agent")
        left = read_balance(ctx, person_key="agent", kind="sick", year=first_on.year).left_days
    assert (booked.first_on, booked.last_on) == (first_on, last_on)
    assert left == before - booked.days
    agent.open(request)
    agent.look("11-granted")
    agent.open("/")
    agent.look("12-told")
    cover.open("/parts/")
    cover.look("13-copy")


def asked(office, first_on, **said):
    """Ask for a day off in the agent's place; return its page."""
    variables = {"kind": "other", "first_on": first_on.isoformat(), "last_on": first_on.isoformat()}
    who = said.pop("who", "agent")
    begun = runtime.start_process(
        person(office, who), process_key="leave_request", variables={**variables, **said}
    )
    return begun.id


def open_tasks(office, instance_id):
    with system(office).read() as ctx:
        return {task.assignee: task.id for task in list_tasks(ctx, instance_id=instance_id)[1]}


@pytest.mark.parametrize(("locale", "width"), [("en", 390), ("zh_Hans", 1280), ("zh_Hant", 390)])
def test_what_cannot_be_is_said_before_anybody_is_asked(window, office, locale, width):
    week = monday(office, {"en": 10, "zh_Hans": 14, "zh_Hant": 18}[locale])
    with system(office).write() as ctx:
        for who, day in (("agent", week + timedelta(days=7)), ("agent_hant", week + timedelta(days=10))):
            book_leave(ctx, person_key=who, kind="other", span=Span(first_on=day, last_on=day))
    agent = Desk(window, "agent", locale, width, "bad")

    def told(name, *words, **answers):
        agent.open(START)
        agent.fill(kind="annual", **answers)
        agent.preview()
        agent.look(name, *words)

    told("1-fields", "before", "oneself", first_on=week + timedelta(days=1), last_on=week, cover="Agent")
    told("2-halves", "halves", first_on=week, last_on=week, halves=("half_first", "half_last"))
    told("3-short", "short", first_on=week, last_on=week + timedelta(days=4))
    told("4-free", "free", first_on=week + timedelta(days=5), last_on=week + timedelta(days=6))
    told("5-away", "away", first_on=week + timedelta(days=4), last_on=week + timedelta(days=8))
    away_on = week + timedelta(days=10)
    told("6-cover", "cover_away", first_on=away_on - timedelta(days=1), last_on=away_on, cover="Agent Hant")

    # Who hands it in all the same is told what to change, and nobody else hears of it.
    agent.page.locator("form button.btn-primary").first.click()
    agent.page.wait_for_url("**/instances/**")
    instance_id = agent.page.url.rpartition("/")[2].split("#")[0]
    tasks = open_tasks(office, instance_id)
    assert list(tasks) == ["agent"]
    agent.open(f"/tasks/{tasks['agent']}")
    agent.look("7-change", "cover_away")


@pytest.mark.parametrize(("locale", "width"), [("en", 1280), ("zh_Hans", 390), ("zh_Hant", 1280)])
def test_where_the_manager_is_away_their_cover_decides_for_them(window, office, locale, width):
    day = monday(office, {"en": 22, "zh_Hans": 24, "zh_Hant": 26}[locale])
    with system(office).write() as ctx:
        cover = add_cover(ctx, person_key="supervisor", cover_key="qa").id
    instance_id = asked(office, day)
    with system(office).write() as ctx:
        end_cover(ctx, cover_id=cover)
    tasks = open_tasks(office, instance_id)
    assert list(tasks) == ["qa"]
    qa = Desk(window, "qa", locale, width, "for")
    qa.open(f"/tasks/{tasks['qa']}")
    qa.look("1-task", "approve", "Supervisor")
    qa.decide("approved")
    agent = Desk(window, "agent", locale, width, "for")
    agent.open(f"/instances/{instance_id}")
    agent.look("2-granted", "Supervisor", "Qa")


def test_who_leads_a_unit_is_decided_on_by_who_stands_above_it(office):
    assert list(open_tasks(office, asked(office, monday(office, 28), who="supervisor"))) == ["admin"]
