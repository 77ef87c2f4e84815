"""`dolen bench find`: how long the console's results page takes over many notifications."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.stack import JsonOption
from hub.settings import load_settings

SLOW = 1
"""Exit code where a page takes longer than it may."""


def find(
    notifications: Annotated[int, typer.Option(min=300, help="How many there are.")] = 10_000_000,
    each: Annotated[int, typer.Option(min=3, help="How often each way of asking is asked.")] = 40,
    seed: Annotated[int, typer.Option(help="Of what is invented.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write invented notifications into a database of its own, and time the console's results page over them."""
    from hub.bench.find import TO_REACH_MS  # SQL and the console are loaded where they are used
    from hub.commands.bench_page import measure_find

    with Console(stderr=True).status("") as status:
        figures = measure_find(load_settings(), notifications=notifications, each=each, seed=seed, say=status.update)
    if as_json:
        typer.echo(json.dumps({**asdict(figures), "worst_p99_ms": figures.worst_p99_ms}, indent=2))
    else:
        size, seconds = f"{figures.bytes / 2**30:.1f} GiB", f"{figures.filled_s:.0f} s"
        table = Table(
            "results page, asked by",
            *("p50 ms", "p99 ms", "worst ms"),
            title=f"{notifications:,} notifications ({size}, written in {seconds}); to reach: {TO_REACH_MS:.0f} ms",
        )
        for way in figures.ways:
            table.add_row(way.way, f"{way.milliseconds.p50:.1f}", f"{way.milliseconds.p99:.1f}", f"{way.worst:.1f}")
        Console().print(table)
    if figures.worst_p99_ms > TO_REACH_MS:
        raise typer.Exit(SLOW)
