"""What the product itself says of what people do at a step, where nobody has written anything else."""

from __future__ import annotations

from engine.i18n import _
from engine.notify.templates import MessageTemplate, MessageText


def _said(event: str, title: str, text: str) -> MessageTemplate:
    # One text for every channel: it is short enough for an SMS.
    return MessageTemplate(key="", title=title, texts={"in_app": MessageText(text=text)})


WORDING: dict[str, MessageTemplate] = {
    event: _said(event, title, text)
    for event, title, text in (
        (
            "created",
            _("Somebody waits for your decision"),
            _("{{ title }}: {{ task.name }} waits for you. {{ link }}"),
        ),
        ("approved", _("Approved"), _("{{ title }} was approved at {{ step }}. {{ link }}")),
        ("rejected", _("Rejected"), _("{{ title }} was rejected at {{ step }}: {{ text }} {{ link }}")),
        ("returned", _("Sent back to you"), _("{{ by }} sent {{ title }} back: {{ text }} {{ link }}")),
        ("withdrawn", _("Taken back"), _("{{ by }} took {{ title }} back: {{ text }}")),
        (
            "transferred",
            _("Handed over to you"),
            _("{{ by }} handed {{ title }} over to you. {{ text }} {{ link }}"),
        ),
        (
            "delegated",
            _("Somebody asks you for help"),
            _("{{ by }} asks you to look at {{ title }}. {{ text }} {{ link }}"),
        ),
        ("given_back", _("Given back to you"), _("{{ by }} gave {{ title }} back: {{ text }} {{ link }}")),
        ("consulted", _("A question to you"), _("{{ by }} asks about {{ title }}: {{ text }} {{ link }}")),
        (
            "answered",
            _("Somebody answered you"),
            _("{{ by }} answered about {{ title }}: {{ text }} {{ link }}"),
        ),
        ("added", _("You are asked too"), _("{{ by }} asks you to decide on {{ title }} too. {{ text }}")),
        ("removed", _("Not asked any more"), _("{{ by }} took you off {{ title }}: you need not decide.")),
        (
            "taken_back",
            _("A decision was taken back"),
            _("{{ by }} took their decision on {{ title }} back. {{ link }}"),
        ),
        ("urged", _("Please hurry"), _("{{ by }} urges: {{ title }} waits for you. {{ text }} {{ link }}")),
        ("circulated", _("To be read by you"), _("{{ by }} sent you {{ title }}. {{ text }} {{ link }}")),
        (
            "mentioned",
            _("Somebody mentioned you"),
            _("{{ by }} mentioned you in {{ title }}: {{ text }} {{ link }}"),
        ),
        (
            "unassigned",
            _("Nobody is found"),
            _("{{ title }}: nobody is found for {{ step }}. Name somebody, then try again. {{ link }}"),
        ),
        ("cancelled", _("Cancelled"), _("{{ by }} cancelled {{ title }}: {{ text }}")),
        ("reopened", _("Open again"), _("{{ by }} opened {{ title }} again: {{ text }} {{ link }}")),
        ("ended", _("Done"), _("{{ title }} is done. {{ link }}")),
    )
}
"""By event."""
