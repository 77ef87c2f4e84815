"""The demo network, the packaged policy, and events of the examples with other parties, schools and children."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from contracts.directory import Directory
from contracts.envelope import Event
from contracts.network import Network
from contracts.registry import REGISTRY
from hub.minimise import Views
from hub.policy_file import Policy
from hub.route import Decision, route
from tests.unit.contracts.examples import changed, example

DIRECTORY = Directory.packaged()
NETWORK = Network.load(Path(__file__).parents[2] / "deploy" / "networks" / "cardiff-and-vale.toml", DIRECTORY)
POLICY = Policy.load(DIRECTORY)
VIEWS = Views(POLICY)
TODAY = date(2026, 11, 23)

CARDIFF = "/agencies/cardiff-social-services"
VALE = "/agencies/vale-of-glamorgan-social-services"
EDUCATION = "/agencies/cardiff-education"
POLICE = "/agencies/south-wales-police"
HEALTH = "/agencies/cardiff-and-vale-health"
PROBATION = "/agencies/wales-probation"
CHARITY = "/agencies/pont-y-plant"
OUTSIDE = "/agencies/velindre-trust"
"""In the directory, and not in the network."""
SCHOOL = "/schools/6812003"
"""Mali's."""
OTHER_SCHOOL = "/schools/6812111"
"""Ifan's."""
FAR_SCHOOL = "/schools/6602130"
"""On Anglesey, whose schools take no part in the demo network."""

EVERYBODY = (CARDIFF, EDUCATION, POLICE, HEALTH, PROBATION, CHARITY, SCHOOL, OTHER_SCHOOL, OUTSIDE)

PUBLISHED = tuple(name for name, kind in REGISTRY.items() if kind.publishers)


def name_of(short: str) -> str:
    """The full name of a type, by `<family>.<event>`."""
    return f"wales.child-protection.{short}.v1"


def document(short: str, changes: dict[tuple[str | int, ...], Any] | None = None) -> dict[str, Any]:
    """The example of a type, with other values at some paths below `data`."""
    return changed(example(short), {("data", *path): value for path, value in (changes or {}).items()})


def parsed(event: dict[str, Any]) -> Event:
    """The checked model of an event."""
    return REGISTRY[event["type"]].model.model_validate_json(json.dumps(event))


def decisions(event: dict[str, Any], *, policy: Policy = POLICY, on: date = TODAY) -> tuple[Decision, ...]:
    """What the policy decides of an event."""
    return route(parsed(event), policy=policy, directory=DIRECTORY, network=NETWORK, on=on)


def outcomes(event: dict[str, Any], *, policy: Policy = POLICY, on: date = TODAY) -> dict[str, str]:
    """For each recipient the view that it is given, or, behind an exclamation mark, the reason that it isn't told."""
    found = decisions(event, policy=policy, on=on)
    assert len({decision.recipient for decision in found}) == len(found)
    return {decision.recipient: decision.view or f"!{decision.reason}" for decision in found}


def seen(event: dict[str, Any], view: str, recipient: str) -> dict[str, Any]:
    """What a recipient sees of an event's data."""
    return VIEWS.minimise(event["type"], event["data"], view, recipient)


HOME_EDUCATED: dict[str, Any] = {"status": "home-educated"}


def at_school(party: str) -> dict[str, Any]:
    """The education of a pupil."""
    return {"status": "on-roll", "school": party.removeprefix("/schools/")}
