"""How durations are said on pages, and what stands in a table that is saved."""

import pytest
from flask_babel import force_locale

from admin.kit.formats import duration
from admin.kit.sheets import csv_file

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "—"),
        (0, "0 seconds"),
        (0.4, "0 seconds"),
        (59.6, "1 minute"),
        (61, "1 minute 1 second"),
        (HOUR, "1 hour"),
        (HOUR - 0.4, "1 hour"),
        (HOUR + 29 * 60 + 31, "1 hour 30 minutes"),
        (DAY - 1, "1 day"),
        (1.5 * DAY, "1 day 12 hours"),
        (40 * DAY + 1, "40 days"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(app, seconds, said):
    with app.test_request_context(), force_locale("en"):
        assert duration(seconds) == said


@pytest.mark.parametrize(("locale", "said"), [("zh_Hans", "1天 12小时"), ("zh_Hant", "1 天 12 小時")])
def test_a_duration_is_said_in_the_language_of_the_page(app, locale, said):
    with app.test_request_context(), force_locale(locale):
        assert duration(1.5 * DAY) == said


def test_no_text_of_a_saved_table_is_a_formula_and_numbers_stay_numbers(app):
    with app.test_request_context():
        cells = ["=1+1", "+1", "-1", "@sum", " =1", "\t=1", "plain", 'say "so"', None, -1, 0.5]
        answer = csv_file("a b", ["名"], [cells])
    text = answer.get_data().decode("utf-8-sig")
    assert text == (
        "名\r\n"
        "'=1+1,'+1,'-1,'@sum,' =1,'\t=1,plain,\"say \"\"so\"\"\",,-1,0.5\r\n"
    )  # fmt: skip
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20b.csv"
