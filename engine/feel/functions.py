"""Functions as values: written in FEEL, built in, or given by the caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.feel.errors import FeelError
from engine.i18n import _

if TYPE_CHECKING:
    from engine.feel.kinds import Kind
    from engine.feel.runtime import Run

Frame = list[Any]
"""The run, the variables, the input of unary tests, then one place for each local name."""

Code = Callable[[Frame], Any]
"""A compiled expression."""


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """Something that can be invoked.

    Args:
        name: What it is called, for warnings.
        parameters: The names of its parameters; the kind of each stands in `kinds`.
        kinds: What each parameter takes.
        result: What it gives.
        code: Called with the run and one value for each parameter.
    """

    name: str
    parameters: tuple[str, ...]
    kinds: tuple[Kind, ...]
    result: Kind
    code: Callable[[Run, Sequence[Any]], Any]

    def call(self, run: Run, arguments: Sequence[Any]) -> Any:
        """Invoke it with arguments in the order of its parameters.

        Raises:
            FeelError: Their number or kinds do not fit.
        """
        if len(arguments) != len(self.parameters):
            raise FeelError(
                _("%(function)s takes %(expected)s arguments, not %(given)s."),
                function=self.name,
                expected=len(self.parameters),
                given=len(arguments),
            )
        values = [kind.coerce(value) for kind, value in zip(self.kinds, arguments, strict=True)]
        run.enter()
        try:
            result = self.code(run, values)
        finally:
            run.leave()
        return self.result.coerce(result)

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        """Invoke it with arguments by the names of its parameters; one that is not supplied is null.

        Raises:
            FeelError: Names or kinds do not fit.
        """
        if not arguments.keys() <= set(self.parameters):
            raise FeelError(
                _("%(function)s takes the parameters %(expected)s."),
                function=self.name,
                expected=", ".join(self.parameters),
            )
        return self.call(run, [arguments.get(name) for name in self.parameters])


@dataclass(frozen=True, slots=True, eq=False)
class Overloaded:
    """A built-in function: one name, one or more signatures."""

    name: str
    code: Callable[[Run, Sequence[Any]], Any]
    named_code: Callable[[Run, dict[str, Any]], Any]

    def call(self, run: Run, arguments: Sequence[Any]) -> Any:
        """Invoke it with arguments in order."""
        return self.code(run, arguments)

    def call_named(self, run: Run, arguments: dict[str, Any]) -> Any:
        """Invoke it with arguments by the names of its parameters."""
        return self.named_code(run, arguments)


FUNCTIONS = (Function, Overloaded)
