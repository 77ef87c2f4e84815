"""The command `dolen`: one name for each thing that a person does, and what each exit code means."""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import NoReturn

import typer
from rich.console import Console

from contracts.errors import ContractError
from hub.errors import DolenError, InDoubt, StartRefused, Unavailable

EXIT_DIFFERENCE = 1
"""Something was looked for and not found, or differs from what it should be."""
EXIT_REFUSED = 2
"""A wrong argument, setting, policy, network or directory file."""
EXIT_UNAVAILABLE = 3
"""A server can't be reached."""
EXIT_IN_DOUBT = 4
"""Something needs a person: see the runbook."""

MODULES = {
    "demo": "demo",
    "up": "stack",
    "down": "stack",
    "provision": "provision",
    "doctor": "doctor",
    "publish": "publish",
    "tail": "tail",
    "simulate": "simulate",
    "explain": "explain",
    "trace": "trace",
    "find": "find",
    "balance": "balance",
    "audit": "audit",
    "bench": "bench",
    "run": "run",
    "adapter": "adapter",
    "dead-letters": "dead_letters",
    "policy": "policy",
    "projector": "projector",
    "directory": "directory",
    "schools": "schools",
    "contracts": "contracts",
}
"""Each command or group, and its module in `hub.commands`: a group is the module's `app`, a command its namesake."""


def command_line(names: Iterable[str] = MODULES) -> typer.Typer:
    """The command line with these commands: only their modules are imported, which is most of a short one's time."""
    app = typer.Typer(
        name="dolen",
        help="Dolen (Welsh: a link): the message hub of the agencies that protect children in Wales.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(lambda: None)  # with one command alone, typer would take its name for an argument
    for name in names:
        module = import_module(f"hub.commands.{MODULES[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def main() -> NoReturn:
    """Run the command line; an error of ours becomes one line on standard error and its exit code."""
    try:
        command_line(MODULES.keys() & sys.argv[1:2] or MODULES)()
    except (StartRefused, ContractError) as refused:
        _end(refused, EXIT_REFUSED)
    except InDoubt as doubt:
        _end(doubt, EXIT_IN_DOUBT)
    except Unavailable as away:
        _end(away, EXIT_UNAVAILABLE)
    except DolenError as failed:
        _end(failed, EXIT_DIFFERENCE)
    raise AssertionError("typer ends the process")


def _end(error: Exception, code: int) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"dolen: {error}", markup=False, soft_wrap=True)
    sys.exit(code)
