"""FEEL and decisions on the command line: the same as ``/api/v1/feel`` and ``/api/v1/decisions``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from admin.api.evaluation import evaluate_decision, evaluate_feel
from admin.cli.common import acting
from admin.cli.saying import named_values, show, variables_option
from engine import values


def _context(path: Path | None, variable: tuple[str, ...]) -> dict[str, Any]:
    given = {} if path is None else values.loads(path.read_bytes())
    if not isinstance(given, dict):
        raise click.BadParameter("it must hold one JSON object", param_hint="--context")
    return {**given, **named_values(variable)}


@click.command()
@click.argument("expression")
@click.option(
    "--context", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A JSON file."
)
@variables_option
@click.option("--unary", is_flag=True, help="Unary tests, as in a table's cell; the variable ? is the input.")
@click.pass_context
def feel(
    context: click.Context, expression: str, path: Path | None, variable: tuple[str, ...], unary: bool
) -> None:
    """Evaluate a FEEL expression."""
    ctx = acting(context, tables=False)
    with ctx.read():
        show(
            evaluate_feel(
                ctx, {"expression": expression, "context": _context(path, variable), "unary": unary}
            )
        )


@click.command()
@click.argument("model")
@click.argument("decision", required=False)
@click.option("--service", help="A decision service, instead of a decision.")
@click.option("--version", type=int, help="Of a deployed process; the latest where omitted.")
@click.option(
    "--import",
    "imports",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A model that it imports; may be said again.",
)
@click.option(
    "--context", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A JSON file."
)
@variables_option
@click.pass_context
def decide(
    context: click.Context,
    model: str,
    decision: str | None,
    service: str | None,
    version: int | None,
    imports: tuple[Path, ...],
    path: Path | None,
    variable: tuple[str, ...],
) -> None:
    """Evaluate a decision of MODEL: a .dmn file, or the key of a deployed process."""
    file = Path(model)
    ctx = acting(context, tables=not file.is_file())
    said: dict[str, Any] = {
        "context": _context(path, variable),
        "imports": [one.read_text() for one in imports],
    }
    if file.is_file():
        said["dmn"] = file.read_text()
    else:
        said["key"] = model
    named = {"decision": decision, "service": service, "version": version}
    said |= {name: value for name, value in named.items() if value is not None}
    with ctx.read():
        show(evaluate_decision(ctx, said))
