"""`dolen demo`: everything on this machine, one family's story among a network's events, checked by counting."""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
from rich.console import Console

from hub.demo.phrases import preferred
from hub.observe.labels import Language
from hub.raw_records import read_any_header

NOT_RIGHT = 1
"""Exit code where a number is not right."""
ENDED = 128 + signal.SIGTERM


def demo(
    events: Annotated[int, typer.Option(min=0, metavar="N", help="Background events, besides the story's.")] = 2000,
    joined: Annotated[
        int, typer.Option(min=0, metavar="N", help="Of these, how many come once the agencies' adapters have joined.")
    ] = 100,
    seed: Annotated[int, typer.Option(metavar="S", help="Of the background.")] = 1,
    rate: Annotated[float, typer.Option(min=1, metavar="R", help="Events a second.")] = 200.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running, to look further.")] = False,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="A new directory for all that is kept; .dolen with --keep."),
    ] = None,
    cymraeg: Annotated[bool, typer.Option("--cymraeg", help="Yn Gymraeg (LANG=cy too).")] = False,
) -> None:
    """Play one family's story among a network's events on real servers, count what came of it, and stop everything."""
    from hub.demo.play import Asked, play  # SQL, HTTP and the adapters: slow to import

    for name in [name for name in os.environ if name.startswith("DOLEN_")]:
        del os.environ[name]  # the demo's hub and servers are its own, whatever others the environment names
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is told once, in words of ours
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    signal.signal(signal.SIGTERM, _end)  # so that the servers are stopped then too
    read_any_header()
    language = Language.CY if cymraeg else preferred()
    asked = Asked(
        events=events, joined=min(joined, events), seed=seed, rate=rate, keep=keep, state=state, language=language
    )
    if not play(asked, Console(highlight=False)):
        raise typer.Exit(NOT_RIGHT)


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(ENDED)
