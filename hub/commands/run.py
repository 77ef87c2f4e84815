"""`dolen run hub`: one worker of the hub, until it is told to stop."""

import asyncio
import gc
from typing import Annotated

import typer

from hub.app import run_hub
from hub.log import configure_log
from hub.raw_records import read_any_header
from hub.settings import load_settings

app = typer.Typer(help="Run a service until SIGTERM or Ctrl-C.", no_args_is_help=True)


@app.callback()
def services() -> None:
    """Run a service until SIGTERM or Ctrl-C."""


@app.command()
def hub(
    *,
    log_json: Annotated[bool, typer.Option("--log-json/--log-text", help="One JSON object a line, or text.")] = True,
    debug: Annotated[bool, typer.Option(help="Log each batch.")] = False,
) -> None:
    """Run one worker of the hub: it takes its share of the lanes; start as many as you like, up to the lanes."""
    configure_log(json=log_json, debug=debug)
    read_any_header()
    settings = load_settings()
    # What is loaded by now stays; what a batch makes is freed with it, and has no cycles. Collecting at Python's usual
    # thresholds walked all of it, over and over, for a tenth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    asyncio.run(run_hub(settings))
