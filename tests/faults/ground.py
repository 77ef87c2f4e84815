"""The hub that is hurt: its workers behind proxies, its policy in a folder of its own, and what the topics then say."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import hub
from contracts.directory import Directory
from contracts.network import Network
from contracts.parties import agency_of
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.bench.load import SENDER, TYPE
from hub.errors import Unavailable
from hub.kafka_admin import Cluster
from hub.ledger import LedgerEntry
from hub.offsets import Offsets, Place
from hub.policy_file import Policy
from hub.provision import administrator
from hub.route import route
from hub.scan import scan
from tests.faults.patience import REQUEST_S, SESSION_S, patient
from tests.faults.pipe import Pipe
from tests.faults.wire import Wire
from tests.rig import NETWORK, Rig, Verdict

Answer = TypeVar("Answer")
HUB = ("hub", "run", "hub")
PACKAGED = Path(hub.__file__).parent / "policy"
NARROWED = 'id = "change-to-participants"', 'kinds = ["police", "health"]'
"""The rule that a policy changed in mid-stream has otherwise, and its new line: probation is told no more."""


class Ground(Rig):
    """A rig whose workers reach Kafka by `wire` and Redis by `pipe`, once these are open."""

    def __init__(self, stack_state: Path, state: Path, *, seed: int = 0) -> None:
        super().__init__(stack_state, state)
        self.policy = state / "policy"
        shutil.copytree(PACKAGED, self.policy)
        self.wire = Wire(self.settings.kafka.bootstrap_servers, seed=seed)
        self._redis = urlsplit(self.settings.redis.url.get_secret_value())
        self.pipe = Pipe(f"{self._redis.hostname}:{self._redis.port}", seed=seed)
        self.told_by = {self._policy_version(): self._told_now()}
        self.policies: list[Path] = []
        """Of workers of another version, which come with their own."""
        self._deciding: dict[tuple[int, str], str] = {}
        self._ends: dict[Place, int] = {}
        self._undecided: Sequence[Place] = ()
        self._refused: Counter[str] = Counter()
        """Hostile records that were refused, by the agency that is answered; nobody is where no sender is known."""
        self._conflicts = 0

    def __getstate__(self) -> dict[str, Any]:
        """For a verdict in another process: what it needs, and nothing that is open."""
        return {name: value for name, value in vars(self).items() if name not in ("wire", "pipe", "workers")}

    @property
    def redis_url(self) -> str:
        """Redis itself, not by the pipe."""
        return self.settings.redis.url.get_secret_value()

    def start(
        self, *command: str, direct: bool = False, folder: Path | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker, the real one or `command`; `direct`: not by the proxies; `folder`: with the code there."""
        own = {
            **os.environ,
            "DOLEN_STATE_DIR": str(self.state),
            "DOLEN_NETWORK": str(NETWORK),
            "DOLEN_TOPIC_PREFIX": self.settings.topic_prefix,
            "DOLEN_POLICY_DIR": str(self.policy),
            "DOLEN_POLICY_POLL_S": "0.2",
            "DOLEN_SESSION_TIMEOUT_MS": f"{1000 * patient(SESSION_S):.0f}",
            "DOLEN_REQUEST_TIMEOUT_MS": f"{1000 * patient(REQUEST_S):.0f}",
            "DOLEN_TRANSACTION_TIMEOUT_MS": "20000",
            **({} if direct else self._by_proxy()),
            **environment,
        }
        with (self.state / f"hub-{len(self.workers)}.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *(command or HUB)], env=own, cwd=folder, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    @property
    def living(self) -> list[subprocess.Popen[bytes]]:
        """Workers that run."""
        return [worker for worker in self.workers if worker.poll() is None]

    def words(self, event: str) -> int:
        """How often the workers' logs say this."""
        return sum(path.read_text(errors="replace").count(event) for path in self.state.glob("hub-*.log"))

    async def working(self, lanes: int = 6, *, after: int = 0, within_s: float = 180.0) -> None:
        """Wait until so many lanes more than `after` have been taken over."""
        until = time.monotonic() + within_s
        while self.words("lane.owned") < after + lanes:
            if time.monotonic() > until:
                raise AssertionError(f"no lane was taken over in {within_s:.0f} s; the log ends:\n{self.tail()}")
            await asyncio.sleep(0.05)

    async def leave_one(self) -> None:
        """Let all workers but the oldest go in good order, so that the next fault meets what the plan says."""
        for worker in self.living[1:]:
            worker.send_signal(signal.SIGCONT)
            worker.send_signal(signal.SIGTERM)
        for worker in self.living[1:]:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(worker.wait, 15)
                continue
            worker.kill()
        if not self.living:
            self.start()

    def end_workers(self) -> None:
        """In good order, so that each keeps its last checkpoints; by force where that takes too long."""
        for worker in self.living:
            worker.terminate()
        for worker in self.workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(60)
                continue
            worker.kill()
            worker.wait()

    def tail(self) -> str:
        """The end of the newest log."""
        newest = max(self.state.glob("hub-*.log"), key=lambda path: path.stat().st_mtime)
        return newest.read_text(errors="replace")[-3000:]

    def change_policy(self) -> None:
        """Narrow the policy, or widen it again; the file is replaced at once, as an editor does."""
        file = self.policy / "rules" / "circumstances.toml"
        text = file.read_text(encoding="utf-8")
        rule, line = NARROWED
        start = text.index(rule)
        end = text.find("[[rule]]", start)
        block = text[start : end if end > 0 else len(text)]
        changed = (
            block.replace(f"\n{line}", "")
            if line in block
            else block.replace('tell = "participants"', f'tell = "participants"\n{line}', 1)
        )
        new = file.with_suffix(".new")
        new.write_text(text.replace(block, changed), encoding="utf-8")
        new.replace(file)
        self.told_by[self._policy_version()] = self._told_now()

    def also_decides_by(self, policy: Path, *, version: str) -> None:
        """A worker comes that has this policy; it has to tell of the load's events whom the packaged one tells."""
        rules = Path("rules", "circumstances.toml")
        if (policy / rules).read_bytes() != (PACKAGED / rules).read_bytes():
            raise AssertionError(f"the load's rules in {policy} are others than today's: whom would they tell?")
        self.policies.append(policy)
        self.told_by[version] = next(iter(self.told_by.values()))

    # -- verdict

    async def judged(self) -> Verdict:
        """The rig's verdict, by the policy that the ledger names for each event; and nothing may be left undecided."""
        await self.look()
        await self._find_firsts()
        ledger = await self._by_lane(self.names.ledger)
        for lane, records in ledger.items():
            for record in records:
                entry = LedgerEntry.model_validate_json(record.value)
                self._conflicts += entry.outcome == "conflict"
                if entry.at.topic != self.load.topic and entry.outcome == "rejected":
                    self._refused[agency_of(entry.receipt_to) if entry.receipt_to else ""] += 1
                if entry.outcome == "accepted" and entry.event.id is not None:
                    self._deciding[lane, entry.event.id] = entry.versions.policy
        found = await self.verdict()
        found.broken += [f"undecided at the end: {topic}/{lane}" for topic, lane in self._undecided]
        return found

    async def _check_ledger(self, found: Verdict, inbound) -> None:
        """Records on other topics than the load's have to be refused, each with one ledger entry and one letter."""
        everything = {lane: [*records] for lane, records in inbound.items()}
        others = 0
        for topic in self.names.inbound:
            if topic != self.load.topic:
                for lane, records in (await self._by_lane(topic)).items():
                    everything.setdefault(lane, []).extend(records)
                    others += len(records)
        await super()._check_ledger(found, everything)
        if others != self._refused.total():
            found.broken.append(f"{others} hostile records, {self._refused.total()} of them refused")
        letters = await self._by_lane(self.names.dead_letters)
        wanted = others + self._conflicts
        if (there := sum(map(len, letters.values()))) != wanted:
            found.broken.append(f"{wanted} dead letters are due, {there} are there")

    async def _check(self, found: Verdict, agency: str, family: Family, expected: dict[int, list[str]]) -> None:
        if family is Family.RECEIPTS:
            receipts = sum(map(len, (await self._by_lane(self.names.outbound(agency, family))).values()))
            due = self._refused[agency] + (found.inbound if agency == SENDER else 0)
            if receipts != due:
                found.broken.append(f"{agency}: {due} receipts are due, {receipts} are there")
            return
        if family is Family.CIRCUMSTANCES:
            expected = {
                lane: [event for event in events if agency in self._entitled(lane, event)]
                for lane, events in self._firsts.items()
            }
        await super()._check(found, agency, family, expected)

    def _entitled(self, lane: int, event_id: str) -> set[str]:
        first = next(iter(self.told_by.values()))
        return self.told_by.get(self._deciding.get((lane, event_id), ""), first)

    async def look(self) -> None:
        """Where all partitions end: asked once, since most topics are empty."""
        agencies = Network.load(NETWORK, Directory.packaged()).agencies
        topics = [self.names.outbound(agency, family) for agency in agencies for family in Family]
        topics += [self.names.ledger, self.names.dead_letters, *self.names.inbound]
        places = [(topic, lane) for topic in topics for lane in range(self.settings.lanes)]
        asked = self.positions()
        until = time.monotonic() + 90
        while True:
            with contextlib.suppress(Unavailable):
                self._undecided = await asked.undecided(places)
                if not self._undecided or time.monotonic() > until:
                    self._ends = await asked.stable_ends(places)
                    break
            await asyncio.sleep(0.5)

    async def nothing_undecided(self, *, within_s: float) -> None:
        """Wait until every transaction that is open now is decided, in the hub's topics and in the group's offsets."""
        cluster = Cluster(administrator(self.root))
        there = await _patiently(lambda: {name: shape.partitions for name, shape in cluster.topics().items()})
        wanted = [name for name in there if name.startswith(self.names.prefix) or name == "__consumer_offsets"]
        places = [(name, lane) for name in wanted for lane in range(there[name])]
        asked = self.positions()
        until = time.monotonic() + within_s
        ends: dict[Place, int] = {}
        behind = places
        while behind:
            with contextlib.suppress(Unavailable):
                ends = ends or await asked.ends(places)
                stable = await asked.stable_ends(behind)
                behind = [place for place in behind if stable[place] < ends[place]]
            if behind and time.monotonic() > until:
                raise AssertionError(f"undecided after {within_s:.0f} s: {behind[:5]}")
            await asyncio.sleep(0.2)

    async def _find_firsts(self) -> None:
        inbound = await self._by_lane(self.load.topic)
        self._firsts = defaultdict(list)
        for lane, records in inbound.items():
            self._firsts[lane] = list(dict.fromkeys(json.loads(record.value)["id"] for record in records))

    async def _by_lane(self, topic: str):
        ends = {place: end for place, end in self._ends.items() if place[0] == topic and end > 0}
        lanes: dict[int, list] = {}
        if ends:
            async for records in scan(self.root.kafka_client(), ends):
                lanes.setdefault(records[0].partition, []).extend(records)
        return lanes

    def positions(self) -> Offsets:
        """What Kafka says, asked as its administrator and not by the wire."""
        places = self.names.inbound_places(self.settings.lanes)
        return Offsets(self.root.kafka_admin(), group=self.names.group, inbound=places)

    def _by_proxy(self) -> dict[str, str]:
        proxied: dict[str, str] = {}
        if self.wire.address:
            proxied["DOLEN_KAFKA__BOOTSTRAP_SERVERS"] = self.wire.address
        if self.pipe.address:
            login = self._redis.netloc.rpartition("@")[0]
            proxied["DOLEN_REDIS__URL"] = urlunsplit(self._redis._replace(netloc=f"{login}@{self.pipe.address}"))
        return proxied

    def _policy_version(self) -> str:
        return Policy.load(Directory.packaged(), self.policy).version

    def _told_now(self) -> set[str]:
        event = REGISTRY[TYPE].model.model_validate_json(self.load.event().value)
        directory = Directory.packaged()
        decisions = route(
            event,
            policy=Policy.load(directory, self.policy),
            directory=directory,
            network=Network.load(NETWORK, directory),
            on=date.today(),
        )
        return {decision.recipient.rpartition("/")[2] for decision in decisions if decision.told}


async def _patiently(ask: Callable[[], Answer], *, within_s: float = 60.0) -> Answer:
    """Ask again while Kafka is away: the broker that was asked may be the one that was killed."""
    until = time.monotonic() + within_s
    while True:
        try:
            return await asyncio.to_thread(ask)
        except Unavailable:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.5)


def by_step(found: Verdict, step_of: dict[str, int]) -> dict[int, Counter[str]]:
    """Each violation that names an event, counted for the fault during which that event was sent."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for kind in ("lost", "doubled", "misdirected"):
        for violation in getattr(found, kind):
            counts[step_of.get(violation.rpartition(" ")[2], -1)][kind] += 1
    return counts
