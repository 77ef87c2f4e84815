"""`dolen simulate`: a whole network's events to the running hub."""

import asyncio
import json
import logging
import secrets
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.commands.stack import STATE, JsonOption, StateOption
from hub.settings import load_settings
from hub.simulate import generator
from hub.simulate.generator import Mix, Plan
from hub.simulate.sender import Placed, send
from hub.simulate.stage import load_stage

A_MINUTE = timedelta(minutes=1)
FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
NEW_SEEDS = 10**6


def simulate(
    events: Annotated[int, typer.Option(min=1, metavar="N", help="How many records to send.")] = 1000,
    seed: Annotated[
        int | None,
        typer.Option(metavar="S", help="The same seed and --start send the same bytes; a new seed if not given."),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(formats=FORMATS, help="Time of the first event; so long ago that the last is now, if not given."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.01, metavar="R", help="Records a second; all at once if not.")
    ] = None,
    repeats: Annotated[float, typer.Option(min=0, max=0.9, help="Share of repeats.")] = 0.10,
    conflicts: Annotated[float, typer.Option(min=0, max=0.9, help="Share of other content under used ids.")] = 0.01,
    bad: Annotated[float, typer.Option(min=0, max=0.9, help="Share of bad events.")] = 0.02,
    network: Annotated[
        Path | None, typer.Option("--network", help="Which organisations take part; DOLEN_NETWORK if not given.")
    ] = None,
    state: StateOption = STATE,
    as_json: JsonOption = False,
) -> None:
    """Send what the network's agencies could send, each with its own key and user, about invented families."""
    settings = load_settings(**({"state_dir": state} | ({"network": network} if network is not None else {})))
    stage = load_stage(settings)
    first = (start or datetime.now(UTC) - events * A_MINUTE).astimezone(UTC).replace(microsecond=0)
    plan = Plan(
        seed=secrets.randbelow(NEW_SEEDS) if seed is None else seed,
        start=first,
        step=A_MINUTE,
        mix=Mix(repeats=repeats, conflicts=conflicts, bad=bad),
        prefix=stage.prefix,
    )
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is told once, in words of ours
    sent: Counter[str] = Counter()
    began = time.monotonic()
    with _progress() as progress:
        bar = progress.add_task("Sending", total=events)

        def count(placed: Placed) -> None:
            sent[placed.planned.expectation.outcome] += 1
            progress.advance(bar)

        records = islice(generator.simulate(stage.world, plan, keys=stage.keys, told=stage.told), events)
        asyncio.run(send(records, stage.credentials, rate=rate, on_placed=count))
    _tell(plan, sent, time.monotonic() - began, as_json)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _tell(plan: Plan, sent: Counter[str], took: float, as_json: bool) -> None:
    again = {"seed": plan.seed, "start": plan.start.isoformat()}
    if as_json:
        said = {"sent": sent.total(), **again, "expected": dict(sent), "seconds": round(took, 3)}
        typer.echo(json.dumps(said, indent=2))
        return
    typer.echo(f"Sent {sent.total()} in {took:.1f} s; again: --seed {again['seed']} --start {again['start']}")
    for outcome, number in sorted(sent.items()):
        typer.echo(f"{number:8} to be found {outcome}")
