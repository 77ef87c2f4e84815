"""`dolen contracts export`: write the JSON Schemas and the AsyncAPI document, or say whether they are up to date."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contracts.compatibility import breaking_changes_since_release
from contracts.export import SCHEMAS, differences, write

app = typer.Typer(help="The language: schemas of every event type.", no_args_is_help=True)


@app.callback()
def contracts() -> None:
    """The language: schemas of every event type."""


@app.command()
def export(
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail where a file differs.")] = False,
    to: Annotated[Path, typer.Option(help="The folder to write to.")] = SCHEMAS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:
    """Write one JSON Schema a type (and one as delivered), and the AsyncAPI 3 document of the topics."""
    changed = differences(to) if check else write(to)
    breaking = breaking_changes_since_release()
    typer.echo(_as_json(changed, breaking) if as_json else _as_text(changed, breaking, check=check))
    if breaking or (check and changed):
        typer.echo(_remedy(breaking), err=True)
        raise typer.Exit(1)


def _as_json(changed: tuple[str, ...], breaking: tuple[str, ...]) -> str:
    return json.dumps({"changed": changed, "breaking": breaking}, indent=2)


def _as_text(changed: tuple[str, ...], breaking: tuple[str, ...], *, check: bool) -> str:
    word = "differs" if check else "written"
    lines = [*(f"{word}: {name}" for name in changed), *(f"breaks a reader: {change}" for change in breaking)]
    return "\n".join(lines) or "The schemas are up to date."


def _remedy(breaking: tuple[str, ...]) -> str:
    if breaking:
        return "A released type changed in a way that breaks a reader: take the change back, or make it a new version."
    return "The schemas are not what the models say: run `dolen contracts export` and commit what it writes."
