"""The command `dolen`: one name for each thing that a person does, and what each exit code means."""

import sys
from typing import NoReturn

import typer
from rich.console import Console

from contracts.errors import ContractError
from hub.commands import (
    adapter,
    audit,
    balance,
    bench,
    contracts,
    dead_letters,
    demo,
    directory,
    doctor,
    explain,
    find,
    policy,
    projector,
    provision,
    publish,
    run,
    schools,
    simulate,
    stack,
    tail,
    trace,
)
from hub.errors import DolenError, InDoubt, StartRefused, Unavailable

EXIT_DIFFERENCE = 1
"""Something was looked for and not found, or differs from what it should be."""
EXIT_REFUSED = 2
"""A wrong argument, setting, policy, network or directory file."""
EXIT_UNAVAILABLE = 3
"""A server can't be reached."""
EXIT_IN_DOUBT = 4
"""Something needs a person: see the runbook."""

app = typer.Typer(
    name="dolen",
    help="Dolen (Welsh: a link): the message hub of the agencies that protect children in Wales.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(stack.up)
app.command()(stack.down)
app.command()(provision.provision)
app.command()(doctor.doctor)
app.command()(publish.publish)
app.command()(tail.tail)
app.command()(simulate.simulate)
app.command()(explain.explain)
app.command()(trace.trace)
app.command("find")(find.find_notifications)
app.command()(balance.balance)
app.command()(audit.audit)
app.command()(bench.bench)
app.add_typer(run.app, name="run")
app.add_typer(adapter.app, name="adapter")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(policy.app, name="policy")
app.add_typer(projector.app, name="projector")
app.add_typer(directory.app, name="directory")
app.add_typer(schools.app, name="schools")
app.add_typer(contracts.app, name="contracts")


def main() -> NoReturn:
    """Run the command line; an error of ours becomes one line on standard error and its exit code."""
    try:
        app()
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
