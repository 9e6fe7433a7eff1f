import pytest

from engine import people
from engine.parameters import set_parameter
from engine.people import centre_locale, chinese_of, written_in


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("The pipe burst at 12 Nathan Road", "en"),
        ("no water", "en"),
        ("ok thx", None),
        ("7", None),
        ("", None),
        ("T-260302-0017 2", None),
        ("https://example.org/reports", None),
        ("維修 7", "zh_Hant"),
        ("维修 7", "zh_Hans"),
        ("水喉爆咗", "zh_Hant"),
        ("佢今日冇來", "zh_Hant"),
        ("漏水", "zh"),
        ("好", "zh"),
        ("lift 壞了", "zh_Hant"),
        ("Nathan Road 200 號有個大窿", "zh_Hant"),
        ("Burst pipe near 彌敦道, please send somebody soon", "en"),
        ("優の良品漏水", "zh_Hant"),
        ("水道が壊れました", None),
        ("수도관이 터졌어요", None),
        ("Прорвало трубу", None),
        ("ＢＵＲＳＴ ＰＩＰＥ", "en"),
    ],
)
def test_the_language_of_a_text_is_told_by_its_characters(text, locale):
    assert written_in(text) == locale


@pytest.mark.parametrize(
    ("centre", "phone", "locale"),
    [
        ("zh_Hant", "+85251230009", "zh_Hant"),
        ("zh_Hant", "+8613800138000", "zh_Hans"),
        ("zh_Hans", "+886912345678", "zh_Hant"),
        ("zh_Hans", "+85366123456", "zh_Hant"),
        ("zh_Hant", "+6581234567", "zh_Hans"),
        ("zh_Hant", "+60123456789", "zh_Hans"),
        ("zh_Hans", "+447400123456", "zh_Hans"),
        # The centre speaks English and lies in Hong Kong.
        ("en", "+447400123456", "zh_Hant"),
        ("en", None, "zh_Hant"),
    ],
)
def test_chinese_of_either_script_follows_the_number_then_the_centre(ctx, centre, phone, locale):
    set_parameter(ctx, key="centre.locale", value=centre)
    assert chinese_of(ctx, phone) == locale


def test_new_people_begin_with_the_language_of_the_centre(ctx):
    assert centre_locale(ctx) == "en"
    set_parameter(ctx, key="centre.locale", value="zh_Hant")
    assert people.create_person(ctx, key="mei", name="Mei").locale == "zh_Hant"
    assert people.put_person(ctx, key="lee", name="Lee").locale == "zh_Hant"
    set_parameter(ctx, key="centre.locale", value="zh_Hans")
    assert people.put_person(ctx, key="mei", name="Mei Chan").locale == "zh_Hant"
