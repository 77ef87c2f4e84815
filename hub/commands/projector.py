"""`dolen projector`: the tables in PostgreSQL, which are a copy of the topics and can be made again."""

import asyncio
from typing import Annotated

import typer

from hub.commands.stack import STATE, StateOption
from hub.log import configure_log
from hub.raw_records import read_any_header
from hub.settings import load_settings

app = typer.Typer(help="The tables that console and searches read.", no_args_is_help=True)


@app.callback()
def projector() -> None:
    """The tables that console and searches read."""


@app.command()
def rebuild(
    state: StateOption = STATE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Empty the tables and make them again from the topics; until that is done, searches find less than there is."""
    configure_log(json=False)
    read_any_header()
    settings = load_settings(state_dir=state)
    if not yes:
        typer.confirm("Empty the tables and make them again from the topics?", abort=True)
    from hub.observe.services import rebuild_tables  # SQL is loaded where it is used

    taken = asyncio.run(rebuild_tables(settings))
    typer.echo(f"{taken} records read from the topics.")
