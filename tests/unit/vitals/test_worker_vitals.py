"""When a worker is ready and when its lanes stand still, by a clock and a Kafka that the test moves."""

import asyncio
from dataclasses import dataclass, field

import pytest

from hub.backlog import Backlog
from hub.errors import Unavailable
from hub.lane import LaneState, Progress
from hub.vitals.figures import Bounds
from hub.vitals.worker import WorkerVitals
from tests.scrape import by_labels, samples_of

TOPICS = ("referrals.v1", "notices.v1")
PLACES = [(topic, lane) for topic in TOPICS for lane in range(2)]


@dataclass
class Kafka:
    """What Kafka says of positions."""

    done: dict = field(default_factory=lambda: dict.fromkeys(PLACES, 10))
    there: dict = field(default_factory=lambda: dict.fromkeys(PLACES, 10))
    away: bool = False

    async def committed(self):
        if self.away:
            raise Unavailable("Kafka doesn't tell committed offsets")
        return dict(self.done)

    async def stable_ends(self, places):
        return {place: self.there[place] for place in places}

    async def beginnings(self, places):
        return dict.fromkeys(places, 7)


@dataclass
class Worker:
    """What a worker says of itself."""

    joined: bool = True
    lanes: dict = field(default_factory=lambda: {n: Progress(LaneState.WORKING) for n in range(2)})


@dataclass
class Ground:
    """A worker, its servers, and what is known of them."""

    kafka: Kafka = field(default_factory=Kafka)
    worker: Worker = field(default_factory=Worker)
    redis_away: bool = False

    def __post_init__(self) -> None:
        self.backlog = Backlog(self.kafka, inbound=PLACES)
        self.vitals = WorkerVitals(
            self.worker,
            backlog=self.backlog,
            ask_redis=self._ask_redis,
            stands_after_s=60,
            bounds=Bounds(2, frozenset()),
        )

    async def _ask_redis(self) -> None:
        if self.redis_away:
            raise Unavailable("Redis doesn't answer (TimeoutError)")

    def look(self, at_s: float, monkeypatch) -> None:
        monkeypatch.setattr("time.time_ns", lambda: int(at_s * 1e9))
        asyncio.run(self.vitals.look())

    def samples(self) -> dict:
        return by_labels(samples_of(self.vitals.collect()))


@pytest.fixture
def ground() -> Ground:
    return Ground()


def test_before_it_has_asked_its_servers_it_is_not_ready(ground):
    assert ground.vitals.unready() == ["the worker has not asked Kafka and Redis yet"]
    assert ground.vitals.standing() == []


def test_with_its_servers_there_and_its_lanes_working_it_is_ready(ground, monkeypatch):
    ground.look(0, monkeypatch)
    assert ground.vitals.unready() == []
    assert ground.samples()["dolen_server_up", "kafka"] == ground.samples()["dolen_server_up", "redis"] == 1


def test_each_server_that_is_away_is_named(ground, monkeypatch):
    ground.redis_away = ground.kafka.away = True
    ground.look(0, monkeypatch)
    assert ground.vitals.unready() == ["Kafka doesn't tell its offsets", "Redis doesn't answer (TimeoutError)"]
    assert ground.samples()["dolen_server_up", "kafka"] == ground.samples()["dolen_server_up", "redis"] == 0
    ground.redis_away = ground.kafka.away = False
    ground.look(5, monkeypatch)
    assert ground.vitals.unready() == []


def test_a_worker_without_a_word_of_its_group_is_not_ready_and_one_that_got_no_lane_is(ground, monkeypatch):
    ground.worker.joined, ground.worker.lanes = False, {}
    ground.look(0, monkeypatch)
    assert ground.vitals.unready() == ["the group has not given this worker its lanes"]
    ground.worker.joined = True
    assert ground.vitals.unready() == []


def test_a_lane_that_does_not_work_is_named_with_its_reason(ground, monkeypatch):
    ground.look(0, monkeypatch)
    ground.worker.lanes[1] = Progress(LaneState.WAITING, reason="Redis has no epoch")
    assert ground.vitals.unready() == ["lane 1 is waiting: Redis has no epoch"]
    assert ground.samples()["dolen_lane_state", "1", "waiting"] == 1
    assert ground.samples()["dolen_lane_state", "1", "working"] == 0


def test_a_lane_with_records_that_wait_and_no_commit_for_longer_than_allowed_stands(ground, monkeypatch):
    ground.look(0, monkeypatch)
    ground.kafka.there[("notices.v1", 1)] = 13
    ground.look(30, monkeypatch)
    assert ground.samples()["dolen_lane_waiting_records", "1"] == 3
    ground.look(60, monkeypatch)
    assert ground.vitals.standing() == []
    ground.look(61, monkeypatch)
    assert ground.vitals.standing() == ["lane 1 is working: 3 records wait, none for 61 s"]
    assert ground.samples()["dolen_lane_standing_seconds", "1"] == 61
    assert ground.samples()["dolen_lane_standing_seconds", "0"] == 0


def test_a_commit_begins_the_time_anew_and_so_does_having_nothing_to_do(ground, monkeypatch):
    ground.look(0, monkeypatch)
    ground.kafka.there[("notices.v1", 1)] = 13
    ground.look(50, monkeypatch)
    ground.kafka.done[("notices.v1", 1)] = 11
    ground.look(100, monkeypatch)
    assert ground.samples()["dolen_lane_standing_seconds", "1"] == 0
    ground.look(150, monkeypatch)
    assert ground.samples()["dolen_lane_standing_seconds", "1"] == 50
    ground.kafka.done[("notices.v1", 1)] = 13
    ground.look(1000, monkeypatch)
    ground.look(2000, monkeypatch)  # nothing was committed since, and nothing waited
    ground.kafka.there[("notices.v1", 1)] = 14
    ground.look(2059, monkeypatch)
    assert ground.vitals.standing() == []


def test_a_lane_without_work_never_stands_however_long_it_rests(ground, monkeypatch):
    for at in (0, 100_000):
        ground.look(at, monkeypatch)
    assert ground.vitals.standing() == []


def test_a_lane_in_doubt_stands_at_once(ground):
    ground.worker.lanes[0] = Progress(LaneState.IN_DOUBT, reason="lane 0: 1 output partitions hold …")
    assert ground.vitals.standing() == ["lane 0 has stopped: see the runbook, 'A transaction in doubt'"]


def test_another_workers_lane_is_counted_and_is_no_reason_to_restart_this_one(ground, monkeypatch):
    ground.look(0, monkeypatch)
    ground.kafka.there[("notices.v1", 1)] = 13
    del ground.worker.lanes[1]
    ground.look(1000, monkeypatch)
    assert ground.samples()["dolen_lane_standing_seconds", "1"] == 1000
    assert ground.vitals.standing() == []


def test_a_partition_without_a_commit_waits_from_its_first_record_on(ground, monkeypatch):
    del ground.kafka.done[("referrals.v1", 0)]
    ground.look(0, monkeypatch)
    assert ground.samples()["dolen_lane_waiting_records", "0"] == 3
