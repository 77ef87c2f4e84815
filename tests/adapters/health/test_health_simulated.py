"""What a simulated health board says is written as FHIR by the far system, and read back as the same event."""

import json
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from adapters.health import far, native
from adapters.health.inbound import to_event
from adapters.sdk.composing import composed
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.directory import Directory
from contracts.network import Network
from contracts.registry import REGISTRY
from hub.simulate.generator import Mix, Plan, simulate
from hub.simulate.planned import invented_keys
from hub.simulate.story import tell
from hub.simulate.story_scenes import SCENES
from hub.simulate.world import World
from tests.adapters.conformance import _numbered
from tests.adapters.health.parts import AGENCY

NETWORK = Network.load(Path("deploy/networks/cardiff-and-vale.toml"), Directory.packaged())
DELIVERED = "wales.child-protection.receipts.delivered.v1"
"""Written by the adapter's inbox, not by people."""


def _of_the_health_board(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["source"] == f"/agencies/{AGENCY}" and event["type"] != DELIVERED]


def _story() -> list[dict[str, Any]]:
    world = World(NETWORK, Directory.packaged())
    chapters = tell(world, SCENES, start=date(2026, 1, 12), keys=invented_keys(NETWORK.agencies))
    return [json.loads(chapter.record.value) for chapter in chapters]


def _background() -> list[dict[str, Any]]:
    world = World(NETWORK, Directory.packaged())
    mix = Mix(repeats=0, conflicts=0, bad=0)
    plan = Plan(seed=3, start=datetime(2026, 1, 5, 9, tzinfo=UTC), mix=mix)
    records = islice(simulate(world, plan, keys=invented_keys(NETWORK.agencies)), 1500)
    return [json.loads(record.value or b"") for record in records]


@pytest.mark.parametrize("events", [_story, _background])
def test_it_is_read_back_as_the_same_event(events: Any) -> None:
    pseudonyms = Pseudonyms(AGENCY, bytes(range(32)))
    said = _of_the_health_board(events())
    assert len(said) >= 3
    for event in said:
        draft = to_event(native.read(*far.record(event)), pseudonyms)
        again = json.loads(composed(draft, pseudonyms).numbered(1))
        assert datetime.fromisoformat(again["time"]) == datetime.fromisoformat(event["time"])
        model = REGISTRY[event["type"]].model.model_fields["data"].annotation
        datas = [_plain(model, one["data"]) for one in (event, again)]
        assert _numbered(datas[0]) == _numbered(datas[1]), event["type"]


def _plain(model: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Data with its defaults."""
    plain: dict[str, Any] = model.model_validate_json(json.dumps(data)).model_dump(mode="json")
    return plain
