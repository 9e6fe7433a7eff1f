"""What a script mentions: the names it reads and the names it gives values to."""

from __future__ import annotations

import ast
import symtable
import textwrap
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Lock
from typing import TypeVar

from engine.i18n import _
from engine.sandbox.errors import ScriptSyntaxError

MAX_SOURCE_LENGTH = 32_000

RESERVED = "callwright_"
HOST_FUNCTIONS = frozenset({"log", "throw_error"})

_warnings_lock = Lock()
_T = TypeVar("_T")


def prepare(source: str) -> str:
    """Return a script as it is run: without the indentation a drawing's XML gave it, lines unchanged."""
    return textwrap.dedent(source.replace("\r\n", "\n").replace("\r", "\n"))


@lru_cache(maxsize=1024)
def names_used(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names a script reads, and those it gives values to.

    The first are names of its outermost level and of no function in it, built-in ones included; the second
    are assigned at that level. A loop's own variable, a function, a class and an import are no values; a
    name that begins with an underscore stays inside the script.

    Args:
        source: The script.

    Returns:
        Names read, names written.

    Raises:
        ScriptSyntaxError: It cannot be read.
    """
    tree = parse(source, "exec")
    table = _quietly(lambda: symtable.symtable(prepare(source), "script", "exec"))
    reads: set[str] = set()
    writes: set[str] = set()
    for scope in _scopes(table):
        top = scope is table
        for symbol in scope.get_symbols():
            if not (top or symbol.is_global()):
                continue
            if symbol.is_referenced():
                reads.add(symbol.get_name())
            if symbol.is_assigned() and not symbol.is_imported() and not symbol.is_namespace():
                writes.add(symbol.get_name())
    assigned, loops = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            assigned.add(node.target.id)
            reads.add(node.target.id)
        elif isinstance(node, ast.For):
            loops.update(_stored(node.target))
        elif isinstance(node, ast.Assign):
            assigned.update(name for target in node.targets for name in _stored(target))
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            assigned.update(_stored(node.target))
    kept = writes - (loops - assigned)
    return _own(reads), _own(kept)


def parse(source: str, mode: str) -> ast.AST:
    """Read a script (``exec``) or an expression (``eval``).

    Raises:
        ScriptSyntaxError: It cannot be read, is too long, or uses a name that is ours.
    """
    if len(source) > MAX_SOURCE_LENGTH:
        raise ScriptSyntaxError(
            _("The script is longer than %(limit)s characters: leave the rest to a plug-in."),
            limit=MAX_SOURCE_LENGTH,
        )
    try:
        tree = _quietly(lambda: ast.parse(prepare(source), "script", mode))
    except SyntaxError as error:
        raise ScriptSyntaxError(reason=f"SyntaxError: {error.msg}", line=error.lineno) from None
    except (ValueError, MemoryError, RecursionError):
        # A NUL, or brackets nested past what can be read.
        raise ScriptSyntaxError() from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id.startswith(RESERVED):
            raise ScriptSyntaxError(
                _("Line %(line)s of the script: names that begin with %(reserved)s are the product's own."),
                reserved=RESERVED,
                line=node.lineno,
            )
    return tree


def _quietly(read: Callable[[], _T]) -> _T:
    """Read Python text without the warnings it may deserve."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read()


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        yield scope
        waiting += scope.get_children()


def _stored(target: ast.AST) -> set[str]:
    return {
        node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _own(names: set[str]) -> frozenset[str]:
    return frozenset(name for name in names if not name.startswith("_")) - HOST_FUNCTIONS
