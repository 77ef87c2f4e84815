"""`dolen run`: one worker of the hub, or one adapter of an agency, until it is told to stop.

Each service imports what it is made of when it is asked for: a process that restarts is back in half the time.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hub.collector import collect_seldom
from hub.commands.stack import STATE, StateOption
from hub.log import configure_log
from hub.raw_records import read_any_header
from hub.settings import load_settings

app = typer.Typer(help="Run a service until SIGTERM or Ctrl-C.", no_args_is_help=True)


@app.callback()
def services() -> None:
    """Run a service until SIGTERM or Ctrl-C."""


LogOption = Annotated[bool, typer.Option("--log-json/--log-text", help="One JSON object a line, or text.")]


@app.command()
def hub(
    *,
    log_json: LogOption = True,
    debug: Annotated[bool, typer.Option(help="Log each batch.")] = False,
) -> None:
    """Run one worker of the hub: it takes its share of the lanes; start as many as you like, up to the lanes."""
    from hub.app import run_hub

    configure_log(json=log_json, debug=debug)
    read_any_header()
    settings = load_settings()
    collect_seldom()
    asyncio.run(run_hub(settings))


@app.command()
def adapter(
    configurations: Annotated[
        list[Path], typer.Argument(metavar="CONFIG.toml…", help="An agency's adapter file, or several agencies'.")
    ],
    *,
    log_json: LogOption = True,
    debug: Annotated[bool, typer.Option(help="Log more.")] = False,
) -> None:
    """Run adapters: each collects what its agency's system says, and gives it what the hub tells the agency."""
    from adapters.sdk.configuration import load_configuration
    from adapters.sdk.registry import declaration_of
    from adapters.sdk.runtime import run_adapters
    from hub.commands.adapter_vitals import adapters_watched
    from hub.commands.agency import as_our_errors

    configure_log(json=log_json, debug=debug)
    with as_our_errors():
        files = [load_configuration(path) for path in configurations]
        adapters = [(file, declaration_of(file.file.adapter)) for file in files]
        collect_seldom()
        asyncio.run(run_adapters(adapters, beside=partial(adapters_watched, load_settings().metrics)))


@app.command()
def projector(
    *,
    log_json: Annotated[bool, typer.Option("--log-json/--log-text", help="One JSON object a line, or text.")] = True,
    debug: Annotated[bool, typer.Option(help="Log each batch.")] = False,
) -> None:
    """Run the projector: ledger, dead letters, access log and heartbeats into PostgreSQL; a second one stands by."""
    from hub.observe.services import run_projector

    configure_log(json=log_json, debug=debug)
    read_any_header()
    asyncio.run(run_projector(load_settings()))


@app.command()
def traces(
    *,
    log_json: LogOption = True,
    debug: Annotated[bool, typer.Option(help="Log each request.")] = False,
) -> None:
    """Export every ledger record as OpenTelemetry spans to the collector that the settings name."""
    from hub.observe.services import run_traces

    configure_log(json=log_json, debug=debug)
    asyncio.run(run_traces(load_settings()))


@app.command()
def console(
    *,
    state: StateOption = STATE,
    development: Annotated[
        bool, typer.Option("--development", help="Sign in without a password, in any role: on this machine alone.")
    ] = False,
    log_json: LogOption = True,
    debug: Annotated[bool, typer.Option(help="Log more.")] = False,
) -> None:
    """Run the operations console: every notification, what is stuck, putting it right, in a browser."""
    from hub.console.serving import run_console

    configure_log(json=log_json, debug=debug)
    read_any_header()
    settings = load_settings(state_dir=state)
    if development:
        settings.console.development = True
        typer.echo(f"DEVELOPMENT SIGN-IN, never in service: {settings.console.address}/en/", err=True)
    asyncio.run(run_console(settings))
