"""`dolen up` and `dolen down`: the local stack from the command line."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hub.local.endpoints import endpoints_file
from hub.local.stack import Download, Stack

StateOption = Annotated[
    Path, typer.Option("--state", envvar="DOLEN_STATE_DIR", help="Where keys, passwords and data are.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
STATE = Path(".dolen")


def up(
    state: StateOption = STATE,
    durable: Annotated[
        bool, typer.Option("--durable", help="Force every record to disk: slower, and safe in a power cut.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start Kafka, Redis and PostgreSQL on this machine, or find them running."""
    console = Console(stderr=True)
    stack = Stack(state, durable=durable, download=_download_bar(console))
    with console.status("Starting Kafka, Redis and PostgreSQL"):
        endpoints = stack.up()
    where = {
        "kafka": endpoints.bootstrap_servers,
        "redis": stack.redis.address,
        "postgres": stack.postgres.address,
        "settings": str(endpoints_file(stack.state_dir)),
    }
    typer.echo(json.dumps(where, indent=2) if as_json else "\n".join(f"{name:9} {at}" for name, at in where.items()))


def down(
    state: StateOption = STATE,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove all data, keys and passwords too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Stop what `dolen up` started, and nothing else."""
    stopped = Stack(state).down(wipe=wipe)
    if as_json:
        typer.echo(json.dumps({"stopped": stopped}))
    else:
        typer.echo(f"Stopped {', '.join(stopped)}." if stopped else "Nothing of this stack was running.")


def _download_bar(console: Console) -> Download:
    @contextmanager
    def bar(total: int) -> Iterator[Callable[[int], None]]:
        columns = (TextColumn("Fetching Apache Kafka, once"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=total)
            yield lambda count: progress.update(task, advance=count)

    return bar
