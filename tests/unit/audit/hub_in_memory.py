"""A hub without servers: the real pipeline on simulated events, and what it writes as records in lists."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path

from contracts.directory import Directory
from contracts.network import Network
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.access import access
from hub.audit.policy import Policy as AuditPolicy
from hub.audit.source import MemorySource, Record
from hub.audit.standing import Key, Standing
from hub.dedupe import Marks
from hub.ledger import ChainHead
from hub.minimise import Views
from hub.names import Names
from hub.pipeline import conclude, examine
from hub.policy_file import Policy
from hub.rules import Rules
from hub.simulate.generator import Plan, simulate
from hub.simulate.planned import Keys, Planned, invented_keys
from hub.simulate.world import World
from hub.validate import Validator

NETWORK_FILE = Path(__file__).parents[3] / "deploy" / "networks" / "cardiff-and-vale.toml"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
LANES = 3
BATCH = 7

NAMES = Names("")
DIRECTORY = Directory.packaged()
NETWORK = Network.load(NETWORK_FILE, DIRECTORY)


@cache
def keys() -> Keys:
    return invented_keys(NETWORK.agencies)


def rules(policy_dir: Path | None = None) -> Rules:
    """What a hub decides by."""
    policy = Policy.load(DIRECTORY, policy_dir)
    keyring = {key.key_id: key for ring in (keys().current, keys().ended) for key in ring.values()}
    families = dict(zip(NAMES.inbound, Family, strict=True))
    return Rules(
        names=NAMES,
        keyring=keyring,
        directory=DIRECTORY,
        network=NETWORK,
        policy=policy,
        views=Views(policy),
        validator=Validator(REGISTRY, directory=DIRECTORY, network=NETWORK, families=families),
        marks=Marks(b"secret", NAMES.inbound),
    )


def standing(policy_dir: Path | None = None) -> Standing:
    """The same, as an audit reads it."""
    return Standing(
        names=NAMES,
        keys={
            key.key_id: Key(key.key_id, key.agency, key.secret, key.valid_from_ms, key.valid_to_ms)
            for ring in (keys().current, keys().ended)
            for key in ring.values()
        },
        directory=DIRECTORY,
        network=NETWORK,
        policy=AuditPolicy.read(policy_dir, DIRECTORY),
    )


def simulated(count: int, *, seed: int = 1, signed_with: Keys | None = None) -> list[Planned]:
    """Events of a simulated network, bad ones among them."""
    plan = Plan(seed=seed, start=START)
    return list(islice(simulate(World(NETWORK, DIRECTORY), plan, keys=signed_with or keys()), count))


@dataclass
class HubInMemory:
    """Lanes, marks and topics of one hub."""

    rules: Rules
    topics: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    marks: dict[bytes, bytes] = field(default_factory=dict)
    """In the place of Redis."""
    _heads: dict[int, ChainHead] = field(default_factory=dict)
    _clock_ms: int = START_MS

    def take(self, records: Iterable[Planned]) -> None:
        """Publish records and process each lane's in small batches."""
        waiting: dict[int, list[Record]] = {}
        for record in records:
            lane = zlib.crc32(record.key or b"") % LANES
            waiting.setdefault(lane, []).append(
                self._append(record.topic, lane, record.key, record.value, record.headers)
            )
            if len(waiting[lane]) == BATCH:
                self._process(lane, waiting.pop(lane))
        for lane, left in waiting.items():
            self._process(lane, left)

    def records(self) -> list[Record]:
        return [record for records in self.topics.values() for record in records]

    def source(self) -> MemorySource:
        """Everything there is."""
        return source(self.records())

    def _process(self, lane: int, records: Sequence[Record]) -> None:
        cases = examine(records, self.rules)
        found = []
        for case in cases:
            if case.claim is not None:
                found.append(self.marks.get(case.claim.key))
                self.marks.setdefault(case.claim.key, case.claim.mark)
        head = self._heads.get(lane, ChainHead())
        batch = conclude(cases, found, rules=self.rules, head=head, worker="memory")
        self._heads[lane] = batch.head
        for output in batch.outputs:
            self._append(output.topic, lane, output.key, output.value, tuple(output.headers))

    def _append(self, topic, lane, key, value, headers) -> Record:
        there = self.topics.setdefault((topic, lane), [])
        self._clock_ms += 60_000 if topic in NAMES.inbound else 0
        record = Record(topic, lane, len(there), self._clock_ms, key, value, tuple(headers))
        there.append(record)
        return record


def source(records: Iterable[Record]) -> MemorySource:
    """Records, among all the topics that provisioning makes."""
    wanted = access({agency: found.kind for agency, found in NETWORK.organisations.items()}, REGISTRY, lanes=LANES)
    return MemorySource(records, lanes=LANES, topics=[topic.name for topic in wanted.topics])
