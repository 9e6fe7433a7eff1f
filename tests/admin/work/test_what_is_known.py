"""What a process knows, as its pages say it."""

from pathlib import Path

from engine.definition import deploy, read_folder
from engine.people import put_group
from engine.runtime import start_process

BPMN = Path(__file__).parents[3] / "bpmn"


def test_what_was_chosen_in_a_form_is_said_in_the_words_of_its_option(ctx, make_person, enter):
    for folder in ("follow_up", "ticket_routing"):
        deploy(ctx, files=read_folder(BPMN / folder), source="folder")
    with ctx.write():
        for key in ("water_handlers", "dispatchers", "reviewers", "duty_supervisors"):
            put_group(ctx, key=key, name=key)
    said = {"category": "trees", "summary": "倒下的樹", "description": "-", "reporter_phone": "+85251230001"}
    begun = start_process(ctx, process_key="ticket_routing", variables=said)
    make_person("boss", "administrator", locale="zh_Hant")
    text = enter("boss").get(f"/instances/{begun.id}").text
    assert "樹木" in text
    assert ">trees<" not in text
    assert "園林" in text
