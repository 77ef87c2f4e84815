"""Two case systems under load while the adapter of each is killed again and again: every row told once, in order."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from adapters.sdk.credentials import credentials_path
from contracts.topics import Family
from tests.connected.case_system import SEND, CaseSystem, case_system
from tests.rig import Rig, rig
from tests.servers import Servers

__all__ = ["rig"]

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("DOLEN_TEST_KILLS", "20"))
"""Of each adapter."""
CHILDREN = 12
BEHIND = 300
"""Rows that may wait."""
MOVED = json.loads(
    (Path(__file__).parents[2] / "adapters" / "social_care" / "fixtures" / "inbound" / "child-moved.json").read_bytes()
)


@dataclass
class Process:
    """One agency's adapter as a process, with its configuration beside its store."""

    rig: Rig
    agency: str
    case: CaseSystem
    store: str
    done: Callable[[], int]
    """How much it has done so far, by the case system's tables."""
    running: "subprocess.Popen[bytes] | None" = None
    kills: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        folder = self.rig.state / f"adapter-{self.agency}"
        folder.mkdir()
        self.log = folder / "log"
        (folder / "adapter.toml").write_text(
            f"""
adapter = "social_care"
credentials = "{credentials_path(self.rig.state, self.agency)}"
store = "{self.store}"
store_schema = "dolen_adapter"
pseudonym_key = "key"

[social_care]
database_url = "{self.case.adapter}"
poll_seconds = 0.5
""",
            encoding="utf-8",
        )

    def start(self) -> None:
        command = [sys.executable, "-m", "hub", "run", "adapter", str(self.log.parent / "adapter.toml")]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(command, env=self.rig.environment, stdout=log, stderr=log)

    def has_done_more_than(self, before: int) -> bool:
        assert self.running is not None
        assert self.running.poll() is None, self.log.read_text()[-3000:]
        return self.done() > before

    def kill(self) -> None:
        assert self.running is not None
        self.running.kill()
        self.running.wait()
        self.kills += 1

    def stop(self) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)
            self.running.wait(30)


@pytest.fixture
def cases(servers: Servers) -> Iterator[tuple[CaseSystem, CaseSystem]]:
    server = servers.endpoints.database_url
    with case_system(server) as cardiff, case_system(server) as vale:
        yield cardiff, vale


def test_adapters_killed_twenty_times_at_both_ends_tell_every_row_once_and_in_order(
    rig: Rig, cases: tuple[CaseSystem, CaseSystem], tmp_path: Path
) -> None:
    at_cardiff, at_vale = cases
    rig.start()
    rig.working(rig.settings.lanes)
    cardiff = Process(rig, "cardiff-social-services", at_cardiff, at_cardiff.adapter, lambda: taken(at_cardiff))
    vale = Process(
        rig,
        "vale-of-glamorgan-social-services",
        at_vale,
        f"sqlite:///{tmp_path}/vale.db",
        lambda: received(at_vale),
    )
    load = Load(at_cardiff)
    try:
        with load:
            threads = [threading.Thread(target=killed, args=(each, seed)) for seed, each in enumerate((cardiff, vale))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert (cardiff.kills, vale.kills) == (KILLS, KILLS)
        cardiff.start()
        vale.start()
        until(lambda: statuses(at_cardiff) == {"accepted": load.sent}, lambda: f"{statuses(at_cardiff)} {load.sent}")
        until(lambda: received(at_vale) >= load.sent, lambda: f"{received(at_vale)} of {load.sent}")
        asyncio.run(rig.settled())
        time.sleep(2)  # whatever would come twice has the time to
    finally:
        cardiff.stop()
        vale.stop()
    assert received(at_vale) == load.sent
    for child in range(CHILDREN):
        told = at_vale.ask(
            "SELECT (document ->> 'note')::int FROM dolen.incoming WHERE document ->> 'note' LIKE %s "
            "ORDER BY number", f"{child:02}%"
        )  # fmt: skip
        notes = [note for (note,) in told]
        assert notes == [child * 1_000_000 + number for number in range(len(notes))], f"child {child}"
        assert len(notes) == load.of_child[child]
    accepted = asyncio.run(rig.accepted(Family.CIRCUMSTANCES))
    assert len(accepted) == len(set(accepted)) == load.sent


class Load:
    """Social workers who write all the while, some in transactions that end late and some that are rolled back."""

    def __init__(self, case: CaseSystem) -> None:
        self._case = case
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(worker,)) for worker in range(3)]
        self.of_child = dict.fromkeys(range(CHILDREN), 0)

    @property
    def sent(self) -> int:
        return sum(self.of_child.values())

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, worker: int) -> None:
        chance = random.Random(worker)
        with self._case.connect(self._case.application, autocommit=False) as connection:
            while not self._stop.is_set():
                if self._is_far_behind(connection):
                    self._stop.wait(0.2)
                    continue
                child = chance.randrange(CHILDREN // 3) * 3 + worker
                self._send(connection, child, self.of_child[child])
                self._stop.wait(chance.random() * 0.08)
                if chance.random() < 0.1:
                    connection.rollback()
                    continue
                connection.commit()
                self.of_child[child] += 1

    def _is_far_behind(self, connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
        """Whether so much waits that the test would not end on a slow machine."""
        found = connection.execute("SELECT count(*) FROM dolen.sent WHERE status = 'waiting'").fetchone()
        connection.commit()
        return found is not None and int(str(found[0])) > BEHIND

    def _send(self, connection: "psycopg.Connection[tuple[object, ...]]", child: int, number: int) -> None:
        note = f"{child:02}{number:06}"
        document = json.dumps(MOVED["document"] | {"note": note}).replace("P100201", f"P{child}")
        row = MOVED | {"record_id": note, "person_id": f"P{child}", "document": document}
        connection.execute(SEND, row)


def killed(process: Process, seed: int) -> None:
    """Start it, and kill it in the middle of what it does."""
    chance = random.Random(seed)
    for _ in range(KILLS):
        before = process.done()
        process.start()
        until(lambda: process.has_done_more_than(before), process.log.read_text)  # noqa: B023 - called at once
        time.sleep(chance.random() * 0.3)
        process.kill()


def statuses(case: CaseSystem) -> dict[str, int]:
    return dict(case.ask("SELECT status, count(*) FROM dolen.sent GROUP BY status"))


def taken(case: CaseSystem) -> int:
    return int(case.ask("SELECT count(*) FROM dolen.sent WHERE status <> 'waiting'")[0][0])


def received(case: CaseSystem) -> int:
    return int(case.ask("SELECT count(*) FROM dolen.incoming WHERE kind = 'child_moved'")[0][0])


def until(true: Callable[[], bool], words: Callable[[], str], *, seconds: float = 300) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, words()[-3000:]
        time.sleep(0.1)
