"""How a room says what it offers: a decorator or a small class that the loader collects.

Nothing registers itself when it is imported; an offer is a mark on the thing, found by the loader.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

from engine.errors import DefinitionError, Problem
from engine.values import Json

if TYPE_CHECKING:
    from engine.context import Context

F = TypeVar("F", bound=Callable[..., Any])

FEEL_TYPES: Mapping[object, str] = {
    str: "string",
    int: "number",
    Decimal: "number",
    bool: "boolean",
    date: "date",
    datetime: "date and time",
    timedelta: "days and time duration",
    list: "list",
    dict: "context",
    Any: "any",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What people read about a parameter or a result, as ``Annotated[str, Field(label=...)]``.

    Args:
        label: A gettext source text: the field's name in the designer's panel.
        help: One sentence more.
        unit: ``s``, ``%``, ``HKD``…
    """

    label: str
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One input or output of a service task, read from its signature."""

    name: str
    type: str
    label: str
    help: str
    unit: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTask:
    """Something a drawing can call.

    Args:
        verb: Its name inside the plug-in; a drawing says ``plugin.verb``.
        function: The callable; first argument a Context, keyword arguments after.
        mode: *inline* touches only our database, inside the instance's transaction; *job* is everything
            else and runs after the commit with retries, then an incident.
        title: A gettext source text.
        help: One sentence more: the docstring's first line.
        inputs: Its parameters.
        outputs: What it returns, by name; a scalar result is called ``result``.
        retries_s: Seconds between tries of a job; None for the product's own.
        repeatable: Whether an inline one does no harm when it is done a second time: then the task before it
            can be taken back and finished anew.
        looks: Whether an inline one only looks things up: it changes nothing, so that a preview of the path
            may ask it.
    """

    verb: str
    function: Callable[..., Any]
    mode: Literal["inline", "job"]
    title: str
    help: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    retries_s: tuple[float, ...] | None = None
    repeatable: bool = False
    looks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Somebody whom an approval can ask to find its people.

    Args:
        name: Its name inside the plug-in; a drawing says ``plugin.name``.
        function: ``found(ctx, of)`` within the open transaction: keys of people, in the order in which they
            are asked, for what the drawing says they are looked up by.
        title: A gettext source text.
        help: One sentence more: the docstring's first line.
    """

    name: str
    function: Callable[[Context, Json], Sequence[str]]
    title: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A piece of work the worker does: by ``function(ctx, payload)``, once a job row asks for it.

    Args:
        name: ``plugin.verb``; the engine's own kinds have no dot.
        title: What it does, for operators: a gettext source text.
        function: Runs outside of any transaction and opens its own.
        every_s: Seconds between runs of a clockwork kind; None for one that is asked for.
        lane: *interactive* work goes before *batch*.
        exclusive: Whether no other job of the same instance may run at the same time.
    """

    name: str
    title: str
    function: Callable[..., Any]
    every_s: float | None = None
    lane: Literal["interactive", "batch"] = "interactive"
    exclusive: bool = True


SmsMode = Literal["link and reply", "link", "code only"]
"""What an SMS may be: answered and with a link; with a link; or neither."""

# What a listener may hear of.
PROCESS_EVENTS = (
    "instance.started", "instance.completed", "instance.failed", "instance.cancelled", "instance.suspended",
    "instance.resumed", "instance.reopened", "task.opened", "task.completed", "task.cancelled",
    "incident.opened", "incident.resolved", "notification.sent", "notification.failed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEvent:
    """Something happened in a process. It holds ids, keys and states, and no personal data.

    Args:
        name: One of ``PROCESS_EVENTS``.
        instance_id: In which instance; None where it belongs to none.
        process_key: Of which process.
        about: What more there is to say: ``task_id``, ``element_id``, ``outcome``, ``incident_id``, ``code``…
    """

    name: str
    instance_id: str | None
    process_key: str | None
    about: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message about to leave the building.

    Args:
        key: The notification's id: what the other side is asked about when the outcome is unknown.
        channel: ``sms`` or ``email``.
        address: E.164 number or mail address.
        subject: Mail only.
        body: The text.
        html: Mail only, optional.
        callback_url: Where delivery receipts go; it names the key.
        headers: Mail only: further header fields.
        tried_at: When a gateway was first asked to carry it: what a provider took earlier is another one.
        other_ids: Provider ids of other messages to this address since then.
    """

    key: str
    channel: str
    address: str
    subject: str
    body: str
    html: str = ""
    callback_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tried_at: datetime | None = None
    other_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A gateway took a message: its own id for it, and the state it gave.

    Args:
        provider_id: The other side's id.
        state: ``sent`` or ``delivered``.
        segments: Message parts that are billed.
    """

    provider_id: str
    state: Literal["sent", "delivered"] = "sent"
    segments: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a provider says later of a message it took.

    Args:
        provider_id: Its own id of the message.
        state: How far the message came.
        key: The notification's id where the provider gives it back.
        error: Why it failed, in the provider's words.
        address_refused: It failed because this number or mailbox takes no messages.
    """

    provider_id: str
    state: Literal["sent", "delivered", "read", "failed"]
    key: str | None = None
    error: str = ""
    address_refused: bool = False


class Gateway(Protocol):
    """Carries messages of some channels out of the building."""

    name: str
    channels: tuple[str, ...]

    def configured(self) -> bool:
        """Whether an account is set."""

    def send(self, message: Outgoing) -> Sent:
        """Send once; never tries again by itself.

        Raises:
            AddressRefused: This number or mailbox takes no messages.
            TechnicalFailure: It was not taken; ``permanent`` where trying again cannot help.
            OutcomeUnknown: Nobody can tell whether it was taken.
        """

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Ask the provider whether it took a message whose outcome is unknown.

        Returns:
            What it took, or None where it certainly did not.

        Raises:
            OutcomeUnknown: It cannot be told.
        """


@runtime_checkable
class SelectiveGateway(Gateway, Protocol):
    """A gateway that says where it carries to: it is asked before those that carry everywhere."""

    def mode(self, address: str) -> SmsMode | None:
        """Return what an SMS to a number may be; None where this gateway does not carry there."""


@runtime_checkable
class ParameterGateway(Protocol):
    """A gateway whose account stands on the Parameters page and may change while the product runs."""

    name: str
    channels: tuple[str, ...]

    def within(self, ctx: Context) -> Gateway:
        """Return the gateway as its parameters stand now."""


class CheckContext(Protocol):
    """What a resource kind may look at while it checks one file of a deployment."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file of the deployment, by path."""

    @property
    def registry(self) -> Any:
        """What is installed."""

    @property
    def key(self) -> str:
        """The deployment's key."""

    @property
    def package(self) -> Any:
        """The deployment, which reads each file once; None where only a part of one is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """A kind of file in a process folder.

    Args:
        name: ``bpmn``, ``dmn``, ``form``, ``messages``, ``scenario``, ``catalogue``.
        pattern: Which files, as ``fnmatch`` on the path in the folder.
        check: Looks at one file and returns what is wrong with it.
        warn: Looks at one file that can run and returns what may not be meant.
    """

    name: str
    pattern: str
    check: Callable[[str, bytes, CheckContext], Sequence[Problem]]
    warn: Callable[[str, bytes, CheckContext], Iterable[Problem]] | None = None


def service_task(
    verb: str,
    *,
    title: str,
    mode: Literal["inline", "job"] = "job",
    retries_s: Sequence[float] | None = None,
    repeatable: bool = False,
    looks: bool = False,
) -> Callable[[F], F]:
    """Offer a typed function to drawings. One declaration, four uses.

    The worker gets its callable, the designer's panel its choice and fields, the README its table and
    deployment its check.

    Args:
        verb: Its name inside the plug-in.
        title: A gettext source text.
        mode: *inline* or *job*: see ServiceTask.
        retries_s: Seconds between tries of a job.
        repeatable: Whether an inline one may be done again a little later: see ServiceTask.
        looks: Whether an inline one only looks things up, and so may be done again: see ServiceTask.

    Raises:
        DefinitionError: A parameter has no type that a drawing could fill.
    """

    def mark(function: F) -> F:
        inputs, outputs = _signature(function)
        offer = ServiceTask(
            verb=verb,
            function=function,
            mode=mode,
            title=title,
            help=(inspect.getdoc(function) or "").split("\n", 1)[0],
            inputs=inputs,
            outputs=outputs,
            retries_s=None if retries_s is None else tuple(retries_s),
            repeatable=repeatable or looks,
            looks=looks,
        )
        function.__service_task__ = offer  # type: ignore[attr-defined]
        return function

    return mark


def lookup(name: str, *, title: str) -> Callable[[F], F]:
    """Let approvals find their people by a function: ``found(ctx, of)`` returns keys of people, in order.

    It is called within the transaction in which the step opens, and when a path is shown before it is taken:
    it reads what is there now, and writes nothing.

    Args:
        name: Its name inside the plug-in.
        title: A gettext source text.
    """

    def mark(function: F) -> F:
        help_ = (inspect.getdoc(function) or "").split("\n", 1)[0]
        offer = Lookup(name=name, function=function, title=title, help=help_)
        function.__lookup__ = offer  # type: ignore[attr-defined]
        return function

    return mark


def job(
    verb: str,
    *,
    title: str,
    every_s: float | None = None,
    lane: Literal["interactive", "batch"] = "interactive",
) -> Callable[[F], F]:
    """Offer a function to the clockwork or to ``engine.jobs.enqueue``.

    Args:
        verb: Its name inside the plug-in.
        title: What it does, for operators: a gettext source text.
        every_s: Seconds between runs; None for one that is asked for.
        lane: *interactive* work goes before *batch*.
    """

    def mark(function: F) -> F:
        function.__job__ = (verb, title, every_s, lane)  # type: ignore[attr-defined]
        return function

    return mark


def listener(function: F) -> F:
    """Let a function hear of what happens in processes: ``heard(ctx, event)``, a ``ProcessEvent``.

    It is called within the transaction in which it happens: it writes rows and asks for jobs, nothing slower.
    """
    function.__listener__ = True  # type: ignore[attr-defined]
    return function


def checks(setting: str) -> Callable[[F], F]:
    """Let a function say what is wrong with a setting of the plug-in before it is kept: ``look(value)``.

    It returns problems; the setting's type was looked at before.

    Args:
        setting: Its name in the manifest.
    """

    def mark(function: F) -> F:
        function.__checks__ = setting  # type: ignore[attr-defined]
        return function

    return mark


def _signature(function: Callable[..., Any]) -> tuple[tuple[Parameter, ...], tuple[Parameter, ...]]:
    hints = get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    inputs = tuple(
        _parameter(
            function,
            given.name,
            hints.get(given.name, Any),
            required=given.default is inspect.Parameter.empty,
            default=None if given.default is inspect.Parameter.empty else given.default,
        )
        for given in parameters
    )
    returned = hints.get("return", type(None))
    bare = get_args(returned)[0] if get_origin(returned) is Annotated else returned
    if bare is type(None):
        return inputs, ()
    if typing.is_typeddict(bare):
        fields = get_type_hints(bare, include_extras=True)
        return inputs, tuple(_parameter(function, name, hint, required=True) for name, hint in fields.items())
    return inputs, (_parameter(function, "result", returned, required=True),)


def _parameter(
    function: Callable[..., Any], name: str, hint: Any, *, required: bool, default: Any = None
) -> Parameter:
    said = Field(label=name.replace("_", " ").capitalize())
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        said = next((mark for mark in marks if isinstance(mark, Field)), said)
    if get_origin(hint) in (typing.Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        hint = options[0] if len(options) == 1 else Any
    choices: tuple[str, ...] = ()
    if get_origin(hint) is Literal:
        choices, hint = tuple(get_args(hint)), str
    if typing.is_typeddict(hint):
        hint = dict
    kind = FEEL_TYPES.get(get_origin(hint) or hint)
    if kind is None:
        raise DefinitionError(
            "%(function)s: parameter %(name)s has a type that a drawing cannot fill. Use str, int, Decimal, "
            "bool, date, datetime, timedelta, list, dict or a Literal.",
            function=f"{function.__module__}.{function.__qualname__}",
            name=name,
        )
    return Parameter(
        name=name,
        type=kind,
        label=said.label,
        help=said.help,
        unit=said.unit,
        required=required,
        default=default,
        choices=choices,
    )
