"""`dolen provision`: topics, users, rules and keys from the command line."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.stack import STATE, JsonOption, StateOption
from hub.provision import Difference, provision_network, refuse_unmended
from hub.settings import load_settings

DIFFERENT = 1
"""Exit code of `--check` where something differs."""


def provision(
    state: StateOption = STATE,
    network: Annotated[
        Path | None, typer.Option("--network", help="Which organisations take part; DOLEN_NETWORK if not given.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell what differs; exit with 1 if anything.")] = False,
    rotate_key: Annotated[
        list[str] | None, typer.Option("--rotate-key", metavar="AGENCY", help="A new signing key, with overlap.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make topics, users, access rules and signing keys what the network asks for."""
    overrides = {"state_dir": state} | ({"network": network} if network is not None else {})
    differences = provision_network(load_settings(**overrides), mend=not check, rotate=rotate_key or ())
    typer.echo(json.dumps([asdict(each) for each in differences], indent=2) if as_json else _told(differences, check))
    if check and differences:
        raise typer.Exit(DIFFERENT)
    refuse_unmended(differences)


def _told(differences: list[Difference], check: bool) -> str:
    if not differences:
        return "Everything is as the network asks for."
    if check:
        return "\n".join(f"{each.about:6} {each.name}: {each.seen}" for each in differences)
    mended = Counter(each.about for each in differences if not each.remedy)
    return "Mended: " + (", ".join(f"{count} {about}s" for about, count in mended.items()) or "nothing") + "."
