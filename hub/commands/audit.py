"""`dolen audit`: whether everything that the hub had to write is on the topics, once, right, and nothing else."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub.audit.of_hub import audit_hub
from hub.audit.show import show
from hub.commands.stack import STATE, JsonOption, StateOption
from hub.settings import load_settings

VIOLATIONS = 1
"""Exit code where something is wrong."""

PolicyOption = Annotated[
    list[Path] | None, typer.Option("--policy", help="Folder of a policy that was in force before; may be given again.")
]
NetworkOption = Annotated[
    list[Path] | None, typer.Option("--network", help="A network file that was in force before; may be given again.")
]
SpoolOption = Annotated[
    Path | None, typer.Option("--spool", help="Folder for the audit's own file, about 4 KB an event; it is removed.")
]
CheckpointsOption = Annotated[
    Path | None, typer.Option("--checkpoints", help="Folder of the ledger's signed checkpoints, where it is another.")
]
EdgesOption = Annotated[
    bool, typer.Option("--edges", help="Judge senders and recipients too: numbers, answers, deliveries.")
]
WelshOption = Annotated[bool, typer.Option("--cymraeg", help="Yn Gymraeg: in Welsh.")]


def audit(
    state: StateOption = STATE,
    policy: PolicyOption = None,
    network: NetworkOption = None,
    checkpoints: CheckpointsOption = None,
    spool: SpoolOption = None,
    edges: EdgesOption = False,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Work out from the topics alone what the hub had to do, and tell every difference (exit code 1)."""
    settings = load_settings(state_dir=state)
    with Console(stderr=True).status("") as status:
        report = audit_hub(
            settings,
            policies=policy or (),
            networks=network or (),
            checkpoint_dir=checkpoints,
            edges=edges,
            folder=spool,
            progress=status.update,
        )
    if as_json:
        typer.echo(json.dumps(report.document(), indent=2, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        for part in show(report, welsh=cymraeg):
            console.print(part)
    if not report.clean:
        raise typer.Exit(VIOLATIONS)
