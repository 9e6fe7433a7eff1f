"""The command line: ``callwright up | init | web | worker | deploy | check | scenarios | new | …``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from admin.cli.craft import catalogues, check, migration, new, scenarios
from admin.cli.init import init
from admin.cli.operate import complete, deploy, export, incidents, start, tasks
from admin.cli.process import process
from admin.cli.up import up
from admin.cli.web import web
from admin.cli.worker import worker
from engine.errors import CallwrightError
from engine.i18n import LOCALES


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), default=None, help="Data folder."
)
@click.option("--locale", type=click.Choice(list(LOCALES)), default="en", help="Language of the answers.")
@click.option("--verbose", is_flag=True, help="Say more.")
@click.pass_context
def cli(context: click.Context, data_dir: Path | None, locale: str, verbose: bool) -> None:
    """Callwright: processes, forms and messages for call centres."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname).1s %(name)s: %(message)s",
    )
    for chatty in ("sqlalchemy", "alembic", "flask_appbuilder", "urllib3", "twilio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    context.obj = {"data_dir": data_dir, "locale": locale}


for command in (up, init, web, worker, process, check, scenarios, new, catalogues, migration):
    cli.add_command(command)
for command in (deploy, export, start, tasks, complete, incidents):
    cli.add_command(command)


def main() -> None:
    """Run the command line; an error is one clear message, never a traceback."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except CallwrightError as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
