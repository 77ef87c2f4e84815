"""A hub of a test's own on the shared servers: its names and state, its workers as processes, and its verdict."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.directory import Directory
from contracts.network import Network
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.bench.copy import as_administrator
from hub.bench.load import SENDER, Load, Loaded
from hub.errors import Unavailable
from hub.kafka_admin import Cluster
from hub.ledger import GENESIS, LedgerEntry, record_hash
from hub.names import Names
from hub.offsets import Offsets
from hub.policy_file import Policy
from hub.provision import administrator, provision_network
from hub.route import route
from hub.scan import scan
from hub.settings import load_settings
from tests.servers import Servers

NETWORK = Path(__file__).parent.parent / "deploy" / "networks" / "cardiff-and-vale.toml"
SETTLE_S = 120.0


@dataclass
class Verdict:
    """What the topics say when all is read; each list is empty where all is well."""

    inbound: int = 0
    accepted: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    misdirected: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.misdirected or self.disordered or self.broken)


class Rig:
    """Topics with a prefix of their own, and everything that a fault test does to a hub."""

    def __init__(self, stack_state: Path, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        shutil.copy(stack_state / "dolen.toml", state)
        self.state = state
        self.settings = load_settings(state_dir=state, network=NETWORK, topic_prefix=f"t{secrets.token_hex(4)}.")
        provision_network(self.settings)
        self.settings = load_settings(state_dir=state, network=NETWORK, topic_prefix=self.settings.topic_prefix)
        self.names = Names(self.settings.topic_prefix)
        self.root = as_administrator(self.settings)
        self.load = Load(self.settings, seed=7)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.sent: list[Loaded] = []
        self.unknown = 0

    @property
    def environment(self) -> dict[str, str]:
        """What a command of this rig's hub is run with."""
        return {
            **os.environ,
            "DOLEN_STATE_DIR": str(self.state),
            "DOLEN_NETWORK": str(NETWORK),
            "DOLEN_TOPIC_PREFIX": self.settings.topic_prefix,
            "DOLEN_SESSION_TIMEOUT_MS": "1500",
            "DOLEN_REQUEST_TIMEOUT_MS": "5000",
            "DOLEN_TRANSACTION_TIMEOUT_MS": "20000",
            "PYTHONFAULTHANDLER": "1",
        }

    # -- workers

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker; its log is `hub-<n>.log` in the rig's state directory."""
        own = self.environment | environment
        with (self.state / f"hub-{len(self.workers)}.log").open("ab") as log:
            worker = subprocess.Popen([sys.executable, "-m", "hub", "run", "hub"], env=own, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def working(self, lanes: int = 1) -> None:
        """Wait until the hub has taken over at least so many lanes."""
        until = time.monotonic() + 60
        while self.logs().count("lane.owned") < lanes:
            self.nobody_fell()
            if time.monotonic() > until:
                self._say_where_they_are()
                raise AssertionError(self.logs()[-8000:])
            time.sleep(0.05)

    def nobody_fell(self) -> None:
        """No worker was ended by a fault of its own process, which its log could not say."""
        fallen = [worker.returncode for worker in self.workers if worker.poll() in (-signal.SIGSEGV, -signal.SIGABRT)]
        assert not fallen, f"workers ended by signals {fallen}:\n{self.logs()[-8000:]}"

    def _say_where_they_are(self) -> None:
        """Workers end, each with all its threads' stacks in its log."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGABRT)
                worker.wait()

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.state.glob("hub-*.log")))

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        cluster = Cluster(administrator(self.settings))
        cluster.remove_topics([name for name in cluster.topics() if name.startswith(self.settings.topic_prefix)])
        cluster.remove([each for each in cluster.acls() if each.acl.user.startswith(self.settings.topic_prefix)])

    # -- load

    async def publish(self, count: int, *, rate: float | None = None) -> None:
        """Send `count` events, `rate` a second; what Kafka did not confirm is sent again, as an outbox does."""
        left = list(self.load.events(count))
        begun = time.monotonic()
        while left:
            try:
                left = await self._publish(left, rate, begun, count)
            except (KafkaError, OSError):
                self.unknown += 1
                await asyncio.sleep(0.3)

    async def _publish(self, events: list[Loaded], rate: float | None, begun: float, count: int) -> list[Loaded]:
        producer = AIOKafkaProducer(
            **self.root.kafka_client(), acks="all", enable_idempotence=True, request_timeout_ms=5000, linger_ms=2
        )
        waiting: list[tuple[Loaded, asyncio.Future[object]]] = []
        done = count - len(events)
        try:
            await producer.start()
            for number, event in enumerate(events):
                if rate:
                    await asyncio.sleep(max(0.0, begun + (done + number) / rate - time.monotonic()))
                answer = await producer.send(self.load.topic, event.value, key=event.key, headers=[*event.headers])
                waiting.append((event, answer))
        finally:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 10)
            await producer.client.close()  # where the broker went away, stop() leaves connections open
        answers = await asyncio.gather(*(answer for _, answer in waiting), return_exceptions=True)
        failed = [event for (event, _), answer in zip(waiting, answers, strict=True) if isinstance(answer, Exception)]
        self.sent += [
            event for (event, _), answer in zip(waiting, answers, strict=True) if not isinstance(answer, Exception)
        ]
        self.unknown += len(failed)
        return failed + events[len(waiting) :]

    # -- verdict

    async def settled(self, timeout_s: float = SETTLE_S) -> None:
        """Wait until the hub has committed all that is on the inbound topics."""
        offsets = self.offsets()
        places = self.names.inbound_places(self.settings.lanes)
        until = time.monotonic() + timeout_s
        while True:
            self.nobody_fell()
            with contextlib.suppress(Unavailable):
                committed, ends = await offsets.committed(), await offsets.ends(places)
                if all(committed.get(place, 0) >= end for place, end in ends.items()):
                    return
            if time.monotonic() > until:
                raise AssertionError(f"the hub did not settle in {timeout_s} s; its log:\n{self.logs()[-4000:]}")
            await asyncio.sleep(0.2)

    async def verdict(self) -> Verdict:
        """Compare what came in with what went out, from the topics alone, record by record and in order."""
        found = Verdict()
        inbound = await self._by_lane(self.load.topic)
        found.inbound = sum(map(len, inbound.values()))
        first = {lane: _firsts(records) for lane, records in inbound.items()}
        found.accepted = sum(map(len, first.values()))
        published = {json.loads(record.value)["id"] for records in inbound.values() for record in records}
        found.lost += [f"acknowledged, then gone: {e.event_id}" for e in self.sent if e.event_id not in published]
        told = self._told()
        for agency in Network.load(NETWORK, Directory.packaged()).agencies:
            for family in Family:
                await self._check(
                    found, agency, family, first if family is Family.CIRCUMSTANCES and agency in told else {}
                )
        await self._check_ledger(found, inbound)
        return found

    async def _check(self, found: Verdict, agency: str, family: Family, expected: dict[int, list[str]]) -> None:
        topic = self.names.outbound(agency, family)
        got = await self._by_lane(topic)
        if agency == SENDER and family is Family.RECEIPTS:
            receipts = sum(map(len, got.values()))
            if receipts != found.inbound:
                found.broken.append(f"{found.inbound} events, {receipts} receipts")
            return
        for lane in range(self.settings.lanes):
            origins = [json.loads(record.value)["origin"] for record in got.get(lane, [])]
            wanted = expected.get(lane, [])
            if origins == wanted:
                continue
            counts = Counter(origins)
            found.lost += [f"{agency} {origin}" for origin in wanted if not counts[origin]]
            found.doubled += [f"{agency} {origin}" for origin, count in counts.items() if count > 1]
            found.misdirected += [f"{agency} {origin}" for origin in counts if origin not in set(wanted)]
            if Counter(wanted) == counts:
                found.disordered.append(f"{agency} lane {lane}")

    async def _check_ledger(self, found: Verdict, inbound) -> None:
        ledger = await self._by_lane(self.names.ledger)
        for lane in range(self.settings.lanes):
            previous = GENESIS
            places = Counter()
            for number, record in enumerate(ledger.get(lane, []), start=1):
                entry = LedgerEntry.model_validate_json(record.value)
                if entry.number != number or entry.prev != previous:
                    found.broken.append(f"chain of lane {lane} at {record.offset}: number {entry.number}")
                previous = record_hash(record.value)
                places[entry.at.topic, entry.at.offset] += 1
            wanted = Counter((record.topic, record.offset) for record in inbound.get(lane, []))
            if places != wanted:
                found.broken.append(
                    f"ledger of lane {lane}: {sum(places.values())} entries, {sum(wanted.values())} events"
                )

    async def _by_lane(self, topic: str):
        ends = await self.offsets().stable_ends([(topic, lane) for lane in range(self.settings.lanes)])
        lanes: dict[int, list] = {}
        async for records in scan(self.root.kafka_client(), ends):
            lanes.setdefault(records[0].partition, []).extend(records)
        return lanes

    def _told(self) -> set[str]:
        event = REGISTRY[json.loads(self.load.event().value)["type"]].model.model_validate_json(self.load.event().value)
        directory = Directory.packaged()
        decisions = route(
            event,
            policy=Policy.load(directory),
            directory=directory,
            network=Network.load(NETWORK, directory),
            on=date.today(),
        )
        return {decision.recipient.rpartition("/")[2] for decision in decisions if decision.told}

    def offsets(self) -> Offsets:
        """What Kafka says of positions, asked as the administrator."""
        places = self.names.inbound_places(self.settings.lanes)
        return Offsets(self.root.kafka_admin(), group=self.names.group, inbound=places)


@pytest.fixture
def rig(servers: Servers, tmp_path: Path) -> Iterator[Rig]:
    """Topics, users and state of one test alone; its workers and topics go with it."""
    made = Rig(servers.state_dir, tmp_path / "rig")
    yield made
    made.close()


def _firsts(records) -> list[str]:
    seen: dict[str, None] = {}
    for record in records:
        seen.setdefault(json.loads(record.value)["id"])
    return list(seen)
