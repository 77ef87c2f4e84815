"""The stages on a workbench: records in, batches out, marks in a dict instead of Redis."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from contracts.directory import Directory
from contracts.network import Network
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.dedupe import Marks
from hub.ledger import ChainHead, LedgerEntry
from hub.minimise import Views
from hub.names import Names
from hub.pipeline import Batch, conclude, examine
from hub.policy_file import Policy
from hub.record import Output
from hub.rules import Rules
from hub.simulate.generator import Mix, Plan, simulate
from hub.simulate.planned import Planned, invented_keys
from hub.simulate.world import World
from hub.validate import Validator

NETWORK = Path(__file__).parents[2] / "deploy" / "networks" / "cardiff-and-vale.toml"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NAMES = Names("")
LATER_MS = int((START + timedelta(days=300)).timestamp() * 1000)


@dataclass
class Raw:
    """A Kafka record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def make_rules() -> tuple[Rules, World]:
    """The demo network's rules, with invented keys."""
    directory = Directory.packaged()
    network = Network.load(NETWORK, directory)
    policy = Policy.load(directory)
    keys = invented_keys(network.agencies)
    families = dict(zip(NAMES.inbound, Family, strict=True))
    rules = Rules(
        names=NAMES,
        keyring={key.key_id: key for key in (*keys.current.values(), *keys.ended.values())},
        directory=directory,
        network=network,
        policy=policy,
        views=Views(policy),
        validator=Validator(REGISTRY, directory=directory, network=network, families=families),
        marks=Marks(b"a secret of the tests", NAMES.inbound),
    )
    return rules, World(network, directory)


@dataclass
class Workbench:
    """One lane's stages, with a memory."""

    rules: Rules
    world: World
    head: ChainHead = field(default_factory=ChainHead)
    marks: dict[bytes, bytes] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)

    def simulated(self, count: int, *, seed: int = 3, **mix: Any) -> list[Planned]:
        keys = invented_keys(self.rules.network.agencies)
        return list(islice(simulate(self.world, Plan(seed=seed, start=START, mix=Mix(**mix)), keys=keys), count))

    def raw(self, planned: Planned, *, timestamp: int = LATER_MS) -> Raw:
        offset = self.offsets[planned.topic] = self.offsets.get(planned.topic, -1) + 1
        return Raw(planned.topic, 0, offset, timestamp, planned.key, planned.value, planned.headers)

    def take(self, records: Iterable[Raw]) -> Batch:
        """Decide a batch, and remember what it claimed."""
        cases = examine(list(records), self.rules)
        claims = [case.claim for case in cases if case.claim is not None]
        found = []
        for claim in claims:
            found.append(self.marks.get(claim.key))
            self.marks.setdefault(claim.key, claim.mark)
        batch = conclude(cases, found, rules=self.rules, head=self.head, worker="workbench")
        self.head = batch.head
        return batch


def ledger(batch: Batch) -> list[LedgerEntry]:
    return [LedgerEntry.model_validate_json(o.value) for o in batch.outputs if o.topic == NAMES.ledger]


def letters(batch: Batch) -> list[Output]:
    return [output for output in batch.outputs if output.topic == NAMES.dead_letters]


def told(batch: Batch) -> list[Output]:
    """Notifications and receipts."""
    return [output for output in batch.outputs if output.topic.startswith("to.")]


def document(output: Output) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(output.value)
    return parsed
