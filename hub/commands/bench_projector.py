"""`dolen bench projector`: the projector beside the hub, both at work on the same events."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.stack import JsonOption
from hub.settings import load_settings


def projector(
    events: Annotated[int, typer.Option(min=2_000, help="Events that both take.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the load.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Measure the projector beside the hub, both at work on the same events (needs `dolen up`)."""
    from hub.bench.beside import beside  # SQL is loaded where it is used

    console = Console(stderr=True)
    with console.status("") as status:
        figures = asyncio.run(beside(load_settings(), events=events, seed=seed, say=status.update))
    if as_json:
        typer.echo(json.dumps(asdict(figures), indent=2))
        return
    table = Table("", "hub", "projector", "ratio", title=f"{figures.events:,} events, both at once on this machine")
    rates = (f"{figures.hub_events_per_s:,.0f}", f"{figures.projector_events_per_s:,.0f}", f"{figures.ratio:.2f}")
    table.add_row("events/s", *rates)
    table.add_row("records behind when the hub was done", "", f"{figures.behind_at_the_end:,}", "")
    table.add_row("seconds to catch up then", "", f"{figures.caught_up_s:.2f}", "")
    table.add_row("CPU seconds per 1,000 events", "", f"{figures.projector_cpu_s_per_1000:.3f}", "")
    Console().print(table)
