"""What a step offers to people, as a designer writes it: rights to its form's fields, buttons, outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from engine.i18n import _
from engine.machine.spec import Button, Outcome

ATTRIBUTES: dict[str, set[str]] = {
    "field": {"key", "right"},
    "button": {"name", "label", "hidden"},
    "outcome": {"name", "label", "opinion", "signature", "counts"},
}

RIGHTS = ("hidden", "read", "write", "required")
"""What a person may do with a field."""

ACTIONS = (
    "return", "transfer", "add", "remove", "take_back", "comment", "delegate", "consult", "circulate", "urge",
)  # fmt: skip
"""What people do at a step beside deciding it; each can be taken away or called otherwise."""

_OPINIONS = ("required", "optional", "none")
_SIGNATURES = ("required", "none")

_Say = Callable[..., None]
_Children = Callable[[str], list[etree._Element]]


def read_default_right(text: str | None, say: _Say) -> str:
    """Read what may be done with the fields of which a step says nothing: ``write`` where it says none.

    Args:
        text: ``fields`` of ``callwright:task``.
        say: Reports a problem of this element.
    """
    return _right("task", "fields", text, say) if text is not None else "write"


def read_rights(children: _Children, say: _Say) -> Mapping[str, str]:
    """Read what may be done with the fields that a step names, by key.

    Args:
        children: Gives our settings of a name on the element.
        say: Reports a problem of this element.
    """
    rights: dict[str, str] = {}
    for said in children("field"):
        key, right = said.get("key", ""), said.get("right")
        if not key or right is None:
            say(_("callwright:field needs key and right."))
        elif key in rights:
            say(_("callwright:field %(key)s is there twice. Keep one."), key=key)
        else:
            rights[key] = _right("field", "right", right, say)
    return rights


def read_buttons(children: _Children, say: _Say) -> tuple[Button, ...]:
    """Read which buttons a step takes away or calls otherwise.

    Args:
        children: Gives our settings of a name on the element.
        say: Reports a problem of this element.
    """
    buttons: dict[str, Button] = {}
    for said in children("button"):
        name, hidden = said.get("name", ""), said.get("hidden", "false")
        if name not in ACTIONS:
            say(
                _("There is no button %(name)s. Known are: %(known)s."),
                name=name or "-",
                known=", ".join(ACTIONS),
            )
        elif name in buttons:
            say(_("callwright:button %(name)s is there twice. Keep one."), name=name)
        elif hidden not in ("true", "false"):
            say(_("callwright:button: hidden is %(text)s. Write true or false."), text=hidden)
        elif hidden == "true" and said.get("label") is not None:
            say(_("callwright:button %(name)s is hidden: leave out its label."), name=name)
        else:
            buttons[name] = Button(name=name, label=said.get("label") or None, hidden=hidden == "true")
    return tuple(buttons.values())


def read_outcomes(children: _Children, say: _Say) -> tuple[Outcome, ...]:
    """Read the ways in which a step can be finished.

    Args:
        children: Gives our settings of a name on the element.
        say: Reports a problem of this element.
    """
    made = []
    for said in children("outcome"):
        name, counts = said.get("name", ""), said.get("counts", "approved")
        opinion, signature = said.get("opinion", "optional"), said.get("signature", "none")
        if counts not in ("approved", "rejected"):
            say(
                _("callwright:outcome %(name)s counts as %(counts)s. Write approved or rejected."),
                name=name,
                counts=counts,
            )
            continue
        for attribute, text, known in (
            ("opinion", opinion, _OPINIONS),
            ("signature", signature, _SIGNATURES),
        ):
            if text not in known:
                say(
                    _("callwright:outcome %(name)s: %(attribute)s is %(text)s. Known are: %(known)s."),
                    name=name,
                    attribute=attribute,
                    text=text,
                    known=", ".join(known),
                )
        made.append(
            Outcome(
                name=name,
                label=said.get("label", name),
                opinion=opinion,
                signature_required=signature == "required",
                counts=counts,
            )
        )
    return tuple(made)


def _right(element: str, name: str, text: str, say: _Say) -> str:
    if text not in RIGHTS:
        say(
            _("callwright:%(element)s: %(name)s is %(text)s. Known are: %(known)s."),
            element=element,
            name=name,
            text=text,
            known=", ".join(RIGHTS),
        )
        return "write"
    return text
