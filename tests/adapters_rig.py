"""Kills an adapter under load at both ends, and holds the balance: nothing lost, doubled, or out of a child's order.

For the author of an adapter. Say what the agency's system is, as the rig can see it, and the test is a few lines:

    class Folders:                                     # a `System`
        adapter, agency = "police", "south-wales-police"
        settings = 'drop = "…"\nout = "…"'             # the adapter's own table of its file
        def give(self, name, content): ...             # the system gives one native record
        def has(self): ...                             # ids of the notifications it has, in the order it got them

    def test_kills_at_both_ends_leave_the_balance_exact(rig):
        with Campaign(rig, Folders()) as campaign:
            campaign.run()

`rig` is the fixture of tests/rig.py (in tests/connected/conftest.py). The adapter runs as `dolen run adapter CONFIG` in
a process of its own (forked from one that has it imported), against the real hub on the shared servers. What it is
loaded with, unless told otherwise:

- at the native end, one record after the other by `give`, for `children` children in turn, `each` records a child. They
  come from the adapter's own fixture of `circumstances.child-moved` through its `far.record`, with other UUIDs and a
  `time` that goes on; another `case` may be named. What they must become is worked out with the adapter's own `read`
  and `to_event`, which the conformance suite has held to the fixtures.
- at the Kafka end, as many `child-moved` by another agency that names this one as a participant, through the hub.

`has` says an id as often as the system has it: what came twice must show twice. Settings that make the adapter slow
(a file's settling time, a poll interval) should be short here. `run` fails with what differs; then
`campaign.folder / "adapter.log"` says what the adapter said, and `campaign.store()` is its database.
"""

import asyncio
import json
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Protocol, Self

from sqlalchemy import Connection, select

from adapters.sdk.composing import composed
from adapters.sdk.configuration import load_configuration
from adapters.sdk.credentials import credentials_path, load_credentials
from adapters.sdk.errors import NotConnected, NotSent
from adapters.sdk.outgoing import checked
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.publisher import Publisher
from adapters.sdk.store import engine_of
from adapters.sdk.tables import Tables, tables
from contracts.identity import delivery_id
from contracts.parties import agency_uri
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.audit.of_hub import audit_hub
from hub.audit.report import Report
from hub.ledger import LedgerEntry
from tests.adapters.conformance import FIXTURE_KEY, Adapter
from tests.rig import Rig
from tests.warm import Started, Warm

MOVED = "wales.child-protection.circumstances.child-moved.v1"
KILLS = int(os.environ.get("DOLEN_TEST_KILLS", "20"))
"""How often an adapter is killed; deploy/test makes do with fewer, to be done in its time."""
EACH = max(8, min(KILLS, 20))
"""How many records of each child at each end: fewer where fewer kills are to meet them."""
DELIVERED = "wales.child-protection.receipts.delivered.v1"
EXAMPLE = Path(__file__).parent.parent / "contracts" / "examples" / f"{MOVED}.json"


Differs = tuple[str, str]
"""Lost, doubled, misdirected, disordered or broken; and what it is about."""


class System(Protocol):
    """The agency's system, as far as the rig touches it."""

    adapter: str
    """The adapter's folder."""
    agency: str
    """Whose it is, of the network cardiff-and-vale."""
    settings: str
    """The lines of the adapter's own table, as TOML."""

    def give(self, name: str, content: bytes) -> None:
        """The system gives a native record to the adapter, whole."""
        ...

    def has(self) -> Sequence[str]:
        """The ids (`delivery.id`) of what it has been told, in the order in which it came."""
        ...


@dataclass(frozen=True)
class Record:
    """One native record, and the event that it must become."""

    child: str
    event_id: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Told:
    """One event of another agency's, and the notification that the system must have of it."""

    child: str
    event_id: str
    delivery: str
    value: bytes


class Process:
    """`dolen run adapter` with one file, which may be killed and started as often as a test likes."""

    def __init__(self, file: Path, warm: Warm) -> None:
        self.file = file
        self.kills = 0
        self._warm = warm
        self._started: Started | None = None

    @property
    def log(self) -> Path:
        return self.file.parent / "adapter.log"

    def start(self) -> None:
        self._started = self._warm.start("run", "adapter", str(self.file), log=self.log)

    def kill(self) -> None:
        """SIGKILL; fails if it had ended by itself."""
        assert self._running.poll() is None, f"it ended by itself:\n{self.tail()}"
        self._running.signal(signal.SIGKILL)
        assert self._running.wait() == -signal.SIGKILL
        self.kills += 1

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._running.signal(signal.SIGTERM)
        self.until(lambda: self._running.poll() is not None, what="its end")
        return self._running.wait()

    def end(self) -> None:
        """Leave nothing behind."""
        if self._started is not None:
            self._started.signal(signal.SIGKILL)
        self._warm.close()

    def until(self, true: Callable[[], bool], *, timeout_s: float = 180, what: str = "it") -> None:
        until = time.monotonic() + timeout_s
        while not true():
            assert time.monotonic() < until, f"{what} did not come in {timeout_s:.0f} s; its log ends:\n{self.tail()}"
            time.sleep(0.05)

    def tail(self) -> str:
        return self.log.read_text()[-4000:] if self.log.exists() else ""

    @property
    def _running(self) -> Started:
        assert self._started is not None, "it was never started"
        return self._started


class Campaign:
    """One adapter, its load, and its balance; use it as a context manager."""

    def __init__(
        self,
        rig: Rig,
        system: System,
        *,
        case: str | None = None,
        children: int = 20,
        each: int = EACH,
        rate: float = 40,
        store: str = "sqlite:///adapter.db",
        more: str = "",
        seed: int = 5,
        before: str = "",
    ) -> None:
        """`case`: the fixture that native records are made from; `rate`: records a second at each end.

        The load is spread over the kills: after each one, its part comes at that rate, and then waits for the next.

        `before`: Python to run before anything is imported.
        `more`: further lines of the file, such as tables of its own `[inbox]` in place of the rig's.
        """
        self.rig = rig
        self.system = system
        self.adapter = Adapter(system.adapter)
        self._random = Random(seed)
        self._case = case
        self._rate = rate
        self._stop = threading.Event()
        self._released = 1.0
        self._loading: list[threading.Thread] = []
        self.load: Counter[str] = Counter()
        """So many were given and told so far, and so many sends were of unknown end."""
        self.folder = rig.state / f"{system.agency}-{system.adapter}"
        self.folder.mkdir()
        (self.folder / "key").write_text(FIXTURE_KEY.hex())
        (self.folder / "key").chmod(0o600)
        file = self.folder / "adapter.toml"
        file.write_text(_file(rig, system, store, more or "[inbox]\nwindow_s = 0.5\n[outbox]\nresend_after_s = 5\n"))
        imports = [f"adapters.{system.adapter}.declaration"]
        self.process = Process(file, Warm(rig.environment, imports=imports, before=before))
        self.records = self._records(children, each)
        self.told = self._told(children, each)

    def __enter__(self) -> Self:
        if not self.rig.workers:
            self.rig.start()
            self.rig.working()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self.process.end()

    def run(self, *, kills: int = KILLS, timeout_s: float = 180, kill_once: Callable[[], None] | None = None) -> None:
        """Load both ends, kill so many times meanwhile, wait until all is done, stop, and hold the balance.

        `kill_once` kills and starts the process in another way than a moment after it did something.
        """
        self.hurt(kills=kills, timeout_s=timeout_s, kill_once=kill_once)
        self.balance()

    def hurt(self, *, kills: int, timeout_s: float = 180, kill_once: Callable[[], None] | None = None) -> None:
        """The same without the balance."""
        self._released = 0
        self.process.start()
        with self.loaded():
            for number in range(1, kills + 1):
                self._released = number / (kills + 1)
                (kill_once or self.kill_once)()
            self._released = 1
        self.settle(timeout_s=timeout_s)
        assert self.process.stop() == 0, self.process.tail()

    @contextmanager
    def loaded(self) -> Iterator[None]:
        """Load both ends while the block runs, and until the load is all given."""
        failures: list[BaseException] = []
        ends = (self.give_all, self.tell_all)
        self._loading = [threading.Thread(target=_kept, args=(work, failures)) for work in ends]
        for one in self._loading:
            one.start()
        try:
            yield
        except BaseException:
            self._stop.set()
            raise
        finally:
            for one in self._loading:
                one.join()
        assert not failures, failures

    def give_all(self) -> None:
        """The system's records, one after the other."""
        for number, record in enumerate(self.records):
            self._wait_for_its_turn(number / len(self.records))
            self.system.give(record.name, record.content)
            self.load["given"] += 1

    def tell_all(self) -> None:
        """The other agency's events, one after the other; again where Kafka did not confirm one, as its outbox does."""
        asyncio.run(self._tell_all())

    def settle(self, *, timeout_s: float = 180) -> None:
        """Wait until the hub has taken every record, the system has every notification, and both ends have answers."""
        wanted = {told.delivery for told in self.told}
        self.process.until(lambda: wanted <= set(self.system.has()), timeout_s=timeout_s, what="every notification")
        self.process.until(lambda: self.unsettled() == 0, timeout_s=timeout_s, what="every receipt")

    def unsettled(self) -> int:
        """Events of the outbox without a receipt, and notifications that wait; records that are not in it count too."""
        with self.store() as (connection, made):
            settled = connection.execute(select(made.outbox.c.event_id).where(made.outbox.c.settled_at.is_not(None)))
            done = {row.event_id for row in settled}
            open_ = connection.execute(select(made.outbox.c.id).where(made.outbox.c.settled_at.is_(None))).all()
            waiting = connection.execute(select(made.inbox.c.id).where(made.inbox.c.state == "waiting")).all()
        return len({record.event_id for record in self.records} - done) + len(open_) + len(waiting)

    @contextmanager
    def store(self) -> Iterator[tuple[Connection, Tables]]:
        """The adapter's own database, to look at."""
        configuration = load_configuration(self.process.file)
        engine = engine_of(configuration.store_url)
        made = tables(None if engine.dialect.name == "sqlite" else configuration.file.store_schema)
        try:
            with engine.begin() as connection:
                yield connection, made
        finally:
            engine.dispose()

    # -- the balance

    def balance(self) -> None:
        """Fails with all that differs, and with whatever the audit finds, at the edges too."""
        differs = self.differs()
        assert not differs, "\n".join(text for _, text in differs[:40])
        report = self.audited()
        assert report.clean, report.violations[:40]
        assert report.outcomes["accepted"] >= len(self.records) + len(self.told)

    def differs(self) -> list[Differs]:
        """What is not as it has to be, by a reading of the system and of the topics."""
        return [*self._native_end(), *self._kafka_end()]

    def audited(self) -> Report:
        """The auditor's word on the hub's topics, edges included."""
        return audit_hub(self.rig.settings, edges=True)

    def _native_end(self) -> Iterator[Differs]:
        """Each native record is one event that the hub took once, each child's in the order in which it was given."""
        source = agency_uri(self.system.agency)
        entries = [entry for entry in self._ledger() if entry.event.source == source]
        kind = {entry.outcome for entry in entries} - {"accepted", "duplicate"}
        if kind:
            yield "broken", f"the hub answered {kind} to some of what the adapter sent"
        taken = Counter(entry.event.id for entry in entries if entry.outcome == "accepted")
        answers = {entry.event.id for entry in entries if entry.event.type.split(".")[2] == Family.RECEIPTS}
        wanted = {record.event_id for record in self.records}
        yield from (("lost", f"record {event} was never taken") for event in wanted if not taken[event])
        yield from (
            ("doubled", f"event {event} was taken {count} times") for event, count in taken.items() if count > 1
        )
        yield from (
            ("broken", f"event {event} belongs to no record") for event in taken if event not in wanted | answers
        )
        yield from self._native_order(wanted)

    def _native_order(self, wanted: set[str]) -> Iterator[Differs]:
        order: dict[str, list[str]] = {}
        for record in self.records:
            order.setdefault(record.child, []).append(record.event_id)
        came: dict[str, dict[str, int]] = {child: {} for child in order}
        for event in self._inbound():
            if event["id"] in wanted:
                came.setdefault(event["subject"], {}).setdefault(event["id"], event["sequence"])
        for child, events in order.items():
            if list(came[child]) != events:
                yield "disordered", f"the records of child {child} did not go out in the order in which they were given"
            numbers = list(came[child].values())
            if numbers != sorted(set(numbers)):
                yield "disordered", f"the numbers of child {child} are {numbers}"

    def _kafka_end(self) -> Iterator[Differs]:
        """Each notification is in the system once, each child's in the order of its numbers, and answered once."""
        has = list(self.system.has())
        counts = Counter(has)
        wanted = {told.delivery: told for told in self.told}
        yield from (("lost", f"notification {one} was never delivered") for one in wanted if not counts[one])
        yield from (
            ("doubled", f"notification {one} is there {count} times") for one, count in counts.items() if count > 1
        )
        yield from (
            ("misdirected", f"notification {one} is of no event of ours") for one in counts if one not in wanted
        )
        for child in {told.child for told in self.told}:
            sent = [told.delivery for told in self.told if told.child == child]
            if [one for one in has if one in wanted and wanted[one].child == child] != sent:
                yield "disordered", f"the notifications of child {child} are not in their order"
        source = agency_uri(self.system.agency)
        answered = Counter(
            entry.answers.delivery
            for entry in self._ledger()
            if entry.event.source == source and entry.outcome == "accepted" and entry.answers is not None
            if entry.event.type == DELIVERED
        )
        yield from (
            ("broken", f"notification {one} was answered {answered[one]} times") for one in wanted if answered[one] != 1
        )

    def _ledger(self) -> list[LedgerEntry]:
        lanes = asyncio.run(self.rig._by_lane(self.rig.names.ledger))
        return [LedgerEntry.model_validate_json(record.value) for records in lanes.values() for record in records]

    def _inbound(self) -> Iterator[dict[str, Any]]:
        topic = self.rig.names.inbound[tuple(Family).index(self.family)]
        for records in asyncio.run(self.rig._by_lane(topic)).values():
            yield from (json.loads(record.value) for record in records)

    # -- the load

    def _records(self, children: int, each: int) -> list[Record]:
        cases = self.adapter.cases("inbound")
        twin = next(
            case.twin for case in cases if (case.name == self._case if self._case else case.twin["type"] == MOVED)
        )
        self.family = REGISTRY[twin["type"]].family
        assert self.adapter.far is not None, "the rig makes native records with the adapter's far.py"
        pseudonyms = Pseudonyms(self.system.agency, FIXTURE_KEY)
        subjects, episodes = self._uuids(children), self._uuids(children)
        made = []
        for number in range(each):
            for child in range(children):
                draft = _as_other(twin, {twin["subject"]: subjects[child], twin["correlationid"]: episodes[child]})
                draft["reference"] = self._uuid()
                later = timedelta(seconds=number * children + child)
                draft["time"] = (datetime.fromisoformat(twin["time"]) + later).isoformat()
                name, content = self.adapter.far.record(draft)
                event = self.adapter.to_event(name, content)
                made.append(Record(event.subject, composed(event, pseudonyms).event_id, name, content))
        assert len({record.event_id for record in made}) == len(made), "far.record gave two records one reference"
        return made

    def _told(self, children: int, each: int) -> list[Told]:
        example = json.loads(EXAMPLE.read_text())
        mine = agency_uri(self.system.agency)
        sender = agency_uri(self.sender)
        subjects = self._uuids(children)
        made = []
        for number in range(1, each + 1):
            for child in subjects:
                event = _as_other(example, {example["subject"]: child})
                event |= {"source": sender, "id": self._uuid(), "sequence": number}
                event["data"]["participants"] = [mine]
                value = json.dumps(event, ensure_ascii=False).encode()
                made.append(Told(child, event["id"], delivery_id(sender, event["id"], mine), value))
        return made

    @property
    def sender(self) -> str:
        """Whose events the adapter is told of."""
        own = "cardiff-social-services"
        return own if self.system.agency != own else "cardiff-and-vale-health"

    async def _tell_all(self) -> None:
        credentials = load_credentials(credentials_path(self.rig.state, self.sender))
        async with Publisher(credentials) as publisher:
            for number, told in enumerate(self.told):
                await asyncio.to_thread(self._wait_for_its_turn, number / len(self.told))
                event = checked(told.value)
                while not self._stop.is_set():
                    try:
                        await publisher.publish(told.value, family=event.family, subject=event.subject)
                        self.load["told"] += 1
                        break
                    except (NotConnected, NotSent):
                        self.load["unknown"] += 1
                        await asyncio.sleep(0.5)

    def _wait_for_its_turn(self, part: float) -> None:
        """Until so much of the load is let out."""
        self._stop.wait(1 / self._rate)
        while part > self._released and not self._stop.is_set():
            self._stop.wait(0.02)

    def kill_once(self, kill: Callable[[], None] | None = None) -> None:
        """A moment after it was seen to have done something, so that it is killed at work and not while it starts."""
        before = self.done()
        self.process.until(lambda: self.done() > before, what="any progress")
        time.sleep(self._random.uniform(0, 0.3))
        (kill or self.process.kill)()
        self.process.start()

    @property
    def is_all_let_out(self) -> bool:
        """Whether the load that comes before the next kill has come."""
        ends = (("given", self.records), ("told", self.told))
        return all(self.load[name] >= int(len(end) * self._released) for name, end in ends)

    def done(self) -> int:
        """So much was taken, and given to the system."""
        try:
            with self.store() as (connection, made):
                rows = connection.execute(select(made.outbox.c.id)).all()
        except Exception:  # not made yet
            rows = []
        return len(rows) + len(self.system.has())

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _uuids(self, count: int) -> list[str]:
        return [self._uuid() for _ in range(count)]


def _file(rig: Rig, system: System, store: str, more: str) -> str:
    return f"""
adapter = "{system.adapter}"
credentials = "{credentials_path(rig.state, system.agency)}"
store = "{store}"
pseudonym_key = "key"

{more}

[{system.adapter}]
{system.settings}
"""


def _as_other(document: dict[str, Any], others: dict[str, str]) -> dict[str, Any]:
    """The same document about another child: its UUIDs stand in many places."""
    text = json.dumps(document)
    for one, other in others.items():
        text = text.replace(one, other)
    made: dict[str, Any] = json.loads(text)
    return made


def _kept(work: Callable[[], None], failures: list[BaseException]) -> None:
    try:
        work()
    except BaseException as failure:  # told where the test waits
        failures.append(failure)
