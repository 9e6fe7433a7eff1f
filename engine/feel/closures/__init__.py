"""From the syntax tree to closures: each node becomes a function of a frame.

A frame is a list: the run, the variables, the input of unary tests, then one place for each local
name. Which place a name has is settled here, once. Only inside of a filter is a name looked for at
evaluation time, because an element's own entries come first there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.feel import tree
from engine.feel.closures import access, invocations, loops, names, operators, testing
from engine.feel.closures.compiler import Compiler
from engine.feel.functions import Code
from engine.feel.names import normal_names

RULES = (names, testing, operators, access, loops, invocations)
"""The modules that know the nodes."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression as a closure, with the size of its frames and what it reads from outside.

    Args:
        code: The closure.
        place_count: The size of a frame.
        names_used: The names it reads, each with the entries it reads, or None for the whole value.
    """

    code: Code
    place_count: int
    names_used: Mapping[str, frozenset[str] | None]


def compile_tree(node: tree.Node, source: str, known: frozenset[str] = frozenset()) -> Compiled:
    """Compile a syntax tree.

    Args:
        node: The tree.
        source: The text it was read from, for warnings.
        known: The names that its scope is known to have.
    """
    compiler = Compiler(source, normal_names(known))
    code = compiler.code(node)
    used = {
        name: None if entries is None else frozenset(entries) for name, entries in compiler.names_used.items()
    }
    return Compiled(code, compiler.place_count, used)


__all__ = ["RULES", "Compiled", "compile_tree"]
