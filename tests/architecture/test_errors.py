"""An error says in one line what happened; whoever shows it can say it in the person's language."""

import ast
import inspect
import pkgutil
from importlib import import_module

import pytest

from admin.check.catalogues import Owner, error_names
from engine.errors import CallwrightError

# What only who starts the product or writes for it reads is English: no person has a language then.
ENGLISH = {"ConfigurationError"}
ENGLISH_MODULES = ("engine/plugin/offers.py", "engine/testing/", "seed/")


@pytest.fixture(scope="module")
def errors(root):
    return error_names(Owner(name="plugins", folder=root / "plugins"))


def classes(modules, errors):
    return [
        (path, node)
        for path, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name in errors
    ]


def test_every_error_says_in_one_line_what_happened(modules, errors):
    for path, node in classes(modules, errors):
        said = (ast.get_docstring(node) or "").split("\n\n")[0]
        assert said, f"{path}: {node.name} says nothing"
        assert "\n" not in said, f"{path}: {node.name} needs more than a line"
        assert said.endswith((".", "?", "!")), f"{path}: {node.name} is no sentence"


def test_what_an_error_says_is_marked_for_the_catalogues(modules, errors):
    unmarked = [
        f"{path}:{node.lineno} {ast.unparse(said)}"
        for path, module in modules.items()
        if not path.startswith(ENGLISH_MODULES)
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        for said in _messages(node, errors - ENGLISH)
        if isinstance(said, ast.Constant | ast.JoinedStr)
    ]
    assert unmarked == []


def _messages(call, errors):
    name = ast.unparse(call.func).split(".")[-1]
    if name in errors:
        return call.args[:1]
    if name == "Problem":
        return [keyword.value for keyword in call.keywords if keyword.arg == "message"]
    return []


def test_what_is_marked_is_a_plain_text(modules):
    computed = [
        f"{path}:{node.lineno} {ast.unparse(node)}"
        for path, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "_"
        and not (len(node.args) == 1 and isinstance(node.args[0], ast.Constant))
    ]
    assert computed == []


def test_the_classes_found_in_the_source_are_those_that_python_knows(errors):
    import engine

    for found in pkgutil.walk_packages(engine.__path__, "engine."):
        if ".alembic" not in found.name and ".migrations" not in found.name:
            import_module(found.name)

    def below(error):
        return {error, *(each for child in error.__subclasses__() for each in below(child))}

    ours = {error.__name__ for error in below(CallwrightError) if error.__module__.startswith("engine.")}
    assert ours <= errors
    assert all(inspect.getdoc(error) for error in below(CallwrightError))
