"""`dolen explain`: who would be told of an event and who would not, by which rule, without sending anything."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from contracts.directory import Directory
from contracts.envelope import Event
from contracts.network import Network
from contracts.registry import REGISTRY
from hub.commands.stack import JsonOption
from hub.observe.labels import Label, Language, reason
from hub.policy_file import Policy
from hub.route import Decision, route
from hub.settings import load_settings

MOST_FAULTS = 5


def explain(
    file: Annotated[Path, typer.Argument(help="An event as JSON.", exists=True, dir_okay=False)],
    *,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it reaches the broker; today if not given.")
    ] = None,
    as_json: JsonOption = False,
    cymraeg: Annotated[bool, typer.Option("--cymraeg", help="Yn Gymraeg: Welsh labels.")] = False,
) -> None:
    """Print who is told of an event and who is not, by which rule, basis, agreement and view; send nothing."""
    event = _read(file)
    settings = load_settings()
    directory = Directory.of(settings.schools_csv)
    network = Network.load(settings.network, directory)
    policy = Policy.load(directory, settings.policy_dir)
    on = as_of.date() if as_of else datetime.now(UTC).date()
    decisions = route(event, policy=policy, directory=directory, network=network, on=on)
    if as_json:
        versions = {"policy": policy.version, "directory": directory.version, "network": network.version}
        typer.echo(json.dumps(_report(event, decisions, policy, on, versions), indent=2, ensure_ascii=False))
    else:
        _show(event, decisions, policy, on, Language.CY if cymraeg else Language.EN)


def _read(file: Path) -> Event:
    """The event in a file. What is wrong with it is named by rule and place, never by value."""
    content = file.read_bytes()
    try:
        document = json.loads(content)
    except ValueError:
        raise typer.BadParameter("the file is not JSON", param_hint="FILE") from None
    kind = REGISTRY.get(str(document.get("type"))) if isinstance(document, dict) else None
    if kind is None:
        raise typer.BadParameter("the file is no event of a known type", param_hint="FILE")
    try:
        return kind.model.model_validate_json(content)
    except ValidationError as wrong:
        details = wrong.errors(include_input=False, include_context=False, include_url=False)
        faults = "; ".join(_fault(detail["loc"], detail["type"]) for detail in details[:MOST_FAULTS])
        raise typer.BadParameter(f"the event breaks rules of its type: {faults}", param_hint="FILE") from None


def _fault(location: tuple[int | str, ...], rule: str) -> str:
    steps = [str(step) for step in location]
    if rule == "extra_forbidden":
        steps[-1] = "*"  # the writer's own word, which may be a name
    return f"{'.'.join(steps) or 'the whole'}: {rule}"


def _report(
    event: Event, decisions: Sequence[Decision], policy: Policy, on: date, versions: dict[str, str]
) -> dict[str, Any]:
    return {
        "event": {"id": event.id, "source": event.source, "type": event.type},
        "on": on.isoformat(),
        "versions": versions,
        "decisions": [
            {
                **json.loads(b"%b}" % decision.in_ledger),
                "citation": policy.bases[decision.basis].citation,
                "why": _why(policy, event, decision),
            }
            for decision in decisions
        ],
    }


def _show(event: Event, decisions: Sequence[Decision], policy: Policy, on: date, language: Language) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    kind = REGISTRY[event.type]
    title = kind.title_cy if language is Language.CY else kind.title_en
    console.print(Text(f"{title} ({event.type})", style="bold"))
    console.print(f"{Label.SENDER.say(language)}: {event.source}   {Label.ARRIVED.say(language)}: {on.isoformat()}\n")
    if not decisions:
        console.print(Label.NO_DECISIONS.say(language))
        return
    console.print(_table(event, decisions, policy, language))


def _table(event: Event, decisions: Sequence[Decision], policy: Policy, language: Language) -> Table:
    labels = (Label.PARTY, Label.REASON, Label.VIEW, Label.RULE)
    columns = (Column(label.say(language), overflow="fold") for label in labels)
    table = Table(*columns, box=None, pad_edge=False, header_style="dim")
    for decision in sorted(decisions, key=lambda decision: not decision.told):
        said = (Label.TOLD if decision.told else Label.NOT_TOLD).say(language)
        grounds = f"{policy.bases[decision.basis].citation}; {decision.agreement}"
        table.add_row(
            decision.recipient,
            Text(f"{said}: {reason(decision.reason, language)}", style="green" if decision.told else "red"),
            decision.view,
            f"{decision.rule}\n{grounds}\n{_why(policy, event, decision)}\n",
        )
    return table


def _why(policy: Policy, event: Event, decision: Decision) -> str:
    return next(rule.why for rule in policy.types[event.type].rules if rule.id == decision.rule)
