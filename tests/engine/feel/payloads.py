# ruff: noqa: E501 - one payload, one line
"""What a hostile expression tries: to get out, to find what is not its own, to leave something behind, to take all.

Every payload is one FEEL expression. It is held if reading or evaluating it ends in time and small, and nothing
that is not FEEL's own is in what it gives.
"""

from __future__ import annotations

from tests.engine.payload import Kind, Payload

_SHELL = 'java: {class: "java.lang.Runtime", `method signature`: "exec(java.lang.String)"}'
# A list of two of the one before, and so on: 2 ** 60 parts by sixty turns.
_DOUBLED = "(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])"
_LONG_TEXT = '(for i in 1..18 return if i = 1 then "aaaa" else partial[-1] + partial[-1])[-1]'


def _of(kind: Kind, **sources: str) -> tuple[Payload, ...]:
    return tuple(
        Payload(name=name.replace("_", " "), kind=kind, source=source) for name, source in sources.items()
    )


PAYLOADS: tuple[Payload, ...] = (
    *_of(
        "escape",
        # By attributes, subclasses and globals.
        attribute_of_a_text="string(shared.name.__class__.__base__)",
        subclass_walk="string(shared.__class__.__base__.__subclasses__())",
        globals_of_a_function="string(count.__globals__)",
        function_of_the_host='string(person.__globals__) + string(manager of.__closure__)',
        function_of_the_host_as_text="string(person)",
        zone_of_a_time="string(now().tzinfo.__class__)",
        class_of_a_duration='string(duration("P1D").__init__)',
        dictionary_of_a_range="string([1..2].__dict__)",
        key_of_a_context='string(get value(shared, "__class__"))',
        path_by_keys='string(get value(shared, ["__class__", "__base__"]))',
        entries_of_a_function="string(get entries(count))",
        built_ins="string(__builtins__) + string(__import__)",
        modules_of_the_host="string(os.environ) + string(sys.modules) + string(sitecustomize.CANARY)",
        # By what runs text or opens files.
        python_import="__import__(\"os\").system(\"touch @MARKER@\")",
        python_eval='eval("1 + 1")',
        python_open='open("@SECRET@").read()',
        external_java=f'(function(x) external {{{_SHELL}}})("touch @MARKER@")',
        external_python='(function(x) external {python: {module: "os", function: "system"}})("touch @MARKER@")',
        external_pmml='(function(x) external {pmml: {document: "file://@SECRET@", model: "m"}})(1)',
        a_file_as_a_date='string(date("file://@SECRET@"))',
        environment="string(PAYLOAD_SECRET) + string(env(\"PAYLOAD_SECRET\"))",
        # By what formats and searches texts.
        format_of_a_text='"{0.__class__.__init__.__globals__}".format(shared)',
        template_in_a_text='"{{ shared.__class__ }} %(shared)s ${shared}"',
        group_by_name='replace("x", "(?P<a>x)", "\\\\g<a>$<a>${a}$0")',
        code_in_a_pattern='matches("x", "(?{ system(1) })|(?R)|(?P>a)|\\\\p{IsX}")',
        # By what the host's own functions are given.
        hosts_function_of_a_function="people of(people of)",
        hosts_function_of_itself='person({key: person("agent")})',
        hosts_function_with_names='person(key: "agent", ctx: "x", session: "y")',
        groups_by_a_statement="people of(\"group:agents' OR 1=1 --\")",
        key_with_a_nul='person("a\\u0000b")',
        text_with_a_nul='"a\\u0000b"',
        half_a_character='"\\uD800"',
    ),
    *_of(
        "leak",
        built_in_replaced="{count: function(x) 42, r: count([1, 2])}.r",
        built_in_replaced_by_a_parameter="(function(sum, string) sum(1))(function(x) 42, 1)",
        given_name_replaced='{initiator: "admin", business_key: "x", decisions: {head: {outcome: "approved"}}}',
        input_changed='list replace(shared.items, 1, append(shared.items, "poison"))',
        context_changed='context put(shared, "name", "poison")',
        function_kept="{f: function(x) f(x), g: function() shared}",
        one_of_many_people='string(people of("group:agents")) + string(person("admin"))',
        partial_of_another="string(partial) + string(item) + string(?)",
        moment="string(now()) + string(today())",
    ),
    *_of(
        "time",
        endless_loop="for a in 1..1000000000 return a",
        three_loops="for a in 1..1000, b in 1..1000, c in 1..1000 return a * b * c",
        search_of_pairs="some a in 1..100000, b in 1..100000 satisfies a < 0",
        search_for_all="every a in 1..100000, b in 1..100000 satisfies a > 0",
        loop_of_loops="for i in 1..300 return for j in 1..300 return partial",
        filter_of_filters=f"{{x: {_DOUBLED}, r: x = x[item != 0]}}.r",
        long_bodies="for i in 1..1000000 return " + " + ".join(["i"] * 900),
        function_of_itself="{f: function(g) g(g), r: f(f)}.r",
        function_by_name="{f: function(n) f(n + 1) + f(n + 2), r: f(0)}.r",
        two_functions="{f: function(n) g(n), g: function(n) f(n), r: f(0)}.r",
        sort_by_a_function="sort((for i in 1..90000 return -i), function(x, y) x < y)",
        sort_by_a_lying_function="sort((for i in 1..9000 return i), function(x, y) true)",
        distinct_contexts="distinct values(for i in 1..5000 return {a: i})",
        union_of_lists="union((for i in 1..20000 return i), (for i in 1..20000 return -i))",
        power="9 ** 9 ** 9 ** 9",
        exponential="exp(1e30)",
        factorial="(for i in 1..20000 return if i = 1 then 1 else partial[-1] * i)[-1]",
        many_texts_of_numbers="for i in 1..50000 return string(1e6144)",
        pattern="matches(\"" + "a" * 60 + "!\", \"(a|aa)+$\")",
        nested_pattern='matches("' + "a" * 60 + '!", "((a+)+)+$")',
        patterns_one_by_one='for i in 1..1000 return matches("' + "a" * 60 + '!", "(a|aa)+$")',
        large_pattern='matches("a", "((a{10000}){10000}){10000}")',
        pattern_that_splits='split("' + "a" * 60 + '!", "(a|aa)+$")',
        host_function_in_a_loop='for i in 1..100000 return people of("group:agents")',
        managers_without_end='manager of("agent", 1e6144)',
        working_time_without_end='working time.add(now(), duration("P999999999D"))',
        working_days_without_end="working days between(date(1, 1, 1), date(9999, 12, 31))",
        duration_times_a_number='duration("P1D") * 1e6000',
        large_year="date(1e6000, 1, 1)",
        large_position='substring("abc", 1e6000)',
        large_rounding="round up(1e6000, 6176)",
    ),
    *_of(
        "memory",
        text_doubled='(for i in 1..60 return if i = 1 then "x" else partial[-1] + partial[-1])[-1]',
        text_doubled_by_contexts="{a: string(shared), " + ", ".join(f"{b}: {a} + {a}" for a, b in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz", strict=True)) + "}.z",
        list_doubled="(for i in 1..60 return if i = 1 then [1] else concatenate(partial[-1], partial[-1]))[-1]",
        nested_list_doubled=_DOUBLED,
        doubled_list_as_text=f"string({_DOUBLED})",
        doubled_list_flattened=f"flatten({_DOUBLED})",
        doubled_list_compared=f"{_DOUBLED} = {_DOUBLED}",
        path_of_a_doubled_list="(for i in 1..60 return if i = 1 then {a: 1} else [partial[-1], partial[-1]]).a",
        deep_list="(for i in 1..5000 return if i = 1 then [1] else [partial[-1]])[-1]",
        deep_context="(for i in 1..5000 return if i = 1 then {a: 1} else {a: partial[-1]})[-1]",
        wide_replacement=f'replace({_LONG_TEXT}, "a", "{"b" * 500}")',
        joined_texts=f'string join((for i in 1..1000 return {_LONG_TEXT}), "{"x" * 500}")',
        text_in_pieces=f'split({_LONG_TEXT}, "")',
        million_elements="1..1000000",
        many_keys="context(for i in 1..90000 return {key: string(i), value: i})",
        contexts_merged="context merge(for i in 1..90000 return shared)",
        indices="index of((for i in 1..90000 return 1), 1)",
        slices="(for i in 1..1000 return sublist((for j in 1..90 return shared), 1))",
        brackets="(" * 70 + "1" + ")" * 70,
        open_brackets="[" * 4_000,
        signs="-" * 4_000 + "1",
        long_path="a" + ".b" * 3_000,
        long_comparison="1" + " = 1" * 1_500,
        open_ranges="[1..10[" * 500,
        open_tests="1 in (" * 500,
        nested_conditions="if a then " * 500,
        open_comments="/*" * 3_000,
        long_text='"' + "x" * 8_000 + '"',
        open_texts='"' * 4_001,
        long_name="x" * 8_001,
        long_sum="1" + "+1" * 3_999,
        million="10 ** 6",
        million_as_a_text='"1000000"',
        large_number="9.999e6144",
        number_below_zero="-1",
        number_between="1 / 3",
        no_number="number(\"NaN\", \",\", \".\")",
    ),
)  # fmt: skip
