"""Literal expressions: FEEL in a box (7.3.2)."""

from __future__ import annotations

from collections.abc import Callable

from engine.decision.compiling import Compiling, feel, nothing
from engine.decision.evaluation import Code
from engine.decision.reading import Element, text_of
from engine.i18n import _


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a literal expression."""
    language = element.get("expressionLanguage", "")
    if language and "feel" not in language.lower():
        compiling.wrong(
            element, _("Expressions are written in FEEL, not in %(language)s."), language=language
        )
        return nothing(element, _("This expression is not FEEL."))
    text = text_of(element)
    if not text:
        return lambda evaluation, scope: None
    return feel(compiling.expression(element, text), element)
