"""`dolen bench`: what the hub and the adapters do beside what broker and store could do at best, in one run."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.bench.report import Figures, measure
from hub.commands.bench_adapters import adapters
from hub.commands.bench_find import find
from hub.commands.bench_projector import projector
from hub.commands.stack import JsonOption
from hub.settings import load_settings

app = typer.Typer(
    help="Measure the hub, or an adapter's edges, beside what broker and store can do at best; the projector; a page."
)
app.command()(adapters)
app.command()(projector)
app.command()(find)


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    events: Annotated[int, typer.Option(min=2_000, help="Events to drain.")] = 100_000,
    latency_seconds: Annotated[float, typer.Option(min=2, help="How long to measure latency, each.")] = 20.0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes of the hub, for throughput.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the load.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Measure throughput, latency, CPU and memory beside a mere copy and a bare transaction (needs `dolen up`)."""
    if context.invoked_subcommand is not None:
        return
    console = Console(stderr=True)
    with console.status("") as status:
        figures = asyncio.run(
            measure(
                load_settings(), events=events, latency_s=latency_seconds, seed=seed, workers=workers, say=status.update
            )
        )
    if as_json:
        typer.echo(json.dumps(figures.as_json(), indent=2))
    else:
        Console().print(_table(figures))


def _table(figures: Figures) -> Table:
    hub, bare = figures.latency_ms, figures.bare_transaction_ms
    table = Table(
        "",
        "hub",
        "bare",
        "ratio",
        title=f"{figures.events:,} events of 1.2 KB, 10 % repeats, three recipients; {figures.workers} worker(s)",
    )
    table.add_row(
        "events/s (bare: copied to three topics)",
        f"{figures.pipeline_events_per_s:,.0f}",
        f"{figures.copy_events_per_s:,.0f}",
        f"{figures.ratio:.2f}",
    )
    for name, ours, theirs in (("p50", hub.p50, bare.p50), ("p99", hub.p99, bare.p99)):
        table.add_row(
            f"{name} ms at 200/s (bare: a transaction of three)", f"{ours:.1f}", f"{theirs:.1f}", f"{ours / theirs:.2f}"
        )
    table.add_row("CPU seconds per 1,000 events", f"{figures.cpu_s_per_1000:.3f}", "", "")
    table.add_row("peak memory, MiB", f"{figures.peak_rss_mib:.0f}", "", "")
    return table
