"""Functions: made by ``function(a) ...``, and called (10.3.2.13.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.feel import tree
from engine.feel.calls import host_function
from engine.feel.closures.compiler import Compiler, Constant, compiles
from engine.feel.errors import FeelError
from engine.feel.functions import FUNCTIONS, Code, Frame, Function
from engine.feel.inference import result_of
from engine.feel.kinds import describe
from engine.feel.library import BUILT_INS
from engine.feel.runtime import Run
from engine.i18n import _

_FOLDED = frozenset(("date", "time", "date and time", "duration"))


@compiles(tree.FunctionLiteral)
def function(compiler: Compiler, node: tree.FunctionLiteral) -> Code:
    """A function, which keeps the local values of the place where it was made."""
    if node.external:
        return compiler.failing(node.at, _("External functions are not run."))
    names = tuple(name for name, _place in node.parameters)
    kinds = tuple(kind for _name, kind in node.parameters)
    with compiler.block():
        places = [compiler.place(name) for name in names]
        body = compiler.code(node.body)

    effort, result = tree.effort(node.body), result_of(node, {})

    def function(frame: Frame) -> Function:
        captured = frame[:]

        def code(run: Run, values: Sequence[Any]) -> Any:
            run.tick(effort)
            inner = captured[:]
            inner[0] = run
            for place, value in zip(places, values, strict=True):
                inner[place] = value
            return body(inner)

        return Function("function", names, kinds, result, code)

    return function


@compiles(tree.Invocation)
def invocation(compiler: Compiler, node: tree.Invocation) -> Code:
    """A call, with arguments in order or by name."""
    arguments, names, null = compiler.codes(node.arguments), node.names, compiler.null(node.at)
    if (fixed := _folded(compiler, node, arguments)) is not None:
        return fixed
    callee = _callee(compiler, node.function)

    def invocation(frame: Frame) -> Any:
        function = callee(frame)
        if type(function) not in FUNCTIONS:
            return null(frame, FeelError(_("%(kind)s is no function."), kind=describe(function)))
        values = [argument(frame) for argument in arguments]
        try:
            if names:
                return function.call_named(frame[0], dict(zip(names, values, strict=True)))
            return function.call(frame[0], values)
        except FeelError as error:
            return null(frame, error)
        except (ArithmeticError, ValueError):
            return null(frame, FeelError(_("A value is out of range.")))

    return invocation


def _folded(compiler: Compiler, node: tree.Invocation, arguments: Sequence[Code]) -> Code | None:
    """Return the constant that ``date("2026-03-02")`` and its like stand for."""
    function = node.function
    if (
        isinstance(function, tree.Name)
        and function.name in _FOLDED
        and not compiler.is_known(function.name)
        and len(arguments) == 1
        and isinstance(arguments[0], Constant)
        and not node.names
    ):
        try:
            return Constant(BUILT_INS[function.name].call(Run({}, None), [arguments[0].value]))
        except FeelError:
            return None
    return None


def _callee(compiler: Compiler, node: tree.Node) -> Code:
    """Return the closure that finds a function: one of the scope, a built-in one, or the caller's."""
    if isinstance(node, tree.Name) and node.name in BUILT_INS:
        built_in = BUILT_INS[node.name]
        if not compiler.is_known(node.name):
            return Constant(built_in)
        own = compiler.code(node)

        def shadowed(frame: Frame) -> Any:
            value = own(frame)
            return value if type(value) in FUNCTIONS else built_in

        return shadowed
    code = compiler.code(node)
    dotted = _dotted(node)
    if dotted is None:
        return code
    compiler.use(dotted)

    def named(frame: Frame) -> Any:
        functions = frame[0].functions
        return host_function(dotted, functions[dotted]) if dotted in functions else code(frame)

    return named


def _dotted(node: tree.Node) -> str | None:
    """Return a path of names as one name: a function in a namespace is called so."""
    parts: list[str] = []
    while isinstance(node, tree.Path):
        parts.append(node.name)
        node = node.source
    if not parts or not isinstance(node, tree.Name):
        return None
    return ".".join([node.name, *reversed(parts)])
