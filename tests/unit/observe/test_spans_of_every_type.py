"""Every example event, taken through the real stages with the real policy: its spans hold none of its data."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trails import NAMES, ZERO, MemoryRecord

import contracts
from contracts.directory import Directory
from contracts.headers import SIGNATURE, sign
from contracts.identity import delivery_id
from contracts.network import Network
from contracts.parties import agency_of
from contracts.registry import REGISTRY
from contracts.topics import Family, inbound
from hub.dedupe import Marks
from hub.keyring import Keyring, SigningKey
from hub.ledger import ChainHead, LedgerEntry
from hub.minimise import Views
from hub.observe.attributes import WITHHELD
from hub.observe.spans import record_spans
from hub.observe.trail import Recorded
from hub.outcomes import Outcome
from hub.pipeline import conclude, examine
from hub.policy_file import Policy
from hub.record import Coordinates
from hub.rules import Rules
from hub.validate import Validator

EXAMPLES = Path(contracts.__file__).parent / "examples"
NETWORK = Path(contracts.__file__).parent.parent / "deploy" / "networks" / "wales.toml"
LATE = ZERO + 300 * 24 * 3600 * 1000
PUBLISHED = [name for name, kind in REGISTRY.items() if kind.publishers]


@pytest.fixture(scope="module")
def rules() -> Rules:
    directory = Directory.packaged()
    network = Network.load(NETWORK, directory)
    policy = Policy.load(directory)
    keyring: Keyring = {
        f"{agency}-1": SigningKey(f"{agency}-1", agency, b"secret", 0, 2 * LATE) for agency in network.agencies
    }
    families = {inbound(family): family for family in Family}
    return Rules(
        names=NAMES,
        keyring=keyring,
        directory=directory,
        network=network,
        policy=policy,
        views=Views(policy),
        validator=Validator(REGISTRY, directory=directory, network=network, families=families),
        marks=Marks(b"secret", NAMES.inbound),
    )


def decided(event: dict[str, Any], rules: Rules) -> Recorded:
    value = json.dumps(event).encode()
    agency = agency_of(event["source"])
    topic = inbound(REGISTRY[event["type"]].family)
    headers = [(SIGNATURE, sign(value, key_id=f"{agency}-1", secret=b"secret"))]
    record = MemoryRecord(topic, 1, 17, LATE, value, event["subject"].encode(), headers)
    cases = examine([record], rules)
    found = [None for case in cases if case.claim is not None]
    batch = conclude(cases, found, rules=rules, head=ChainHead(), worker="hub-1-4711")
    written = batch.outputs[-1].value
    return Recorded(LedgerEntry.model_validate_json(written), Coordinates(NAMES.ledger, 1, 0), ZERO, "", True, None)


def example(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    data = event["data"]
    if "delivery" in data:
        data["delivery"] = delivery_id(data["original"]["source"], data["original"]["id"], event["source"])
    return event


def values(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for inside in node.values():
            yield from values(inside)
    elif isinstance(node, list):
        for inside in node:
            yield from values(inside)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_spans_of_an_accepted_event_hold_none_of_its_data(name: str, rules: Rules) -> None:
    event = example(name)
    recorded = decided(event, rules)
    assert recorded.entry.outcome == Outcome.ACCEPTED, recorded.entry.faults
    said = "\n".join(span.to_json() for span in record_spans(recorded, NAMES))
    decisions = recorded.entry.decisions
    parties = {event["source"], *(decision.recipient for decision in decisions)}
    codes = {agency_of(party) for party in parties} | {decision.view for decision in decisions}
    shown = {text for text in values(event["data"]) if len(text) > 3 and f'"{text}"' in said}
    assert shown <= parties | codes
    assert WITHHELD not in said


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_spans_of_a_refused_event_hold_none_of_its_data(name: str, rules: Rules) -> None:
    event = example(name)
    event["data"]["Mali Enghraifft"] = "9990000018"
    recorded = decided(event, rules)
    assert recorded.entry.outcome == Outcome.REJECTED
    said = "\n".join(span.to_json() for span in record_spans(recorded, NAMES))
    assert "Mali" not in said
    assert "9990000018" not in said
    assert WITHHELD not in said
