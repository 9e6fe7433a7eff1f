"""The command line: ``callwright up | init | web | worker | deploy | check | scenarios | new | …``."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click

from admin.cli.logs import install_logs
from engine.errors import CallwrightError
from engine.i18n import LOCALES

# Which room holds a command.
_ROOMS = {
    "up": ("up",),
    "init": ("init",),
    "web": ("web",),
    "worker": ("worker",),
    "process": ("process",),
    "invite": ("invite",),
    "craft": ("check", "scenarios", "new", "catalogues", "migration"),
    "operate": ("deploy", "export", "start", "tasks", "choose", "complete"),
    "instances": ("instances", "versions", "suspend-version", "resume-version", "migrate", "revert"),
    "incidents": ("incidents",),
    "messages": ("messages", "signal"),
    "evaluate": ("feel", "decide"),
}
_ROOM_OF = {command: room for room, commands in _ROOMS.items() for command in commands}


class _Commands(click.Group):
    """Imports a command when it is called: the parent of a product needs none of the web, nor a worker."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them all."""
        return list(_ROOM_OF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        room = _ROOM_OF.get(cmd_name)
        if room is None:
            return None
        command: click.Command = getattr(_imported(f"admin.cli.{room}"), cmd_name.replace("-", "_"))
        return command


def _imported(name: str) -> ModuleType:
    """Import a module and what it needs; do not look for garbage meanwhile, as there is none."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        # Modules stay: later looks leave out what is here by now.
        gc.freeze()
        gc.enable()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), default=None, help="Data folder."
)
@click.option("--locale", type=click.Choice(list(LOCALES)), default="en", help="Language of the answers.")
@click.option("--verbose", is_flag=True, help="Say more.")
@click.pass_context
def cli(context: click.Context, data_dir: Path | None, locale: str, verbose: bool) -> None:
    """Callwright: processes, forms and messages for call centres."""
    install_logs(verbose=verbose)
    context.obj = {"data_dir": data_dir, "locale": locale}


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
