"""How a greeting is worded: pure."""

from __future__ import annotations

TONES = {"warm": "Hello {name}!", "formal": "Good day, {name}."}


def worded(name: str, tone: str) -> str:
    """Return the words of a greeting.

    Args:
        name: Whom.
        tone: ``warm`` or ``formal``.
    """
    return TONES[tone].format(name=name)
