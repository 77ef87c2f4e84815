"""When a process of adapters is ready, and when it stands, by what each knew at its last heartbeat."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.sdk.errors import NotConnected, NotStored
from adapters.sdk.heartbeats import Pulse
from adapters.sdk.rounds import Rounds
from contracts.heartbeat import Heartbeat
from hub.commands.adapter_vitals import AdapterVitals
from hub.vitals.figures import Bounds
from tests.scrape import by_labels, samples_of, strays

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
POLICE, DESK = "south-wales-police", "cardiff-education"


@dataclass
class Adapter:
    """One that runs, as far as its vitals look at it."""

    agency: str
    pulse: Pulse | None = None
    system: str | None = None
    now: float = 1000.0
    rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = Rounds(lambda: self.now)
        self.credentials = SimpleNamespace(agency=self.agency)
        self.declaration = SimpleNamespace(name="fake")

    @property
    def heartbeats(self) -> Any:
        return SimpleNamespace(pulse=self.pulse)

    async def away(self) -> str | None:
        return self.system


def beat(agency: str, **waiting: Any) -> Heartbeat:
    nothing = {"outbox_waiting": 0, "outbox_oldest_s": None, "outbox_refused": 0, "inbox_waiting": 0,
               "inbox_oldest_s": None, "parked_children": 0, "parked": 0}  # fmt: skip
    return Heartbeat(agency=agency, adapter="fake", at=AT, started_at=AT, **nothing | waiting)


def vitals(*adapters: Adapter) -> AdapterVitals:
    made = AdapterVitals(adapters, stands_after_s=60)  # type: ignore[arg-type]
    asyncio.run(made.look())
    return made


def well(agency: str, **waiting: Any) -> Adapter:
    return Adapter(agency, Pulse(AT_MS, beat(agency, **waiting), None))


@pytest.mark.parametrize(
    ("adapter", "lacks"),
    [
        (well(POLICE), []),
        (Adapter(POLICE), ["it has not asked its store and Kafka yet"]),
        (Adapter(POLICE, Pulse(AT_MS, None, NotStored("/a/path"))), ["its store doesn't answer (NotStored)"]),
        (
            Adapter(POLICE, Pulse(AT_MS, beat(POLICE), NotConnected("host:9092"))),
            ["Kafka doesn't take its heartbeat (NotConnected)"],
        ),
        (Adapter(POLICE, Pulse(AT_MS, beat(POLICE), None), system=""), []),
        (Adapter(POLICE, Pulse(AT_MS, beat(POLICE), None), system="it is closed"), ["it is closed"]),
    ],
    ids=["well", "not asked", "no store", "no Kafka", "its system answers", "its system is away"],
)
def test_it_is_ready_while_all_that_each_adapter_needs_answers(adapter: Adapter, lacks: list[str]) -> None:
    assert vitals(adapter, well(DESK)).unready() == [f"{POLICE}/fake: {why}" for why in lacks]


def test_what_is_away_is_said_by_server_and_nothing_where_nobody_looked() -> None:
    def up(*adapters: Adapter) -> dict[str, float]:
        found = by_labels(samples_of(vitals(*adapters).collect()))
        return {server: value for (name, *rest), value in found.items() if name == "dolen_server_up" for server in rest}

    assert up(well(POLICE)) == {"store": 1, "kafka": 1}
    assert up(well(POLICE), Adapter(DESK, Pulse(AT_MS, None, NotStored("")))) == {"store": 0, "kafka": 1}
    assert up(Adapter(POLICE, Pulse(AT_MS, beat(POLICE), NotConnected("")))) == {"store": 1, "kafka": 0}
    assert up(Adapter(POLICE, system="closed")) == {"system": 0}


def test_what_waits_is_summed_over_an_agencys_adapters_with_labels_that_there_are() -> None:
    one = well(POLICE, outbox_waiting=2, outbox_oldest_s=7.0, parked=3, parked_children=1)
    other = well(POLICE, outbox_waiting=5, outbox_oldest_s=4.0, inbox_waiting=1, inbox_oldest_s=0.5)
    other.declaration = SimpleNamespace(name="another")
    samples = list(samples_of(vitals(one, other, well(DESK)).collect()))
    found = by_labels(samples)
    assert (found["dolen_agency_outbox_waiting", POLICE], found["dolen_agency_outbox_waiting", DESK]) == (7, 0)
    assert (found["dolen_agency_outbox_oldest_seconds", POLICE], found["dolen_agency_inbox_waiting", POLICE]) == (7, 1)
    assert (found["dolen_agency_parked", POLICE], found["dolen_agency_parked_children", POLICE]) == (3, 1)
    assert found["dolen_last_look_timestamp_seconds",] == AT_MS / 1000
    assert strays(samples, Bounds(0, frozenset({POLICE, DESK}))) == []


def test_a_part_that_comes_round_no_more_stands_whatever_waits() -> None:
    adapter = well(POLICE)
    adapter.rounds.came("sending")
    adapter.now += 60
    adapter.rounds.came("delivering")
    watched = vitals(adapter)
    assert watched.standing() == []
    adapter.now += 1
    assert watched.standing() == [f"{POLICE}/fake: sending has not come round for 61 s"]
