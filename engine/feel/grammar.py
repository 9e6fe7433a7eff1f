"""The grammar: from words to a syntax tree (10.3.1.2).

    expression      = tests | disjunction
    disjunction     = conjunction { "or" conjunction }
    conjunction     = comparison { "and" comparison }
    comparison      = arithmetic { ("=" | "!=" | "<" | "<=" | ">" | ">=") arithmetic
                                 | "between" arithmetic "and" arithmetic
                                 | "in" ( test | "(" test { "," test } ")" ) }
    arithmetic      = by precedence, to the left: "+" "-", then "*" "/", then "**"; then the sign "-"
    postfix         = primary { "." name | "[" expression "]" | "(" arguments ")" | "instance of" type }
    primary         = literal | name | list | interval | context | "(" expression ")" | "@" string
                    | for | if | some/every | function, each as far to the right as it goes
    tests           = ("<" | "<=" | ">" | ">=" | "=" | "!=") arithmetic
    unary tests     = "-" | [ "not" ] test { "," test }

Names may hold spaces and signs, so where one ends depends on the names that are known: those of
the scope, the built-in functions, and those the expression itself makes. The longest known name wins.
A first word that nobody knows takes the words behind it with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from engine.feel import tree
from engine.feel.cursor import KEYWORDS, MAX_DEPTH
from engine.feel.errors import FeelSyntaxError
from engine.feel.kind_grammar import KindParser
from engine.feel.kinds import ANY, Kind
from engine.feel.names import PROPERTY_NAMES
from engine.feel.numbers import parse_number
from engine.feel.tokens import unquote
from engine.i18n import _

MAX_SOURCE_LENGTH = 8_000

_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}
_CONSTANTS = {"true": True, "false": False, "null": None}
_CLOSING = frozenset((")", "]", "["))


def parse(
    source: str,
    *,
    names: frozenset[str] = frozenset(),
    unary: bool = False,
    kinds: Mapping[str, Kind] | None = None,
) -> tree.Node:
    """Read an expression, or the unary tests of a table's cell.

    Args:
        source: The text; a leading ``=`` is ignored in an expression.
        names: The names that are known where it stands.
        unary: Read unary tests.
        kinds: Named types beside FEEL's own.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    if len(source) > MAX_SOURCE_LENGTH:
        raise FeelSyntaxError(
            _("An expression has at most %(limit)s characters."), source, 0, limit=MAX_SOURCE_LENGTH
        )
    parser = _Parser(source, names, kinds or {})
    try:
        return parser.unary_tests() if unary else parser.whole()
    except RecursionError:
        raise FeelSyntaxError(_("The expression is nested too deeply."), source, 0) from None


class _Parser(KindParser):
    """Reads one expression."""

    def __init__(self, source: str, names: frozenset[str], kinds: Mapping[str, Kind]) -> None:
        super().__init__(source, names, kinds)
        self.keep_bracket = False

    # The whole.

    def whole(self) -> tree.Node:
        if self.at("="):
            self.index += 1
        node = self.expression()
        self.end()
        return node

    def unary_tests(self) -> tree.Node:
        at = self.step()
        if self.at("-") and self.tokens[self.index + 1].kind == "end":
            return tree.UnaryTests(at, ())
        start = self.index
        if self.take("not") and self.take("("):
            tests = self.tests()
            if self.take(")") and self.token.kind == "end":
                return tree.UnaryTests(at, tests, negated=True)
            self.index = start
        self.index = start
        tests = self.tests()
        self.end()
        return tree.UnaryTests(at, tests)

    def tests(self) -> tuple[tree.Node, ...]:
        tests = [self.expression()]
        while self.take(","):
            tests.append(self.expression())
        return tuple(tests)

    # Expressions.

    def expression(self) -> tree.Node:
        with self.deeper():
            if self.token.text in _COMPARISONS and self.token.kind == "sign":
                return self.comparator()
            return self.disjunction()

    def comparator(self) -> tree.Node:
        at, operator = self.step(), self.token.text
        self.index += 1
        return tree.Comparator(at, operator, self.arithmetic())

    def if_(self) -> tree.Node:
        at = self.step()
        self.index += 1
        condition = self.expression()
        self.need("then")
        then = self.expression()
        self.need("else")
        return tree.If(at, condition, then, self.expression())

    def for_(self) -> tree.Node:
        at = self.step()
        self.index += 1
        with self.names.more():
            iterators = self.iterators()
            self.need("return")
            self.names.add("partial")
            return tree.For(at, iterators, self.expression())

    def quantified(self) -> tree.Node:
        at, quantifier = self.step(), self.token.text
        self.index += 1
        with self.names.more():
            iterators = self.iterators()
            self.need("satisfies")
            return tree.Quantified(at, quantifier, iterators, self.expression())

    def iterators(self) -> tuple[tree.Iterator, ...]:
        iterators: list[tree.Iterator] = []
        while not iterators or self.take(","):
            at = self.step()
            name = self.new_name(("in",))
            self.need("in")
            source = self.expression()
            until = self.expression() if self.take("..") else None
            iterators.append(tree.Iterator(at, name, source, until))
            self.names.add(name)
        return tuple(iterators)

    def function(self) -> tree.Node:
        at = self.step()
        self.index += 1
        self.need("(")
        parameters: list[tuple[str, Kind]] = []
        while not self.at(")"):
            if parameters:
                self.need(",")
            name = self.new_name((":", ",", ")"))
            parameters.append((name, self.kind() if self.take(":") else ANY))
        self.need(")")
        external = self.take("external")
        with self.names.more():
            for name, _place in parameters:
                self.names.add(name)
            return tree.FunctionLiteral(at, tuple(parameters), self.expression(), external)

    OPENINGS: Mapping[str, Callable[[_Parser], tree.Node]] = {
        "if": if_,
        "for": for_,
        "some": quantified,
        "every": quantified,
        "function": function,
    }

    def disjunction(self) -> tree.Node:
        return self.logic("or", lambda: self.logic("and", self.comparison))

    def logic(self, operator: str, operand: Callable[[], tree.Node]) -> tree.Node:
        at = self.token.at
        first = operand()
        if not self.at(operator):
            return first
        operands = [first]
        while self.take(operator):
            self.step()
            operands.append(operand())
        return tree.Logic(at, operator, tuple(operands))

    def comparison(self) -> tree.Node:
        at, left = self.token.at, self.arithmetic()
        chained = 0
        while True:
            token = self.token
            if token.text in _COMPARISONS and token.kind == "sign":
                self.index += 1
                left = tree.Comparison(at, token.text, left, self.arithmetic())
            elif self.take("between"):
                low = self.arithmetic()
                self.need("and")
                left = tree.Between(at, left, low, self.arithmetic())
            elif self.take("in"):
                left = tree.In(at, left, self.membership())
            else:
                return left
            self.step()
            chained += 1
            if chained > MAX_DEPTH:
                raise self.wrong(_("The expression is nested more than %(limit)s deep."), limit=MAX_DEPTH)

    def membership(self) -> tuple[tree.Node, ...]:
        """Read what stands behind ``in``: one test, or several in round brackets."""
        start, steps = self.index, self.steps
        if self.take("("):
            tests = self.tests()
            # "(1..5)" is an interval, and "(a) + 1" an expression that begins with a bracket.
            if self.take(")") and not (
                self.token.text in _PRECEDENCE or self.token.text in (".", "[", "(", "instance")
            ):
                return tests
            self.index, self.steps = start, max(steps, self.steps)
        if self.token.text in _COMPARISONS and self.token.kind == "sign":
            return (self.comparator(),)
        return (self.arithmetic(),)

    def arithmetic(self, precedence: int = 1) -> tree.Node:
        at, left = self.token.at, self.signed()
        while True:
            token = self.token
            binds = _PRECEDENCE.get(token.text, 0) if token.kind == "sign" else 0
            if binds < precedence:
                return left
            self.index += 1
            self.step()
            left = tree.Arithmetic(at, token.text, left, self.arithmetic(binds + 1))

    def signed(self) -> tree.Node:
        if not self.at("-"):
            return self.postfix()
        at = self.step()
        following = self.tokens[self.index + 1]
        if following.kind == "number" and following.at == self.token.end:
            self.index += 1
            return self.postfix(tree.Literal(at, -self.number()))
        with self.deeper():
            self.index += 1
            return tree.Negation(at, self.signed())

    # Paths, filters, invocations.

    def postfix(self, node: tree.Node | None = None) -> tree.Node:
        at = self.token.at if node is None else node.at
        keep_bracket, self.keep_bracket = self.keep_bracket, False
        if node is None:
            node = self.primary()
        length = 0
        while True:
            length += 1
            if length > MAX_DEPTH:
                raise self.wrong(_("The expression is nested more than %(limit)s deep."), limit=MAX_DEPTH)
            if self.at("."):
                self.index += 1
                self.step()
                node = tree.Path(at, node, self.property_name())
            elif self.at("[") and not keep_bracket:
                self.index += 1
                self.step()
                with self.names.more():
                    self.names.add("item")
                    condition = self.expression()
                self.need("]")
                node = tree.Filter(at, node, condition)
            elif self.at("("):
                self.index += 1
                self.step()
                node = tree.Invocation(at, node, *self.arguments())
            elif self.at("instance") and self.tokens[self.index + 1].text == "of":
                self.index += 2
                self.step()
                node = tree.InstanceOf(at, node, self.kind())
            else:
                return node

    def property_name(self) -> str:
        """Read the name behind a point: the longest known one, else the words that follow."""
        if self.token.kind != "word":
            raise self.wrong(_("Expected a name behind the point, found %(found)s."))
        length = self.names.longest(self.tokens, self.index, built_in=False)
        length = max(length, PROPERTY_NAMES.longest(self.tokens, self.index))
        return self.words(length or 1, greedy=not length)

    def arguments(self) -> tuple[tuple[tree.Node, ...], tuple[str, ...]]:
        arguments: list[tree.Node] = []
        names: list[str] = []
        with self.deeper():
            while not self.at(")"):
                if arguments:
                    self.need(",")
                if (length := self.named_argument()) and len(names) == len(arguments):
                    names.append(self.words(length))
                    self.need(":")
                arguments.append(self.expression())
        self.need(")")
        if names and len(names) != len(arguments):
            raise self.wrong(_("Either all arguments have a name, or none."))
        return tuple(arguments), tuple(names)

    def named_argument(self) -> int:
        """Return how many words a name before a colon has; 0 where no name stands here."""
        index = self.index
        while self.tokens[index].kind == "word" or self.tokens[index].text in (
            "-",
            "+",
            "*",
            "/",
            ".",
            "'",
            "’",
        ):
            index += 1
        return index - self.index if self.tokens[index].text == ":" and self.token.kind == "word" else 0

    # Literals.

    def primary(self) -> tree.Node:
        at = self.step()
        token = self.token
        if token.kind == "word":
            return self.word(at)
        if token.kind == "number":
            return tree.Literal(at, self.number())
        if token.kind == "string":
            self.index += 1
            return tree.Literal(at, unquote(token, self.source))
        if token.text == "(":
            return self.parenthesis(at)
        if token.text in ("[", "]"):
            return self.bracket(at)
        if token.text == "{":
            return self.context(at)
        if token.text == "@":
            self.index += 1
            if self.token.kind != "string":
                raise self.wrong(_("Expected a text behind @, found %(found)s."))
            self.index += 1
            return tree.AtLiteral(at, unquote(self.tokens[self.index - 1], self.source))
        raise self.wrong(_("Expected a value, found %(found)s."))

    def number(self) -> Decimal:
        token = self.token
        self.index += 1
        try:
            return parse_number(token.text)
        except ArithmeticError:
            raise FeelSyntaxError(_("This number is too large."), self.source, token.at) from None

    def word(self, at: int) -> tree.Node:
        text = self.token.text
        length = self.names.longest(self.tokens, self.index)
        if length < 2:
            if text in _CONSTANTS:
                self.index += 1
                return tree.Literal(at, _CONSTANTS[text])
            if text in self.OPENINGS:
                with self.deeper():
                    return self.OPENINGS[text](self)
            if text in KEYWORDS:
                raise self.wrong(_("Expected a value, found %(found)s."))
        # A first word that only a built-in function has may still begin a longer, unknown name.
        greedy = not length or (length == 1 and not self.names.knows(text))
        return tree.Name(at, self.words(length or 1, greedy=greedy))

    def parenthesis(self, at: int) -> tree.Node:
        self.index += 1
        inner = self.expression()
        if self.take(".."):
            return self.interval(at, inner, start_included=False)
        self.need(")")
        return inner

    def bracket(self, at: int) -> tree.Node:
        opening = self.token.text
        self.index += 1
        if opening == "[" and self.take("]"):
            return tree.ListLiteral(at, ())
        first = self.expression()
        if self.take(".."):
            return self.interval(at, first, start_included=opening == "[")
        if opening == "]":
            raise self.wrong(_("Expected .. of an interval, found %(found)s."))
        items = [first]
        while self.take(","):
            items.append(self.expression())
        self.need("]")
        return tree.ListLiteral(at, tuple(items))

    def interval(self, at: int, start: tree.Node, *, start_included: bool) -> tree.Node:
        end = self.endpoint()
        closing = self.token.text
        self.index += 1
        return tree.Interval(at, start, end, start_included, closing == "]")

    def endpoint(self) -> tree.Node:
        """Read the end of an interval; in ``[1..10[`` the last bracket opens no filter."""
        index, depth = self.index, self.depth
        for keep_bracket in (False, True):
            self.index, self.depth, self.keep_bracket = index, depth, keep_bracket
            try:
                with self.names.more():
                    node = self.arithmetic()
                if self.token.text in _CLOSING and self.token.kind == "sign":
                    return node
            except FeelSyntaxError:
                if keep_bracket:
                    raise
            finally:
                self.keep_bracket = False
        raise self.wrong(_("Expected the end of the interval, found %(found)s."))

    def context(self, at: int) -> tree.Node:
        entries: list[tuple[str, tree.Node]] = []
        self.index += 1
        with self.names.more():
            while not self.at("}"):
                if entries:
                    self.need(",")
                if self.token.kind == "string":
                    key = unquote(self.token, self.source)
                    self.index += 1
                else:
                    key = self.new_name((":",))
                self.need(":")
                entries.append((key, self.expression()))
                self.names.add(key)
                self.names.keep(key)
        self.need("}")
        return tree.ContextLiteral(at, tuple(entries))
