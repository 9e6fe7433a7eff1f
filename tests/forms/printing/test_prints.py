"""What an instance's prints say, to whom, and what they never do."""

import re
import socket
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import runtime
from engine.errors import DefinitionError, NotFound, TechnicalFailure
from engine.files import reference, store
from engine.history import AuditEntry
from engine.testing import person, system
from engine.work import list_tasks
from forms import start_with_form
from forms.printing import list_prints, print_page, print_pdf
from forms.printing.contents import in_chinese
from forms.printing.page import page
from forms.printing.pdf import make_pdf
from tests.forms.printing.conftest import pages_of
from tests.forms.printing.test_template import png

SAID = {
    "subject": "水喉 & <b>Pipes</b>",
    "speed": "u",
    "amount": "1234567.5",
    "by_day": "2026-03-20",
    "again": False,
    "for_whom": "ben",
    "phone": "+85251230001",
    "items": [{"name": "Pipe", "count": 2}, {"name": "閥門", "count": 10}],
}


def begin(centre, **said):
    return start_with_form(
        person(centre, "eve"), process_key="purchase", start_event="begin", data={**SAID, **said}
    ).id


def decide(centre, who, outcome="approved", opinion="Fine."):
    with system(centre).read() as ctx:
        task = next(task for task in list_tasks(ctx)[1] if task.assignee == who)
    runtime.complete_task(person(centre, who), task_id=task.id, outcome=outcome, opinion=opinion)


def printed(centre, instance_id, *, who="eve", name="standard", **said):
    return print_page(person(centre, who, **said), instance_id=instance_id, name=name)


def drawn(centre, instance_id, **said):
    """What each page of the standard print says as PDF."""
    ctx = person(centre, "eve", **said)
    return pages_of(print_pdf(ctx, instance_id=instance_id, name="standard"))


def text_of(made):
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", made, flags=re.DOTALL))


def test_the_standard_print_has_the_form_as_people_see_it(centre, put):
    put()
    said = text_of(printed(centre, begin(centre)))
    assert (
        "Purchase Number P-26-0001 Asked for by Eve Wong Asked for on Mar 2, 2026, 09:00 State Running"
        in said
    )
    assert "Ask for a purchase Eve Wong · Mar 2, 2026, 09:00" in said
    assert "How soon Urgent Amount HK$ 1,234,567.5 Needed by Mar 20, 2026 Bought before No" in said
    assert "For whom Ben Lee" in said
    assert "Items Name Pieces Pipe 2 閥門 10" in said
    assert "Why again" not in said


def test_what_somebody_typed_stays_text(centre, put):
    put()
    made = printed(centre, begin(centre))
    assert "水喉 &amp; &lt;b&gt;Pipes&lt;/b&gt;" in made
    assert "<b>Pipes" not in made


def test_a_print_is_in_the_readers_language(centre, put):
    put()
    instance_id = begin(centre)
    said = text_of(printed(centre, instance_id, locale="zh_Hant"))
    assert "申請採購 Eve Wong · 2026年3月2日 09:00" in said
    assert "緊急" in said
    assert "2026年3月20日" in said


def test_personal_data_are_masked_for_whoever_may_not_see_them(centre, put):
    put({"prints/own.html": "<p>{{ phone }}</p>"}, own="Own")
    instance_id = begin(centre)
    for name in ("standard", "own"):
        assert "5123" not in printed(centre, instance_id, name=name)
        allowed = person(centre, "eve", permissions=["personal_data.see"])
        assert "5123" in print_page(allowed, instance_id=instance_id, name=name)


def test_a_form_stands_there_with_what_its_variables_are_now(centre, put):
    put()
    instance_id = begin(centre)
    operator = person(centre, "ann", permissions=["instances.operate"])
    runtime.correct_variables(operator, instance_id=instance_id, variables={"speed": "n"}, reason="Asked")
    assert "Some day" in printed(centre, instance_id)


def test_declared_variables_that_no_form_shows_are_told_too(centre, put):
    put()
    begun = runtime.start_process(
        person(centre, "eve"), process_key="purchase", variables={"subject": "x", "source": "SMS"}
    )
    said = text_of(printed(centre, begun.id))
    assert "What is known Where it came from SMS" in said


def test_opinions_stand_in_the_order_in_which_they_were_given(centre, put):
    put()
    instance_id = begin(centre)
    decide(centre, "ben", opinion="Cheap enough.")
    centre.clock.advance(timedelta(minutes=5))
    decide(centre, "ann", opinion="同意。")
    said = text_of(printed(centre, instance_id, who="ann", locale="zh_Hant"))
    assert said.index("Cheap enough.") < said.index("同意。")
    assert "批核採購 陳安琪" in said


def test_a_decision_that_was_taken_back_is_no_opinion(centre, put):
    put()
    instance_id = begin(centre)
    with system(centre).read() as ctx:
        task = next(task for task in list_tasks(ctx)[1] if task.assignee == "ben")
    decide(centre, "ben", opinion="Too fast")
    runtime.take_back_decision(person(centre, "ben"), task_id=task.id)
    assert "Too fast" not in printed(centre, instance_id)
    decide(centre, "ben", opinion="On second thought")
    assert "On second thought" in printed(centre, instance_id)


def test_only_who_may_see_the_instance_prints_it_and_that_is_written_down(centre, put):
    put()
    instance_id = begin(centre)
    for ask in (print_page, print_pdf):
        with pytest.raises(NotFound):
            ask(person(centre, "mallory"), instance_id=instance_id, name="standard")
    with person(centre, "mallory").read() as ctx, pytest.raises(NotFound):
        list_prints(ctx, instance_id=instance_id)
    printed(centre, instance_id, who="ann")
    with system(centre).read() as ctx:
        written = ctx.connection.execute(
            select(AuditEntry.actor).where(AuditEntry.action == "instance.print")
        ).scalars()
        assert written.all() == ["ann"]


def test_a_process_has_prints_of_its_own_beside_the_standard_one(centre, put):
    put({"prints/letter.html": '<p>{{ say("To") }} {{ case.initiator }}</p>'}, letter="Letter")
    instance_id = begin(centre)
    with person(centre, "eve", locale="zh_Hant").read() as ctx:
        found = list_prints(ctx, instance_id=instance_id)
    assert [one.name for one in found] == ["letter", "standard"]
    assert found[0].title == "公函"
    made = printed(centre, instance_id, name="letter", locale="zh_Hant")
    assert "<p>致 Eve Wong</p>" in made
    with pytest.raises(NotFound):
        printed(centre, instance_id, name="other")


def test_a_process_may_put_its_own_print_in_the_place_of_the_standard_one(centre, put):
    put({"prints/standard.html": "<p>mine</p>"}, standard="Ours")
    instance_id = begin(centre)
    assert "<p>mine</p>" in printed(centre, instance_id)


def test_a_running_instance_keeps_the_prints_of_its_version(centre, put):
    put({"prints/letter.html": "<p>first</p>"}, letter="Letter")
    instance_id = begin(centre)
    put({"prints/letter.html": "<p>second</p>"}, letter="Letter")
    assert "first" in printed(centre, instance_id, name="letter")


def test_a_deployment_with_a_broken_template_is_refused(centre, put):
    with pytest.raises(DefinitionError) as refused:
        put({"prints/letter.html": "<p>{{ subject </p>"}, letter="Letter")
    assert "prints/letter.html: This hole is not closed" in str(refused.value)
    with pytest.raises(DefinitionError) as refused:
        put(letter="Letter")
    assert "process.toml#prints.letter" in str(refused.value)
    assert "prints/letter.html" in str(refused.value)


def test_pictures_of_the_deployment_and_of_the_instance_stand_in_the_page(centre, put):
    seal, photo = png(3, 3), png(4, 4)
    template = '<img src="prints/seal.png"><img src="{{ photos[1].picture }}"><p>{{ photos[1].name }}</p>'
    put({"prints/letter.html": template, "prints/seal.png": seal}, letter="Letter")
    stored = store(person(centre, "eve"), content=photo, name="leak.png", owner_kind="upload", owner_id="eve")
    instance_id = begin(centre, photos=[reference(stored)])
    made = printed(centre, instance_id, who="ann", name="letter")
    assert made.count('src="data:image/png;base64,') == 2
    assert "<p>leak.png</p>" in made
    standard = printed(centre, instance_id, who="ann")
    assert "leak.png" in text_of(standard)


def test_a_file_of_another_instance_is_no_picture(centre, put):
    put({"prints/letter.html": '<img src="{{ source }}">'}, letter="Letter")
    stored = store(
        person(centre, "eve"), content=png(), name="theirs.png", owner_kind="upload", owner_id="eve"
    )
    begin(centre, photos=[reference(stored)])
    other = runtime.start_process(
        person(centre, "eve"), process_key="purchase", variables={"source": f"picture:{stored.id}"}
    )
    made = printed(centre, other.id, name="letter")
    assert 'src="data:,"' in made
    assert "base64" not in made


def test_the_pdf_says_it_in_chinese_of_both_scripts_and_counts_its_pages(centre, put):
    put()
    instance_id = begin(centre, subject="電費單處理 电费单处理", items=[])
    (only,) = drawn(centre, instance_id, locale="zh_Hant")
    assert "電費單處理 电费单处理" in only
    assert "申請採購" in only
    (english,) = drawn(centre, instance_id)
    assert "Page 1 of 1" in english
    assert "P-26-0001" in english


def test_long_opinions_go_on_over_the_pages_and_nothing_is_cut_off(centre, put):
    put()
    instance_id = begin(centre)
    long = "。".join(f"第{number}點意見" for number in range(1200))
    decide(centre, "ann", opinion=long)
    decide(centre, "ben", opinion="短。")
    pages = drawn(centre, instance_id, locale="zh_Hant")
    assert len(pages) > 3
    said = re.sub(r"\s", "", "".join(pages))
    assert all(f"第{number}點意見" in said for number in (0, 1, 600, 1198, 1199))
    assert "短。" in said


def test_a_page_takes_only_so_many_pictures():
    asking = '<img src="prints/seal.png">' * 40
    made = page(asking, title="t", locale="en", picture=lambda name: ("image/png", b"x" * 1_000_000))
    assert made.count("base64") == 30
    assert made.count('src="data:,"') == 10


@pytest.fixture
def listener():
    """A server that says whether anybody came."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    came = []

    def accept():
        try:
            came.append(server.accept())
        except TimeoutError:
            came.append(None)

    thread = threading.Thread(target=accept)
    thread.start()
    yield server.getsockname()[1], lambda: (thread.join(), came[0])[1]
    server.close()


def test_what_draws_fetches_nothing_from_the_network_and_no_file(listener, tmp_path):
    port, visitor = listener
    (tmp_path / "secret.css").write_text("body::before { content: 'TAKEN' }")
    (tmp_path / "secret.png").write_bytes(png(40, 40))
    asking = (
        f'<link rel="stylesheet" href="file://{tmp_path}/secret.css"><img src="file://{tmp_path}/secret.png">'
        f'<img src="http://127.0.0.1:{port}/a.png"><style>@import "http://127.0.0.1:{port}/b.css";'
        f"@font-face {{ font-family: x; src: url(http://127.0.0.1:{port}/c.otf) }} p {{ font-family: x }}"
        f'</style><script>document.write("RUN")</script><iframe src="file://{tmp_path}/secret.css"></iframe>'
        f'<object data="file://{tmp_path}/secret.png"></object><p>here</p>'
    )
    pdf = make_pdf(page(asking, title="t", locale="en", picture=lambda name: None), "en")
    (said,) = pages_of(pdf)
    assert "here" in said
    assert "TAKEN" not in said
    assert "RUN" not in said
    assert b"/Subtype /Image" not in pdf
    assert visitor() is None


def test_what_takes_too_long_to_draw_is_stopped_and_said(monkeypatch):
    monkeypatch.setattr("forms.printing.pdf.WITHIN_S", 0.001)
    with pytest.raises(TechnicalFailure, match="could not be drawn"):
        make_pdf("<p>x</p>", "en")


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ((2026, 3, 2), "二〇二六年三月二日"),
        ((2030, 10, 10), "二〇三〇年十月十日"),
        ((1999, 11, 20), "一九九九年十一月二十日"),
        ((2026, 12, 31), "二〇二六年十二月三十一日"),
    ],
)
def test_a_date_is_written_as_official_letters_do(date, said):
    assert in_chinese(*date) == said
