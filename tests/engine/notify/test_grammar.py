import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.notify.grammar import VERBS, Reply, parse_reply


@pytest.mark.parametrize(
    ("text", "verb", "ticket", "beside"),
    [
        ("1", "on_it", None, ""),
        ("2 valve replaced", "done", None, "valve replaced"),
        ("2", "done", None, ""),
        (" 2. valve replaced ", "done", None, "valve replaced"),
        ("2,valve replaced", "done", None, "valve replaced"),
        ("(3)", "support", None, ""),
        ("２ 阀门已更换", "done", None, "阀门已更换"),
        ("２阀门已更换", "done", None, "阀门已更换"),
        ("4 属于供水公司", "not_mine", None, "属于供水公司"),
        ("5：明早再看，先围起来", "note", None, "明早再看，先围起来"),
        ("0017 2", "done", "0017", ""),
        ("0017 2 valve", "done", "0017", "valve"),
        ("#17: 2 valve", "done", "17", "valve"),
        ("T-260302-0017 2 valve replaced", "done", "T-260302-0017", "valve replaced"),
        ("t-260302-0017 done", "done", "T-260302-0017", ""),
        ("００１７ ２", "done", "0017", ""),
        ("0017，完成", "done", "0017", ""),
        ("Done", "done", None, ""),
        ("DONE! valve replaced.", "done", None, "valve replaced"),
        ("on  it", "on_it", None, ""),
        ("Ack", "on_it", None, ""),
        ("接單", "on_it", None, ""),
        ("接单", "on_it", None, ""),
        ("收到。", "on_it", None, ""),
        ("完成 閥門已更換", "done", None, "閥門已更換"),
        ("辦結，已更換", "done", None, "已更換"),
        ("求助", "support", None, ""),
        ("轉派 水務署", "not_mine", None, "水務署"),
        ("转派", "not_mine", None, ""),
        ("not mine, roads", "not_mine", None, "roads"),
        ("備註 明日再到", "note", None, "明日再到"),
        ("2已修好", "done", None, "已修好"),
        ("２ 完成", "done", None, "完成"),
        ("1 只做了一半", "on_it", None, "只做了一半"),
        ("1 根本沒有人來過", "on_it", None, "根本沒有人來過"),
        ("2 處理好了", "done", None, "處理好了"),
        ("3 人手不足", "support", None, "人手不足"),
        ("2 楼梯灯已换", "done", None, "楼梯灯已换"),
        ("5 天氣不好，明日再到", "note", None, "天氣不好，明日再到"),
        ("undo", "undo", None, ""),
        ("Undo!", "undo", None, ""),
        ("0017 UNDO", "undo", "0017", ""),
        ("撤銷", "undo", None, ""),
        ("撤销。", "undo", None, ""),
        ("T-260302-0017 撤回", "undo", "T-260302-0017", ""),
    ],
)
def test_an_answer_is_read_in_any_script_width_and_case(
    text: str, verb: str, ticket: str | None, beside: str
) -> None:
    reply = parse_reply(text)
    assert reply is not None
    assert (reply.verb, reply.ticket, reply.text) == (verb, ticket, beside)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "0",
        "7",
        "9 leaks",
        "12",
        "0017",
        "the tap is dripping",
        "2 hours",
        "2h",
        "3 days at most",
        "2點到",
        "2 点到",
        "3楼漏水",
        "2 樓上漏水",
        "２　樓上漏水",
        "0017 2 樓上漏水",
        "2棟 3 樓",
        "3 單元",
        "4 處漏水",
        "2、3樓都漏水",
        "2至3天",
        "2 to 3 days",
        "2 floors are wet",
        "3 p.m. at the latest",
        "2nd floor",
        "1.5 km away",
        "2-3 people needed",
        "完成不了",
        "doneness",
        "noted",
        "水管爆裂",
        "https://example.org/1",
    ],
)
def test_a_text_that_only_looks_like_an_answer_is_none(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("STOP", "opt_out"),
        ("stop.", "opt_out"),
        ("StopAll", "opt_out"),
        ("Unsubscribe", "opt_out"),
        ("CANCEL", "opt_out"),
        ("END", "opt_out"),
        ("quit", "opt_out"),
        ("REVOKE", "opt_out"),
        ("OPT-OUT", "opt_out"),
        ("退訂", "opt_out"),
        ("START", "opt_in"),
        ("Yes", "opt_in"),
        ("UNSTOP", "opt_in"),
        ("HELP", "help"),
        ("info?", "help"),
    ],
)
def test_the_words_that_carriers_take_are_told_apart_from_verbs(text: str, verb: str) -> None:
    reply = parse_reply(text)
    assert reply is not None
    assert reply.verb == verb
    assert reply.to_carrier


def test_a_carriers_word_in_a_sentence_is_not_taken_for_it() -> None:
    assert parse_reply("stop the water first") is None
    assert parse_reply("end of the street") is None
    assert parse_reply("2 stop valve replaced") == Reply(verb="done", digit=2, text="stop valve replaced")


@given(
    digit=st.sampled_from(sorted(VERBS)),
    ticket=st.none() | st.from_regex(r"[A-Z]{1,3}-[0-9]{6}-[0-9]{4}", fullmatch=True),
    text=st.text(alphabet=st.characters(categories=("Lo",)), max_size=40),
    wide=st.booleans(),
)
def test_ticket_digit_and_text_come_back_as_they_were_written(
    digit: int, ticket: str | None, text: str, wide: bool
) -> None:
    written = str(digit).translate(str.maketrans("12345", "１２３４５")) if wide else str(digit)
    reply = parse_reply(" ".join(part for part in (ticket, written, "- " + text) if part))
    assert reply is not None
    assert (reply.verb, reply.digit, reply.ticket) == (VERBS[digit], digit, ticket)
    assert reply.text == text


_COUNTED = (
    "樓 楼 號 号 點 点 個 个 人 小時 小时 分鐘 天 日 週 月 年 次 位 名 米 層 座 棟 單元 户 室 處 條 間 台 "
    "輛 棵 塊 floors hours minutes days people metres p.m. th"
)


@given(
    digit=st.sampled_from("12345１２３４５"),
    space=st.sampled_from(["", " ", "　", "\t"]),
    counted=st.sampled_from(_COUNTED.split()),
    rest=st.sampled_from(["", "上漏水", "，漏水", " 漏水", "!"]),
    ticket=st.sampled_from(["", "0017 ", "T-260302-0017 "]),
)
def test_a_digit_that_counts_or_measures_something_is_no_verb(
    digit: str, space: str, counted: str, rest: str, ticket: str
) -> None:
    assert parse_reply(f"{ticket}{digit}{space}{counted}{rest}") is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_reply(text)
