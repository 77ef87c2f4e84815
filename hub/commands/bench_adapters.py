"""`dolen bench adapters`: an adapter's edges beside the bare store write, in one run."""

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.collector import collect_seldom
from hub.commands.stack import JsonOption
from hub.log import configure_log
from hub.settings import load_settings

if TYPE_CHECKING:  # SQLAlchemy is slow to import
    from hub.bench.edges.report import EdgeFigures, InboxFigures, OnStore


def adapters(
    events: Annotated[int, typer.Option(min=500, help="Events to take over each edge.")] = 10_000,
    latency_seconds: Annotated[float, typer.Option(min=2, help="How long to measure latency.")] = 20.0,
    rate: Annotated[float, typer.Option(min=1, help="Events a second for it.")] = 50.0,
    waiting: Annotated[
        int | None, typer.Option(min=30_000, help="Measure an inbox alone, in which so many wait, instead.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the load.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Measure outbox to receipt and topic to delivered beside the bare store write, per store (needs `dolen up`)."""
    from hub.bench.edges.report import measure_edges, measure_inbox

    settings = load_settings()
    configure_log(json=False)
    collect_seldom()  # as `dolen run adapter` does
    with Console(stderr=True).status("") as status:
        if waiting is None:
            edges = measure_edges(
                settings, events=events, seconds=latency_seconds, rate=rate, seed=seed, say=status.update
            )
            figures: EdgeFigures | InboxFigures = asyncio.run(edges)
        else:
            figures = asyncio.run(measure_inbox(settings, waiting=waiting, seed=seed, say=status.update))
    if as_json:
        typer.echo(json.dumps(figures.as_json(), indent=2))
        return
    for table in _tables(figures):
        Console().print(table)


def _tables(figures: "EdgeFigures | InboxFigures") -> "Iterator[Table]":
    from hub.bench.edges.report import InboxFigures

    if isinstance(figures, InboxFigures):
        yield _inbox(figures)
        return
    for each in figures.stores:
        yield _edges(each, events=figures.events, rate=figures.rate)


def _edges(on: "OnStore", *, events: int, rate: float) -> Table:
    table = Table("", "edge", "bare write", "ratio", title=f"{on.store}: {events:,} events of 1.2 KB")
    ways = (("outbox to receipt", on.edges.outbox_to_receipt), ("topic to delivered", on.edges.topic_to_delivered))
    for name, edge in ways:
        table.add_row(
            f"{name}, events/s",
            f"{edge.events_per_s:,.0f}",
            f"{on.bare.events_per_s:,.0f}",
            f"{edge.events_per_s / on.bare.events_per_s:.3f}",
        )
    for name, edge in ways:
        table.add_row(
            f"{name}, p99 ms at {rate:g}/s",
            f"{edge.p99_ms:.1f}",
            f"{on.bare.p99_ms:.1f}",
            f"{edge.p99_ms / on.bare.p99_ms:.1f}",
        )
    return table


def _inbox(figures: "InboxFigures") -> Table:
    few, many = figures.standings
    table = Table(
        "",
        *(f"{each.waiting:,} wait" for each in (few, many)),
        "bare write",
        title=f"{figures.store}: an inbox alone, notifications of 1.2 KB",
    )
    bare = f"{figures.bare_per_s:,.0f}"
    table.add_row("stored a second", f"{few.stored_per_s:,.0f}", f"{many.stored_per_s:,.0f}", bare)
    table.add_row("handled a second", f"{few.handled_per_s:,.0f}", f"{many.handled_per_s:,.0f}", bare)
    table.add_row("peak memory, MiB", f"{few.peak_rss_mib:.0f}", f"{many.peak_rss_mib:.0f}", "")
    return table
