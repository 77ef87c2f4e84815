"""`dolen policy`: whether a sharing policy holds together, and what it says, laid out to be read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from contracts.directory import Directory
from contracts.registry import REGISTRY
from contracts.sharing import Sharing
from hub.commands import policy_diff
from hub.commands.stack import JsonOption
from hub.policy_file import PACKAGED, Policy
from hub.policy_rows import View
from hub.policy_rules import Rule
from hub.settings import load_settings

app = typer.Typer(help="Who may be told of what.", no_args_is_help=True)
app.command()(policy_diff.diff)

FolderArgument = Annotated[Path | None, typer.Argument(help="A policy's folder; the one in force if not given.")]


@app.command()
def check(folder: FolderArgument = None, *, as_json: JsonOption = False) -> None:
    """Check a policy: print what it holds, or file, line, rule and remedy of what is wrong (exit code 2)."""
    place, policy = _load(folder)
    counts = {
        "folder": str(place),
        "version": policy.version,
        "types": len(policy.types),
        "rules": sum(len(listed.rules) for listed in policy.types.values()),
        "views": sum("--" not in name for name in policy.views),
        "agreements": len(policy.agreements),
        "bases": len(policy.bases),
    }
    if as_json:
        typer.echo(json.dumps(counts, indent=2))
        return
    typer.echo(f"{place}: the policy holds together. Version {policy.version}.")
    said = "{rules} rules for {types} types, {views} views, {agreements} agreements, {bases} bases."
    typer.echo(said.format(**counts))


@app.command()
def show(
    folder: FolderArgument = None,
    *,
    type_: Annotated[str, typer.Option("--type", help="Only types whose name holds this text.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Print a policy: who is told of each type of event and why, what each view shows, until when agreements hold."""
    policy = _load(folder)[1]
    chosen = [name for name in policy.types if type_ in name]
    if as_json:
        typer.echo(json.dumps(_everything(policy, chosen), indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for name in chosen:
        console.print(Text(f"\n{REGISTRY[name].title_en} · {REGISTRY[name].title_cy}", style="bold"), Text(name, "dim"))
        console.print(_rules(policy.types[name].rules))
    if not type_:
        console.print(_views(policy), _agreements(policy), _bases(policy))


def _load(folder: Path | None) -> tuple[Path, Policy]:
    settings = load_settings()
    directory = Directory.of(settings.schools_csv)
    place = folder or settings.policy_dir or PACKAGED
    return place, Policy.load(directory, place)


def _rules(rules: Iterable[Rule]) -> Table:
    table = _table("", "Tell", "View", "Basis", "Agreement", "Why")
    for rule in rules:
        table.add_row(
            rule.id.partition("#")[2],
            " ".join((rule.relation.title, *_conditions(rule))),
            "\n".join(sorted(set(rule.views.values()))),
            rule.basis,
            f"{rule.agreement.id}\nuntil {rule.agreement.ends}",
            rule.why,
        )
    return table


def _conditions(rule: Rule) -> Iterable[str]:
    if rule.views.keys() < rule.relation.kinds:
        yield f"({', '.join(sorted(rule.views))})"
    if rule.when_path:
        yield f"when {rule.when_path}"
    if rule.unless_shielded:
        yield "unless a child is shielded"


def _views(policy: Policy) -> Table:
    table = _table("View", "Shows", title="Views · Golygon")
    for name, view in policy.views.items():
        if "--" not in name:
            table.add_row(f"{name}\n{view.title_en}\n{view.title_cy}", "\n".join(_shown(view)))
    return table


def _shown(view: View) -> Iterable[str]:
    yield ", ".join(sharing.value for sharing in Sharing if sharing in view.shows)
    if view.own_roll:
        yield "of its own children alone"
    if view.hide_when_shielded:
        yield f"when a child is shielded, not {', '.join(sorted(view.hide_when_shielded))}"
    if view.withhold:
        yield f"never {', '.join(view.withhold)}"
    if view.withhold_when_shielded:
        yield f"when a child is shielded, not {', '.join(view.withhold_when_shielded)}"
    if view.own:
        yield f"its own entries of {', '.join(view.own)}"
    for sharing, field in view.agreed.items():
        yield f"{sharing.value}, where {field} says yes"


def _agreements(policy: Policy) -> Table:
    table = _table("Agreement", "Parties", "Holds", "Basis", title="Agreements · Cytundebau")
    for row in policy.agreements.values():
        table.add_row(
            f"{row.id}\n{row.title_en}\n{row.title_cy}",
            ", ".join(sorted(row.parties)),
            f"{row.starts}\n{row.ends}",
            "\n".join(row.basis),
        )
    return table


def _bases(policy: Policy) -> Table:
    table = _table("Basis", "Citation", "", title="Legal bases · Seiliau cyfreithiol")
    for row in policy.bases.values():
        table.add_row(row.id, row.citation, f"{row.title_en}\n{row.title_cy}")
    return table


def _table(*headings: str, title: str = "") -> Table:
    table = Table(*(Column(heading, overflow="fold") for heading in headings), box=None, pad_edge=False)
    if title:
        table.title, table.title_justify = Text(f"\n{title}", style="bold"), "left"
    return table


def _everything(policy: Policy, types: Iterable[str]) -> dict[str, Any]:
    return {
        "version": policy.version,
        "types": {name: [_rule(rule) for rule in policy.types[name].rules] for name in types},
        "views": [view.model_dump(mode="json", by_alias=True) for view in policy.views.values()],
        "agreements": [row.model_dump(mode="json", by_alias=True) for row in policy.agreements.values()],
        "bases": [row.model_dump(mode="json") for row in policy.bases.values()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "tell": rule.relation.name,
        "views": dict(sorted(rule.views.items())),
        "basis": rule.basis,
        "agreement": rule.agreement.id,
        "when": rule.when_path or None,
        "unless": ["shielded"] if rule.unless_shielded else [],
        "why": rule.why,
    }
