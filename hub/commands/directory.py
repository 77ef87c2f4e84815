"""`dolen directory`: who there is in Wales, and the official list of schools taken in as it is published."""

import json
import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from contracts.directory import Directory
from contracts.school_list import School, read_schools, write_schools
from hub.settings import load_settings

app = typer.Typer(help="Organisations and schools.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The Welsh Government's address list of schools, as CSV.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Take in an official list of schools: checked row by row, then kept as schools.csv among the hub's files."""
    schools = read_schools(file)
    kept = load_settings().state_dir / "schools.csv"
    _replace(kept, write_schools(schools))
    summary = _compared(schools, Directory.packaged())
    if as_json:
        typer.echo(json.dumps({"file": str(kept), **summary}, indent=2))
    else:
        typer.echo(
            f"{summary['schools']} schools kept in {kept}: {summary['new']} that the packaged list lacks, "
            f"{summary['gone']} of it gone, {summary['changed']} changed.\n"
            f"To use it, start the hub with DOLEN_SCHOOLS_CSV={kept}."
        )


@app.command()
def show(*, as_json: JsonOption = False) -> None:
    """Print all organisations, how the authorities' areas belong together, and how many schools each has."""
    file = load_settings().schools_csv
    directory = Directory.of(file)
    if as_json:
        typer.echo(json.dumps(_everything(directory), indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(_organisations(directory), _areas(directory))
    console.print(f"{len(directory.schools)} schools. Version of the directory: {directory.version}")


def _replace(file: Path, content: bytes) -> None:
    """A reader sees the old list or the new one, never half of one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    os.replace(beside, file)


def _compared(schools: tuple[School, ...], packaged: Directory) -> dict[str, int]:
    new = {school.number: school for school in schools}
    both = new.keys() & packaged.schools.keys()
    return {
        "schools": len(new),
        "new": len(new) - len(both),
        "gone": len(packaged.schools) - len(both),
        "changed": sum(new[number] != packaged.schools[number] for number in both),
    }


def _everything(directory: Directory) -> dict[str, object]:
    return {
        "version": directory.version,
        "organisations": [asdict(organisation) for organisation in directory.organisations.values()],
        "boards": [asdict(board) for board in directory.boards.values()],
        "areas": [asdict(area) for area in directory.areas],
        "schools": [asdict(school) for school in directory.schools.values()],
    }


def _organisations(directory: Directory) -> Table:
    table = _table("id", "kind", "name", "enw")
    for organisation in directory.organisations.values():
        table.add_row(organisation.id, organisation.kind.value, organisation.name_en, organisation.name_cy)
    return table


def _areas(directory: Directory) -> Table:
    table = _table("authority", "police", "health board", "safeguarding board", "schools")
    schools = Counter(school.authority_code for school in directory.schools.values())
    for area in directory.areas:
        table.add_row(area.authority, area.police, area.health_board, area.board, str(schools[area.school_code]))
    return table


def _table(*headings: str) -> Table:
    """A table that breaks long ids rather than cutting them: they are there to be copied."""
    return Table(*(Column(heading, overflow="fold", no_wrap=not place) for place, heading in enumerate(headings)))
