"""A greeting as programs see it."""

from __future__ import annotations

from admin.api.fields import Instant, ListArgs, Row, Text


class GreetingSchema(Row):
    """Somebody was greeted."""

    id = Text()
    name = Text()
    text = Text()
    greeted_at = Instant()


class GreetingArgs(ListArgs):
    """What the list of greetings takes."""

    name = Text(metadata={"description": "Only this person's."})
