"""Traces reach a real OTLP receiver: every record's, whatever order lanes are read in and whatever ends the export."""

import asyncio
import random
import subprocess
import sys
import time

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from hub.errors import StartRefused
from hub.ledger import LedgerEntry
from hub.observe.projection.write import empty
from hub.observe.search import find
from hub.observe.spans import trail_spans
from hub.observe.traces.otlp import make_exporter
from hub.observe.traces.portion import TablesBehind, read_portion
from hub.observe.traces.service import Traces
from hub.observe.trail import query
from hub.settings import TracesSettings
from hub.store.database import reading, writing
from hub.store.exported import exported_to, note_exported
from tests.connected.store.projected import dump, play
from tests.connected.store.test_projector import ProjectorProcess
from tests.connected.store.test_writing import answered, recipient_says, records, take
from tests.otlp import Received, over_grpc, over_http
from tests.unit.observe.trails import ALSO_TOLD, EVENT, NAMES, MemoryTopics, entry, put_answer, story

pytestmark = pytest.mark.connected

EVENTS = 300
RECEIVERS = {"http": over_http, "grpc": over_grpc}


@pytest.fixture(params=RECEIVERS)
def protocol(request):
    return request.param


@pytest.fixture
def receiver(protocol):
    with RECEIVERS[protocol](Received()) as received:
        yield received


def traces_of(settings, engine, receiver, protocol) -> Traces:
    own = TracesSettings.model_validate(
        {"endpoint": receiver.endpoint, "protocol": protocol, "authorization": "Bearer of-the-tests", "timeout_s": 2}
    )
    return Traces(settings.model_copy(update={"retry_wait_s": 0.01}), engine=engine, exporter=make_exporter(own))


async def exported(traces: Traces, done) -> None:
    running = asyncio.create_task(traces.run())
    until = time.monotonic() + 30
    while not done() and not running.done():
        assert time.monotonic() < until, traces.progress
        await asyncio.sleep(0.02)
    traces.stop()
    await running


def all_read(engine, traces):
    return lambda: traces.progress.moved_at > 0 and not any(traces.progress.lag.values())


def ids(spans) -> list[tuple[str, str]]:
    return sorted((span.trace_id.hex(), span.span_id.hex()) for span in spans)


def test_what_the_receiver_decodes_is_what_the_trace_command_shows(database_settings, engine, receiver, protocol):
    topics = story()
    take(engine, records(topics))
    traces = traces_of(database_settings, engine, receiver, protocol)
    asyncio.run(exported(traces, all_read(engine, traces)))
    (trail,) = asyncio.run(find(query(EVENT), topics, NAMES))
    (request,) = [encode_spans(trail_spans(trail, NAMES))]
    expected = {span.span_id: span for of in request.resource_spans for scope in of.scope_spans for span in scope.spans}
    got = {span.span_id: span for span in receiver.spans}
    assert {span_id: got[span_id] for span_id in expected} == expected
    assert len(ids(receiver.spans)) == len(set(ids(receiver.spans)))
    assert receiver.authorizations == {"Bearer of-the-tests"}


def test_a_collector_that_refuses_holds_the_position_and_large_requests_become_smaller(
    database_settings, engine, receiver, protocol
):
    topics = MemoryTopics()
    for offset in range(40):
        topics.decide(entry(at={"offset": offset}))
    take(engine, records(topics))
    receiver.refusing = True
    traces = traces_of(database_settings, engine, receiver, protocol)
    asyncio.run(exported(traces, lambda: receiver.requests > 2))
    with reading(engine) as connection:
        assert exported_to(connection) == {}
    receiver.refusing, receiver.most = False, 45
    traces = traces_of(database_settings, engine, receiver, protocol)
    asyncio.run(exported(traces, all_read(engine, traces)))
    assert traces.progress.records == 40
    processed = {span.span_id for span in receiver.spans if span.name.startswith("process ")}
    assert len(processed) == 40


def portions(engine, *, limit: int = 100):
    while True:
        with reading(engine) as connection:
            portion = read_portion(connection, NAMES, limit=limit)
        if not portion.to:
            return
        yield portion
        with writing(engine) as connection:
            note_exported(connection, portion.to)


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_lanes_are_read_every_answer_is_a_span(engine, seed):
    lanes = [kept for (topic, _), kept in answered().records.items() if topic == NAMES.ledger]
    left = [list(lane) for lane in lanes]
    chance = random.Random(seed)
    found = []
    while any(left):
        lane = chance.choice([lane for lane in left if lane])
        count = chance.randint(1, len(lane))
        take(engine, lane[:count])
        del lane[:count]
        found += [span for portion in portions(engine, limit=2) for span in portion.spans]
    topics = answered()
    (trail,) = [each for each in asyncio.run(find(query(EVENT), topics, NAMES)) if each.accepted]
    wanted = {span.context.span_id for span in trail_spans(trail, NAMES)}
    assert wanted <= {span.context.span_id for span in found}
    assert {"delivered", "opened"} <= {span.name.split()[0] for span in found}


def test_an_answer_by_another_than_the_recipient_is_no_span_of_the_notification(engine):
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, recipient_says("opened", by=ALSO_TOLD), after_ms=2000)
    take(engine, records(topics))
    spans = [span for portion in portions(engine) for span in portion.spans]
    assert len(spans) > 2
    assert not any(span.name.startswith("opened") for span in spans)


def test_while_the_tables_are_made_anew_the_export_waits_and_nothing_is_exported_again(engine):
    topics = answered()
    take(engine, records(topics))
    assert sum(portion.records for portion in portions(engine)) == 8
    with writing(engine) as connection:
        empty(connection)
    with pytest.raises(TablesBehind):
        list(portions(engine))
    take(engine, records(topics))
    assert list(portions(engine)) == []
    assert len(dump(engine)["exported"]) == 2


def test_without_a_collector_the_export_says_how_to_name_one():
    with pytest.raises(StartRefused, match="DOLEN_TRACES__ENDPOINT"):
        make_exporter(TracesSettings())


class TracesProcess:
    """`dolen run traces` as its own process, to be killed."""

    def __init__(self, rig, database_url: str, endpoint: str) -> None:
        self._log = (rig.state / "traces.log").open("ab")
        own = rig.environment | {"DOLEN_DATABASE__URL": database_url, "DOLEN_TRACES__ENDPOINT": endpoint}
        command = [sys.executable, "-m", "hub", "run", "traces", "--debug"]
        self._process = subprocess.Popen(command, env=own, stdout=self._log, stderr=self._log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


def test_hub_projector_and_export_killed_again_and_again_every_accepted_event_has_its_trace(rig, database_url, engine):
    with over_http(Received()) as receiver:
        asyncio.run(traffic_while_killed(rig, database_url, receiver))
        running = [ProjectorProcess(rig, database_url), TracesProcess(rig, database_url, receiver.endpoint)]
        try:
            entries = asyncio.run(ledger(rig))
            wanted = {(entry.trace.trace_id, entry.trace.span) for entry in entries}
            until = time.monotonic() + 120
            while {(span.trace_id.hex(), span.span_id.hex()) for span in processed(receiver)} != wanted:
                assert time.monotonic() < until, (rig.state / "traces.log").read_text()[-3000:]
                time.sleep(0.2)
        finally:
            for process in running:
                process.kill()
        accepted = {entry.event.id for entry in entries if entry.outcome == "accepted"}
        exported_as_accepted = {
            attribute(span, "cloudevents.event_id")
            for span in processed(receiver)
            if attribute(span, "dolen.outcome") == "accepted"
        }
        assert len(entries) == EVENTS
        assert exported_as_accepted == accepted
        assert len({span.span_id for span in processed(receiver)}) == EVENTS
        told = sum(decision.told for entry in entries for decision in entry.decisions)
        sent = {span.span_id for span in receiver.spans if attribute(span, "dolen.delivery") is not None}
        assert len(sent) == told > 0


def processed(receiver: Received) -> list:
    return [span for span in receiver.spans if span.name.startswith("process ")]


def attribute(span, name: str) -> str | None:
    return next((each.value.string_value for each in span.attributes if each.key == name), None)


async def traffic_while_killed(rig, database_url: str, receiver: Received) -> None:
    hub = rig.start()
    sending = asyncio.create_task(play(rig, EVENTS, rate=25))
    moments = random.Random(7)
    projector = ProjectorProcess(rig, database_url)
    while not sending.done():
        traces = TracesProcess(rig, database_url, receiver.endpoint)
        await asyncio.sleep(3 + moments.random() * 3)
        hub.kill()
        traces.kill()
        projector.kill()
        hub, projector = rig.start(), ProjectorProcess(rig, database_url)
    await sending
    await rig.settled()
    projector.kill()


async def ledger(rig) -> list[LedgerEntry]:
    lanes = await rig._by_lane(rig.names.ledger)
    return [LedgerEntry.model_validate_json(record.value) for kept in lanes.values() for record in kept]
