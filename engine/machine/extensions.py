"""Our settings in a drawing: the elements of ``urn:callwright:bpmn:1``. bpmn/README.md lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lxml import etree

from engine.i18n import _
from engine.machine.approving import ATTRIBUTES as APPROVING
from engine.machine.approving import OUTCOMES, read_approval
from engine.machine.attributes import CHANNELS, Say, seconds
from engine.machine.limiting import ATTRIBUTES as LIMITING
from engine.machine.limiting import read_limits, read_warning
from engine.machine.offering import ATTRIBUTES as OFFERING
from engine.machine.offering import read_buttons, read_default_right, read_outcomes, read_rights
from engine.machine.spec import EVENTS, Assignment, Formula, Notice, Reply, Settings, TaskSettings

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CALLWRIGHT = "urn:callwright:bpmn:1"

_ATTRIBUTES: dict[str, set[str]] = {
    "task": {
        "form", "into", "assignee", "candidateGroups", "candidateUsers", "priority", "due", "warn", "title",
        "link", "startCounts", "withdraw", "batch", "fields",
    },
    "reply": {"verb", "outcome", "message", "textInto"},
    "notify": {"event", "to", "channel", "message", "next"},
    "circulate": {"event", "to", "channel", "message"},
    "service": {"name", "result", "retries"},
    "decision": {"key", "result"},
    "input": {"name", "source"},
    "output": {"name", "source"},
    "correlation": {"key"},
    "message": {"result"},
    "script": {"when"},
    "collection": {"source", "item"},
    "results": {"name", "source"},
    **APPROVING,
    **OFFERING,
    **LIMITING,
}  # fmt: skip

# What waits for people.
_WORK = ("userTask", "adHocSubProcess")
# What an approval says where nobody says anything else: who decides is told, and who asked of a rejection.
_OF_APPROVALS = (
    Notice(event="created", to="candidates", channel="preferred", message=""),
    Notice(event="rejected", to="initiator", channel="preferred", message=""),
)

Compile = Callable[[str | None, str], Formula | None]


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Return our extension elements of a name on an element of the drawing."""
    found: list[etree._Element] = element.findall(f"{{{BPMN}}}extensionElements/{{{CALLWRIGHT}}}{name}")
    return found


def read_settings(element: etree._Element, lane: str | None, compile_: Compile, say: Say) -> Settings:
    """Read what a designer set on an element.

    Args:
        element: The element of the drawing.
        lane: The name of the innermost lane it is in.
        compile_: Compiles an expression and reports what is wrong with it.
        say: Reports a problem of this element.
    """
    if element.find(f"{{{BPMN}}}extensionElements") is None:
        return Settings(task=TaskSettings(lane=lane))
    _check_known(element, say)
    if etree.QName(element).localname == "process":
        return Settings(notices=_notices(element, compile_, say))
    service = next(iter(children(element, "service")), None)
    decision = next(iter(children(element, "decision")), None)
    message = next(iter(children(element, "message")), None)
    scripts = {script.get("when", "before"): script.text or "" for script in children(element, "script")}
    result = next((found.get("result") for found in (service, decision, message) if found is not None), None)
    return Settings(
        task=_task(element, lane, compile_, say),
        notices=_notices(element, compile_, say),
        service=service.get("name") if service is not None else None,
        retries_s=_retries(service, say),
        decision=decision.get("key") if decision is not None else None,
        result=result,
        inputs=_assignments(element, "input", compile_, say),
        outputs=_assignments(element, "output", compile_, say),
        before=scripts.get("before"),
        after=scripts.get("after"),
    )


def _check_known(element: etree._Element, say: Say) -> None:
    for child in element.iterfind(f"{{{BPMN}}}extensionElements/*"):
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child)
        if name.namespace != CALLWRIGHT:
            continue
        if name.localname not in _ATTRIBUTES:
            say(
                _("There is no setting callwright:%(name)s. Known are: %(known)s."),
                name=name.localname,
                known=", ".join(sorted(_ATTRIBUTES)),
            )
            continue
        for unknown in sorted(set(child.attrib) - _ATTRIBUTES[name.localname]):
            say(
                _("callwright:%(name)s has no attribute %(attribute)s. Known are: %(known)s."),
                name=name.localname,
                attribute=str(unknown),
                known=", ".join(sorted(_ATTRIBUTES[name.localname])),
            )


def _task(element: etree._Element, lane: str | None, compile_: Compile, say: Say) -> TaskSettings:
    said = next(iter(children(element, "task")), None)
    found = {str(name): str(value) for name, value in said.attrib.items()} if said is not None else {}
    here = partial(children, element)
    approval = read_approval(element, here, compile_, say)
    outcomes = read_outcomes(here, say) or (OUTCOMES if approval is not None else ())
    return TaskSettings(
        form=found.get("form"),
        into=found.get("into"),
        assignee=compile_(found.get("assignee"), "assignee"),
        candidate_groups=compile_(found.get("candidateGroups"), "candidateGroups"),
        candidate_users=compile_(found.get("candidateUsers"), "candidateUsers"),
        lane=lane,
        priority=compile_(found.get("priority"), "priority"),
        due=compile_(found.get("due"), "due"),
        title=found.get("title"),
        link=found.get("link") == "true",
        outcomes=outcomes,
        replies=tuple(
            Reply(
                verb=reply.get("verb", ""),
                outcome=reply.get("outcome"),
                message=reply.get("message"),
                text_into=reply.get("textInto"),
            )
            for reply in children(element, "reply")
        ),
        approval=approval,
        start_counts=_flag(said, "startCounts", False, say),
        withdraw=_flag(said, "withdraw", True, say),
        batch=_flag(said, "batch", False, say),
        fields=read_default_right(found.get("fields"), say),
        rights=read_rights(here, say),
        buttons=read_buttons(here, say),
        limits=read_limits(
            element, children(element, "limit"), said, [one.name for one in outcomes], compile_, say
        ),
        warn_s=read_warning(said, say),
    )


def _flag(said: etree._Element | None, name: str, default: bool, say: Say) -> bool:
    text = said.get(name) if said is not None else None
    if text not in (None, "true", "false"):
        say(_("callwright:task: %(name)s is %(text)s. Write true or false."), name=name, text=text)
    return default if text is None else text == "true"


def _notices(element: etree._Element, compile_: Compile, say: Say) -> tuple[Notice, ...]:
    notices: list[Notice] = []
    default = "created" if etree.QName(element).localname in _WORK else "reached"
    for said in [*children(element, "notify"), *children(element, "circulate")]:
        to, channel, message = said.get("to", ""), said.get("channel", "preferred"), said.get("message")
        circulates = etree.QName(said).localname == "circulate"
        event = said.get("event", default)
        if event not in EVENTS:
            say(
                _("callwright:notify: there is no event %(event)s. Known are: %(known)s."),
                event=event,
                known=", ".join(EVENTS),
            )
            continue
        if not to or not (message or circulates or EVENTS[event]):
            say(_("callwright:notify needs to and message."))
            continue
        if channel not in CHANNELS:
            say(
                _("callwright:notify: there is no channel %(channel)s. Known are: %(known)s."),
                channel=channel,
                known=", ".join(CHANNELS),
            )
        notices.append(
            Notice(
                event=event,
                to=to,
                channel=channel,
                message=message or "",
                formula=compile_(to[1:], "to") if to.startswith("=") else None,
                next_after_s=_next_after_s(said, say),
                circulates=circulates,
            )
        )
    return tuple(notices)


def with_notices(settings: Settings, whole: tuple[Notice, ...]) -> Settings:
    """Return the settings of a step that says what the process says, unless it says something itself.

    Args:
        settings: The step's own.
        whole: What the process says of its steps.
    """
    own = {notice.event for notice in settings.notices}
    said = [*settings.notices, *(notice for notice in whole if notice.event not in own)]
    if settings.task.approval is not None:
        known = {notice.event for notice in said}
        said += [notice for notice in _OF_APPROVALS if notice.event not in known]
    return replace(settings, notices=tuple(said))


def _next_after_s(notice: etree._Element, say: Say) -> float | None:
    text = notice.get("next")
    if text is None:
        return None
    if notice.get("to") != "candidates":
        say(_('callwright:notify: next goes with to="candidates": they are told one after the other.'))
    after_s = seconds(text)
    if after_s is None or after_s <= 0:
        say(_("callwright:notify: %(text)s is no duration. Write such as PT10M."), text=text)
        return None
    return after_s


def _assignments(element: etree._Element, name: str, compile_: Compile, say: Say) -> tuple[Assignment, ...]:
    made: list[Assignment] = []
    for said in children(element, name):
        target = said.get("name")
        source = compile_(said.get("source"), f"{name} {target}")
        if not target or said.get("source") is None:
            say(_("callwright:%(name)s needs name and source."), name=name)
        elif source is not None:
            made.append(Assignment(name=target, source=source))
    return tuple(made)


def _retries(service: etree._Element | None, say: Say) -> tuple[float, ...] | None:
    text = service.get("retries") if service is not None else None
    if text is None:
        return None
    spans: list[float] = []
    for word in text.split():
        span_s = seconds(word)
        if span_s is None:
            say(_("callwright:service: %(text)s is no duration. Write such as PT10S PT1M PT5M."), text=word)
        else:
            spans.append(span_s)
    return tuple(spans)
