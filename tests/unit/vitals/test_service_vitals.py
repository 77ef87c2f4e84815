"""When projector and export of traces are ready, and when they stand, by a clock that the test moves."""

import asyncio
from dataclasses import dataclass

import pytest

from hub.observe.projection.projector import Projected, ProjectorState
from hub.observe.traces.service import Exported, TracesState
from hub.observe.vitals.services import ProjectorVitals, TracesVitals
from hub.observe.vitals.tables import age_of
from hub.vitals.figures import BALANCE_OFF, Age, Bounds
from hub.vitals.sheet import Sheet
from tests.scrape import by_labels, samples_of

BOUNDS = Bounds(2, frozenset())
DAY_MS = 86_400_000


@dataclass
class Asked:
    """What PostgreSQL said last."""

    away: str = ""
    answer: Sheet | None = None

    async def look(self) -> None:
        """Nothing changes."""


@pytest.fixture
def now(monkeypatch):
    def at(seconds: float) -> None:
        monkeypatch.setattr("time.time", lambda: float(seconds))

    at(1000)
    return at


def projector(progress: Projected, asked: Asked | None = None) -> ProjectorVitals:
    return ProjectorVitals(progress, asked or Asked(), prefix="t1.", stands_after_s=60, bounds=BOUNDS)


def samples(vitals) -> dict:
    return by_labels(samples_of(vitals.collect()))


@pytest.mark.parametrize("state", [ProjectorState.WORKING, ProjectorState.STANDBY])
def test_one_that_works_and_one_that_stands_by_are_ready(state):
    assert projector(Projected(state)).unready() == []


def test_what_it_waits_for_and_what_postgresql_said_are_both_told():
    vitals = projector(Projected(ProjectorState.WAITING, reason="Kafka is away"), Asked("PostgreSQL doesn't answer"))
    assert vitals.unready() == ["PostgreSQL doesn't answer", "the projector is waiting: Kafka is away"]
    assert samples(vitals)["dolen_server_up", "postgresql"] == 0
    assert samples(vitals)["dolen_projector_state", "waiting"] == 1


def test_with_offsets_to_read_and_no_record_written_it_stands(now):
    progress = Projected(ProjectorState.WORKING, records=5, lag={("t1.hub.ledger.v1", 0): 3})
    vitals = projector(progress)
    asyncio.run(vitals.look())
    now(1060)
    assert vitals.standing() == []
    now(1061)
    assert vitals.standing() == ["the projector is working and has got nothing done for 61 s"]
    progress.records += 1
    asyncio.run(vitals.look())
    assert vitals.standing() == []


def test_with_nothing_to_read_it_rests(now):
    vitals = projector(Projected(ProjectorState.WORKING, lag={("t1.hub.ledger.v1", 0): 0}))
    asyncio.run(vitals.look())
    now(100_000)
    assert vitals.standing() == []


def test_a_batch_that_is_not_taken_for_long_stands_whatever_the_lag_was_before(now):
    vitals = projector(Projected(ProjectorState.WORKING, begun_at=930))
    assert vitals.standing() == ["the projector is working and has got nothing done for 70 s"]


def test_topics_are_named_without_the_hubs_prefix_and_others_are_not_named():
    lag = {("t1.hub.ledger.v1", 1): 3, ("t1.to.cardiff-education.notices.v1", 1): 4, ("t1.hub.ledger.v1", 7): 5}
    found = samples(projector(Projected(ProjectorState.WORKING, lag=lag)))
    assert {key: value for key, value in found.items() if key[0] == "dolen_projector_waiting_offsets"} == {
        ("dolen_projector_waiting_offsets", "hub.ledger.v1", "1"): 3
    }


def test_figures_of_the_tables_are_gone_while_postgresql_is_away():
    sheet = Sheet(BOUNDS)
    sheet.put(BALANCE_OFF, 2)
    asked = Asked(answer=sheet)
    vitals = projector(Projected(ProjectorState.WORKING), asked)
    assert samples(vitals)["dolen_balance_off",] == 2
    asked.away = "PostgreSQL doesn't answer"
    assert ("dolen_balance_off",) not in samples(vitals)


def test_the_export_tells_what_the_collector_does_not_take(now):
    progress = Exported(TracesState.WAITING, records=7, spans=70, lag={0: 2, 1: 0}, reason="the collector is away")
    vitals = TracesVitals(progress, Asked(), stands_after_s=60, bounds=BOUNDS)
    asyncio.run(vitals.look())
    now(1100)
    assert vitals.unready() == ["the export of traces is waiting: the collector is away"]
    assert vitals.standing() == ["the export of traces is waiting and has got nothing done for 100 s"]
    assert samples(vitals)["dolen_traces_waiting_offsets", "0"] == 2
    assert samples(vitals)["dolen_traces_spans_total",] == 70


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, Age.TODAY),
        (1, Age.DAYS_1_TO_6),
        (6, Age.DAYS_1_TO_6),
        (7, Age.DAYS_7_TO_29),
        (29, Age.DAYS_7_TO_29),
        (30, Age.DAYS_30_AND_MORE),
    ],
)
def test_an_age_is_counted_in_whole_days(days, age):
    midnight = 20_000 * DAY_MS
    for now_ms in (midnight, midnight + DAY_MS - 1):
        assert age_of(midnight - days * DAY_MS, now_ms) is age
