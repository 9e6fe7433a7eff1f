"""What a rejection does, the initiator's own step, taking a request back, and an instance that goes on."""

import pytest

from engine.errors import DefinitionError
from engine.machine import effects, parse, stimuli
from engine.machine.nodes.between import CannotReturn
from engine.machine.step import CannotAppoint
from engine.testing.sketch import sketch
from engine.testing.stage import NOW, Play

LINE = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    user check approval="{check}" asks='person:["ann"]'
    user review approval="{review}" asks='person:["ben"]'
    user file {file}
    end over
    begin -> apply -> check -> review -> file -> over
"""
GIVEN = {"initiator": "eve", "started_at": NOW, "instance_id": "i", "business_key": None}


def begun(check="", review="", file="", drawn=LINE, given=GIVEN, **options):
    drawn = drawn.format(check=check, review=review, file=file)
    return Play(drawn, given=given, **options).start(days=3)


def decision(play, element):
    return play.run.read("decisions")[element]


def test_what_starts_the_process_counts_as_the_initiators_step_done_once():
    play = begun()
    assert play.people == ["ann"]
    assert decision(play, "apply") == {
        "outcome": "completed",
        "by": "eve",
        "at": "2026-03-02T01:00:00Z",
        "opinion": None,
    }
    assert play.left("apply") == ["completed"]


def test_a_return_opens_the_initiators_step_and_does_not_pass_it_by_itself():
    play = begun().send_back("check", "apply")
    assert (play.open, play.people) == (["apply"], ["eve"])
    play.done("apply", days=2)
    assert (play.people, play["days"]) == (["ann"], 2)


def test_the_initiators_step_that_comes_again_by_a_flow_is_not_passed_by_itself():
    drawn = """
        start begin
        user apply task="assignee=initiator startCounts=true"
        user check approval="" asks='person:["ann"]'
        xor which
        end over
        begin -> apply -> check -> which
        which -> apply [decisions.check.outcome = "rejected"]
        which -> over *
    """
    play = begun(drawn=drawn).decide("ann", "rejected")
    assert play.open == ["apply"]


ROUND = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    xor straight
    user check approval="" asks='person:["ann"]'
    user review approval="ifAgain={again}" asks='person:["ann","ben"]'
    xor which
    user more assignee='{more}'
    end over
    begin -> apply -> straight
    straight -> review [days > 100]
    straight -> check *
    check -> review -> which
    which -> more [decisions.review.outcome = "rejected" and ask = true]
    which -> apply [decisions.review.outcome = "rejected"]
    which -> over *
    more -> review
"""


def gone_round(again="once", more="initiator", ask=False):
    play = begun(drawn=ROUND.format(again=again, more=more)).decide("ann")
    assert play.people == ["ben"]
    return play.decide("ben", "rejected", ask=ask)


@pytest.mark.parametrize("again", ["once", "next"])
@pytest.mark.parametrize("by", ["eve", "pat"])
def test_who_approved_before_a_flow_led_back_to_the_initiators_form_is_asked_again(again, by):
    play = gone_round(again)
    assert play.open == ["apply"]
    assert play.done("apply", by=by, days=300).people == ["ann", "ben"]


def test_who_approved_since_it_was_handed_in_last_is_asked_once():
    play = gone_round().done("apply", by="eve", days=4)
    assert play.people == ["ann"]
    assert play.decide("ann").people == ["ben"]


def test_an_approval_still_counts_where_somebody_else_did_a_step_meanwhile():
    assert gone_round(more='"pat"', ask=True).done("more", by="pat").people == ["ben"]


def test_whose_step_it_is_is_remembered_from_when_it_opened():
    play = gone_round(more='if ask = true then initiator else number("x")', ask=True)
    assert play.people == ["eve"]
    # By now the words of the drawing would name somebody else.
    play.run.write(None, "ask", False)
    assert play.done("more", by="pat").people == ["ann", "ben"]


def test_a_step_that_came_to_be_the_initiators_only_later_hands_nothing_in():
    play = gone_round(more='if days = 4 then initiator else "pat"', ask=True)
    play.run.write(None, "days", 4)
    assert play.done("more", by="pat").people == ["ben"]


def test_no_approval_counts_where_the_initiator_was_asked_for_more():
    assert gone_round(ask=True).done("more", by="eve").people == ["ann", "ben"]


def test_what_was_decided_in_another_branch_before_the_hand_in_does_not_count():
    drawn = """
        start begin
        and part
        user file task="assignee=initiator"
        user check approval="" asks='person:["ann","ben"]'
        and meet
        user review approval="ifAgain=once" asks='person:["ann","ben"]'
        end over
        begin -> part
        part -> file -> meet
        part -> check -> meet
        meet -> review -> over
    """
    play = begun(drawn=drawn).decide("ann").done("file", by="eve").decide("ben")
    assert play.people == ["ann"]


def test_what_a_machine_has_started_is_not_passed_in_anybodys_name():
    assert begun(given={**GIVEN, "initiator": None}).open == ["apply"]


def test_who_submitted_it_for_somebody_is_who_is_named():
    assert decision(begun(given={**GIVEN, "submitter": "pat"}), "apply")["by"] == "pat"


def test_a_rejection_goes_on_as_drawn_where_nothing_else_is_said():
    assert begun().decide("ann", "rejected").people == ["ben"]


def test_a_rejection_ends_the_process_and_its_step_counts_as_done():
    play = begun(check="ifRejected=end").decide("ann", "rejected")
    assert (play.ended, play.left("check")) == ("completed", ["completed"])
    assert decision(play, "check")["outcome"] == "rejected"


@pytest.mark.parametrize(
    ("then", "open_"),
    [("initiator", "apply"), ("previous", "check"), ("step:apply", "apply"), ("step:check", "check")],
)
def test_a_rejection_sends_it_back(then, open_):
    play = begun(review=f"ifRejected={then}").decide("ann").decide("ben", "rejected")
    assert play.open == [open_]
    assert decision(play, "review")["outcome"] == "rejected"
    assert decision(play, "review")["opinion"] == "ben says rejected"


def test_after_a_rejection_sent_it_back_everybody_is_asked_again():
    play = begun(review="ifRejected=initiator ifAgain=once").decide("ann").decide("ben", "rejected")
    assert play.done("apply").people == ["ann"]


def test_a_rejection_in_a_sub_process_ends_the_whole_process():
    play = begun(
        drawn="""
        start begin
        and part
        sub work
          start in
          user check approval="ifRejected=end" asks='person:["ann"]'
          in -> check
        user beside
        begin -> part
        part -> work
        part -> beside
        """
    )
    play.decide("ann", "rejected")
    assert (play.ended, play.open) == ("completed", [])


def test_where_nobody_is_found_and_that_rejects_it_goes_back_too():
    drawn = LINE.replace("""asks='person:["ben"]'""", "asks='group:null'")
    play = begun(drawn=drawn, review="ifNobody=reject ifRejected=initiator").decide("ann")
    assert play.open == ["apply"]


def test_a_deadline_at_the_border_is_gone_when_a_rejection_sends_it_back():
    drawn = LINE + "boundary late on=review timer=PT1H\nend nobody\nlate -> nobody"
    drawn = drawn.replace("\nboundary", "\n    boundary").replace("\nend n", "\n    end n")
    drawn = drawn.replace("\nlate ->", "\n    late ->")
    play = begun(drawn=drawn, review="ifRejected=previous").decide("ann")
    assert play.awaited == ["late"]
    assert play.decide("ben", "rejected").awaited == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ifRejected=nobody", "ifRejected is nobody"),
        ("ifRejected=step:over", "no other user task"),
        ("ifRejected=step:check", "no other user task"),
    ],
)
def test_a_rejection_that_leads_nowhere_is_refused_at_deployment(said, message):
    drawn = sketch(LINE.format(check=said, review="", file=""))
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", drawn)
    assert message in str(refused.value)


def test_a_rejection_to_the_initiator_needs_a_step_of_theirs():
    drawn = LINE.replace('task="assignee=initiator startCounts=true"', "")
    with pytest.raises(DefinitionError, match="no step is theirs"):
        parse("p.bpmn", sketch(drawn.format(check="ifRejected=initiator", review="", file="")))


def test_the_initiator_takes_the_request_back_and_hands_it_in_again():
    play = begun(review="ifAgain=once").decide("ann").step(stimuli.Withdraw(by="eve"))
    assert (play.open, play.people) == (["apply"], ["eve"])
    assert play.left("review") == ["cancelled"]
    assert play.done("apply").people == ["ann"]


def test_a_request_in_branches_is_taken_back_from_all_of_them():
    play = begun(
        drawn="""
        start begin
        user apply task="assignee=initiator startCounts=true"
        and part
        user a
        user b
        and meet
        end over
        begin -> apply -> part
        part -> a -> meet
        part -> b -> meet
        meet -> over
        """
    )
    play.done("a").step(stimuli.Withdraw(by="eve"))
    assert play.open == ["apply"]
    for element in ("apply", "a", "b"):
        play.done(element)
    assert play.ended == "completed"


def test_a_step_can_forbid_that_the_request_is_taken_back():
    play = begun(file='task="withdraw=false"').decide("ann").decide("ben")
    with pytest.raises(CannotReturn, match="cannot be taken back"):
        play.step(stimuli.Withdraw(by="eve"))
    assert play.open == ["file"]


def test_what_is_open_at_the_initiators_step_is_not_taken_back_again():
    play = begun().send_back("check", "apply")
    with pytest.raises(CannotReturn, match="open already"):
        play.step(stimuli.Withdraw(by="eve"))


def test_somebody_is_named_for_a_later_step_of_one_instance():
    play = begun().step(stimuli.Appoint(element="review", people=("cho", "dan")))
    play.step(stimuli.Appoint(element="file", people=("pat",))).decide("ann")
    assert play.people == ["cho", "dan"]
    assert play.decide("cho").decide("dan").people == ["pat"]


def test_whom_the_drawing_names_is_asked_again_once_nobody_is_named():
    play = begun().step(stimuli.Appoint(element="review", people=("cho",)))
    play.step(stimuli.Appoint(element="review", people=())).decide("ann")
    assert play.people == ["ben"]


def test_nobody_is_named_for_an_open_step_nor_for_what_is_no_step():
    play = begun()
    for element in ("check", "over", "nothing"):
        with pytest.raises(CannotAppoint):
            play.step(stimuli.Appoint(element=element, people=("cho",)))


def test_an_ended_instance_goes_on_with_its_data():
    play = begun(check="ifRejected=end").decide("ann", "rejected")
    play.step(stimuli.Awaken(element="check", by="boss"))
    assert (play.run.state, play.people, play["days"]) == ("active", ["ann"], 3)
    play.decide("ann").decide("ben").done("file")
    assert [one.state for one in play.asked if isinstance(one, effects.End)] == ["completed"] * 2


def test_an_instance_that_lives_is_not_awakened():
    with pytest.raises(Exception, match="does not wait for this"):
        begun().step(stimuli.Awaken(element="check", by="boss"))


def test_an_ended_instance_goes_on_at_a_step_that_people_do():
    play = begun(check="ifRejected=end").decide("ann", "rejected")
    with pytest.raises(CannotReturn):
        play.step(stimuli.Awaken(element="over", by="boss"))
    assert play.run.state == "completed"
