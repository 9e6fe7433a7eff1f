"""The thirty runs: each stops where something else is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.definition import read_folder
from engine.testing.drawing import drawing, end, start, task
from engine.testing.scenarios import read_scenario
from engine.testing.sketch import sketch

_BPMN = Path(__file__).parents[3] / "bpmn"

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketched:
    """A run to be saved.

    Args:
        title: What is waited for where it stops.
        files: The package of its process, and of those it calls.
        key: Its process.
        start: How it begins, as in a scenario.
        people: Who is there, as in a scenario.
        before, after: The steps before and after it stops.
    """

    title: str
    files: Mapping[str, bytes]
    key: str = "p"
    start: Mapping[str, Any] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    before: Sequence[Step] = ()
    after: Sequence[Step] = ()


def _run(
    title: str,
    drawn: str,
    *,
    before: Sequence[Step] = (),
    after: Sequence[Step],
    calls: str = "",
    **given: Any,
) -> Sketched:
    files = {"p.bpmn": sketch(drawn)}
    if calls:
        files["called.bpmn"] = sketch(calls, key="called")
    return Sketched(
        title=title, files=files, start={"variables": given} if given else {}, before=before, after=after
    )


def done(element: str, **data: Any) -> Step:
    """Somebody finishes a task."""
    return {"task": element, "data": data}


def wait(span: str) -> Step:
    """Time passes."""
    return {"wait": span}


def told(name: str, **payload: Any) -> Step:
    """A message comes."""
    return {"message": {"name": name, "payload": payload}}


def heard(name: str) -> Step:
    """A signal is heard."""
    return {"signal": {"name": name}}


_HEADS = "<callwright:task candidateGroups='\"heads\"'/>"
_DECIDE = (
    _HEADS
    + '<callwright:outcome name="approved" label="Approve"/>'
    + '<callwright:outcome name="rejected" label="Reject" opinion="required"/>'
)
_DECISION = Sketched(
    title="a decision that somebody has taken to themselves",
    files={
        "p.bpmn": drawing(
            f"{start()}\n{task('ask', inside=_DECIDE)}\n"
            '<bpmn:exclusiveGateway id="which"/>\n'
            f"{end()}\n{end('refused')}\nbegin -> ask\nask -> which\nwhich -> over *\n"
            'which -> refused [decisions.ask.outcome = "rejected"]'
        )
    },
    people={"ann": {"groups": ["heads"]}, "bob": {"groups": ["heads"]}},
    before=[{"claim": "ask", "by": "ann"}],
    after=[{"task": "ask", "by": "ann", "outcome": "rejected", "opinion": "no money"}],
)
_SAYING = Sketched(
    title="a message that nobody has taken yet, and a pause",
    files={
        "p.bpmn": drawing(
            f"{start()}\n"
            + task(
                "tell",
                "sendTask",
                inside='<callwright:notify to=\'={name: "Citizen", phone: phone, locale: "en"}\' '
                'channel="sms" message="done"/>',
            )
            + '\n<bpmn:intermediateCatchEvent id="pause"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
            f"</bpmn:intermediateCatchEvent>\n{end()}\nbegin -> tell\ntell -> pause\npause -> over"
        ),
        "process.toml": b'key = "p"\ntitle = "Saying"\n',
        "messages/done.toml": b'title = "Done"\n\n[sms]\ntext = "Number {{ number }} is done."\n',
    },
    start={"variables": {"number": 7, "phone": "+85251234567"}},
    before=[wait("PT30S")],
    after=[wait("PT2H")],
)


def _ticket() -> Sketched:
    """A ticket of the shipped process: its people, its steps, the plug-in's own rows."""
    folder = _BPMN / "ticket_routing"
    scenario = read_scenario("overdue.toml", (folder / "scenarios/overdue.toml").read_bytes())
    files = {**read_folder(_BPMN / "follow_up"), **read_folder(folder)}
    return Sketched(
        title="a public report with its department, past its time",
        key="ticket_routing",
        files={name: content for name, content in files.items() if not name.startswith("locale/")},
        start=scenario.start,
        people=scenario.people,
        before=scenario.steps[:1],
        after=scenario.steps[1:],
    )


RUNS: Mapping[str, Sketched] = {
    "decision": _DECISION,
    "saying": _SAYING,
    "ticket": _ticket(),
    "timer": _run(
        "an instant",
        "start begin\ncatch pause timer=PT4H\nscript after\nend over\nbegin -> pause -> after -> over",
        before=[wait("PT1H")],
        after=[wait("PT4H")],
    ),
    "cycle": _run(
        "a task whose reminder has rung once and will ring again",
        "start begin\nuser ask\nboundary rings on=ask cycle=R3/PT1H beside\nscript urges\nend over\n"
        "begin -> ask -> over\nrings -> urges",
        before=[wait("PT90M")],
        after=[wait("PT1H"), done("ask")],
    ),
    "deadline": _run(
        "a task within a sub-process that ends at its deadline",
        "start begin\nsub work\n  start in\n  user ask\n  end out\n  in -> ask -> out\n"
        "boundary late on=work timer=PT2H\nuser escalated\nend over\nend missed\n"
        "begin -> work -> over\nlate -> escalated -> missed",
        before=[wait("PT1H")],
        after=[wait("PT1H"), done("escalated")],
    ),
    "message": _run(
        "a message of its own key",
        "start begin\ncatch paid message=paid key=order output=sum:sum\nend over\nbegin -> paid -> over",
        after=[{"publish": {"name": "paid", "correlation": "A-1", "payload": {"sum": 12.50}}}],
        order="A-1",
    ),
    "early": _run(
        "a task, while a message has come too early",
        "start begin\nuser ask\ncatch paid message=paid key=order output=sum:sum\nend over\n"
        "begin -> ask -> paid -> over",
        before=[{"publish": {"name": "paid", "correlation": "A-1", "payload": {"sum": 5}}}],
        after=[done("ask"), wait("PT1M")],
        order="A-1",
    ),
    "reply": _run(
        "a reply, or that it is withdrawn",
        "start begin\nreceive reply message=reply\nboundary gone on=reply message=withdrawn\n"
        "end over\nend given_up\nbegin -> reply -> over\ngone -> given_up",
        after=[told("withdrawn", why="moved")],
    ),
    "signal": _run(
        "a signal in one branch, while the other is done",
        "start begin\nand fork\nuser ask\ncatch alarm signal=alarm\nand join\nend over\n"
        "begin -> fork\nfork -> ask -> join\nfork -> alarm -> join\njoin -> over",
        before=[done("ask")],
        after=[heard("alarm")],
    ),
    "condition": _run(
        "a condition that what a person writes makes true",
        'start begin\nand fork\ncatch ready when="amount > 10"\nscript after\nuser ask\n'
        "begin -> fork\nfork -> ready -> after\nfork -> ask",
        after=[done("ask", amount=11)],
        amount=1,
    ),
    "first_of": _run(
        "whatever comes first: an instant, a message, a reply",
        "start begin\nevent first\ncatch pause timer=PT4H\ncatch paid message=paid\n"
        "receive reply message=reply\nxor meet\nend over\nbegin -> first\nfirst -> pause -> meet\n"
        "first -> paid -> meet\nfirst -> reply -> meet\nmeet -> over",
        before=[wait("PT1H")],
        after=[told("paid", sum=3)],
    ),
    "all_of": _run(
        "two messages of which one has come",
        "start begin\ncatch both all message=a,b\nend over\nbegin -> both -> over",
        before=[told("b", second=2)],
        after=[told("a", first=1)],
    ),
    "again": _run(
        "the second round of a loop drawn with gateways",
        'start begin\nxor again\nuser ask\nscript count run="n = n + 1"\nxor more\nend over\n'
        "begin -> again -> ask -> count -> more\nmore -> again [n < 3]\nmore -> over *",
        before=[done("ask")],
        after=[done("ask"), done("ask")],
        n=0,
    ),
    "inclusive": _run(
        "an inclusive gateway for the second of two branches",
        "start begin\nor parts\nuser a\nuser b\nuser c\nor meet\nend over\nbegin -> parts\nparts -> a [x]\n"
        "parts -> b [y]\nparts -> c *\na -> meet\nb -> meet\nc -> meet\nmeet -> over",
        before=[done("b")],
        after=[done("a")],
        x=True,
        y=True,
    ),
    "complex": _run(
        "the rest of what a complex gateway has let through",
        "start begin\nand split\nuser a\nuser b\nuser c\ncomplex join activation='activationCount >= 2'\n"
        "script after\nend over\nbegin -> split\nsplit -> a -> join\nsplit -> b -> join\n"
        "split -> c -> join\njoin -> after -> over",
        before=[done("a"), done("c")],
        after=[done("b")],
    ),
    "beside": _run(
        "a sub-process in which an event sub-process goes on beside",
        "start begin\nsub work\n  start in\n  user ask\n  end out\n  in -> ask -> out\n  guard listens\n"
        "    start called message=call beside\n    user answers\n    called -> answers\nend over\n"
        "begin -> work -> over",
        before=[told("call", number=1)],
        after=[done("ask"), told("call", number=2), done("answers"), done("answers")],
    ),
    "failure": _run(
        "what an event sub-process does after an error",
        "start begin\nuser ask\nend fails error=E\nbegin -> ask -> fails\nguard repairs\n"
        "  start caught error=E\n  user repair\n  end repaired\n  caught -> repair -> repaired",
        before=[done("ask")],
        after=[done("repair")],
    ),
    "signatures": _run(
        "the signatures of two of three people",
        "start begin\nuser sign parallel= over='people person' results='signed:person' "
        "until='decisions.sign.outcome = \"no\"'\nend over\nbegin -> sign -> over",
        before=[done("sign")],
        after=[done("sign"), done("sign")],
        people=["ann", "bob", "cy"],
    ),
    "in_turn": _run(
        "the second of three in turn, each in a sub-process of its own",
        "start begin\nsub each sequential= over='orders order' results=made:made\n  start in\n"
        "  user pack\n  script adds run=\"made = order + ' packed'\"\n  in -> pack -> adds\nend over\n"
        "begin -> each -> over",
        before=[done("pack")],
        after=[done("pack"), done("pack")],
        orders=["a", "b", "c"],
    ),
    "loop": _run(
        "the third round of a loop",
        "start begin\nuser ask loop='not(enough)' maximum=5\nend over\nbegin -> ask -> over",
        before=[done("ask"), done("ask")],
        after=[done("ask"), done("ask", enough=True)],
        enough=False,
    ),
    "booking": _run(
        "whether what was booked is undone",
        "start begin\nscript flight run=\"seat = '12A'\"\n"
        "boundary no_flight on=flight compensate= undone_by=free\nuser free undoes\nscript hotel\n"
        "boundary no_hotel on=hotel compensate= undone_by=cancel\n"
        "script cancel undoes\nuser decide\nthrow undo compensate=\nend over\n"
        "begin -> flight -> hotel -> decide -> undo -> over",
        before=[],
        after=[done("decide"), done("free")],
    ),
    "undoing": _run(
        "what a person undoes in the middle of a compensation",
        "start begin\nsub trip\n  start in\n  script flight\n"
        "  boundary no_flight on=flight compensate= undone_by=free\n  user free undoes\n  in -> flight\n"
        "throw undo compensate=trip\nend over\nbegin -> trip -> undo -> over",
        after=[done("free")],
    ),
    "transaction": _run(
        "whether a transaction is cancelled",
        "start begin\ntransaction pay\n  start in\n  script reserve\n"
        "  boundary unreserve_at on=reserve compensate= undone_by=unreserve\n  script unreserve undoes\n"
        "  user confirm\n  xor which\n  end paid\n  end broken cancel=\n  in -> reserve -> confirm -> which\n"
        "  which -> paid *\n  which -> broken [refused]\nboundary cancelled on=pay cancel=\nend over\n"
        "end given_up\nbegin -> pay -> over\ncancelled -> given_up",
        after=[done("confirm", refused=True)],
        refused=False,
    ),
    "called": _run(
        "a called process, and how it escalates",
        "start begin\ncall work calls=called input=n:amount output=total:doubled\n"
        "boundary told on=work escalation=late beside\nscript aside\nend over\n"
        "begin -> work -> over\ntold -> aside",
        calls="start in\nuser ask\nthrow tells escalation=late\nuser then\n"
        'script sums run="doubled = n * 2"\nend out\nin -> ask -> tells -> then -> sums -> out',
        before=[done("ask")],
        after=[done("then")],
        amount=21,
    ),
    "calls": _run(
        "the second of two called processes",
        "start begin\ncall work calls=called parallel= over='names name' input=name:name "
        "results=greetings:greeting output=greeting:greeting\nend over\nbegin -> work -> over",
        calls="start in\nuser ask\nscript greets run=\"greeting = 'hello ' + name\"\nend out\n"
        "in -> ask -> greets -> out",
        before=[done("ask")],
        after=[done("ask")],
        names=["ann", "bob"],
    ),
    "any_order": _run(
        "what people do in any order until it is enough",
        "start begin\nadhoc work complete=enough\n  user a\n  user b\n  user c\nend over\n"
        "begin -> work -> over",
        before=[done("b")],
        after=[done("a", enough=True)],
        enough=False,
    ),
    "away": _run(
        "the next try of a service that is away",
        "start begin\nservice call service=golden.reach\nend over\nbegin -> call -> over",
        before=[wait("PT1M")],
        after=[wait("P1D")],
    ),
    "incident": _run(
        "an operator who corrects what a script could not work with",
        'start begin\nscript divide run="share = 100 / count"\nuser ask\nend over\n'
        "begin -> divide -> ask -> over",
        after=[{"retry": "divide", "variables": {"count": 8}}, done("ask")],
        count=0,
    ),
    "held": _run(
        "that it is resumed: until then its timer stands still",
        "start begin\nuser ask\nboundary late on=ask timer=PT2H beside\nscript urges\nend over\n"
        "begin -> ask -> over\nlate -> urges",
        before=[wait("PT1H"), {"suspend": "a strike"}, wait("P1D")],
        after=[{"resume": "over"}, wait("PT30M"), wait("PT1H"), done("ask")],
    ),
}
