"""The process that the tests run: a script, a person, a timer, a script, a message; each element once."""

from __future__ import annotations

from engine.testing.drawing import chain, drawing, end, start, task
from engine.values import Json

KEY = "errand"
ELEMENTS = ("begin", "count", "look", "pause", "sum_up", "tell", "over")


def _script(element_id: str, text: str) -> str:
    return f'<bpmn:scriptTask id="{element_id}"><bpmn:script>{text}</bpmn:script></bpmn:scriptTask>'


_COUNT = _script("count", "squares = [n * n for n in range(1, 6)]")
_SUM = _script("sum_up", "total = sum(squares) + number")
_LOOK = task("look", inside="<callwright:task candidateGroups='\"agents\"'/>")
_SAY = '<callwright:notify to=\'={name: "Citizen", phone: phone, email: email, locale: "en"}\' '


def files(*, pause: str = "PT1S", channel: str = "sms") -> dict[str, bytes]:
    """Return the package.

    Args:
        pause: How long it waits after the person's step: an ISO duration.
        channel: What the message goes out by.
    """
    body = "\n".join(
        (
            start(),
            _COUNT,
            _LOOK,
            '<bpmn:intermediateCatchEvent id="pause"><bpmn:timerEventDefinition>'
            f"<bpmn:timeDuration>{pause}</bpmn:timeDuration>"
            "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>",
            _SUM,
            task("tell", "sendTask", inside=f'{_SAY} channel="{channel}" message="done"/>'),
            end(),
            chain(ELEMENTS),
        )
    )
    return {
        f"{KEY}.bpmn": drawing(body, key=KEY, name="Errand"),
        "process.toml": (
            f'key = "{KEY}"\ntitle = "Errand"\n\n'
            '[[start]]\nevent = "begin"\ntitle = "Begin an errand"\nwho = ["group:agents"]\n'
        ).encode(),
        "messages/done.toml": (
            b'title = "Done"\n\n[sms]\ntext = "Errand {{ number }}: {{ total }}"\n\n'
            b'[email]\nsubject = "Errand {{ number }}"\ntext = "Errand {{ number }}: {{ total }}"\n'
        ),
    }


def variables(number: int, *, reached_by: str = "") -> dict[str, Json]:
    """Return what an errand begins with: every citizen has a telephone and a mailbox of their own.

    Args:
        number: The errand's number.
        reached_by: ``sms`` or ``email``: they have nothing else.
    """
    return {
        "number": number,
        "phone": None if reached_by == "email" else phone(number),
        "email": None if reached_by == "sms" else mailbox(number),
    }


def mailbox(number: int) -> str:
    """Return the mailbox of an errand's citizen."""
    return f"citizen.{number}@example.org"


def phone(number: int) -> str:
    """Return the telephone number of an errand's citizen."""
    return f"+852{51_000_000 + number}"


def total(number: int) -> int:
    """Return what the last script makes of it."""
    return 55 + number
