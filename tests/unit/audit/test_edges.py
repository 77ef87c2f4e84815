"""What senders and recipients do wrong at their edges is found when it is asked for, and is never the hub's fault."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.identity import delivery_id
from contracts.parties import agency_of, agency_uri
from contracts.topics import Family, inbound
from hub.attest import REDRIVE, Redrive, attest
from hub.audit.auditor import audit
from hub.audit.codes import Code
from hub.audit.report import Report
from hub.audit.source import MemorySource
from hub.outcomes import Outcome
from hub.record import Coordinates
from hub.route import route
from hub.simulate.generator import Plan, simulate
from hub.simulate.planned import Planned
from hub.simulate.world import World
from tests.unit.audit.hub_in_memory import (
    DIRECTORY,
    LANES,
    NAMES,
    NETWORK,
    START,
    START_MS,
    HubInMemory,
    keys,
    rules,
    standing,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
RECEIPTS = inbound(Family.RECEIPTS)
DAY_MS = 24 * 60 * 60 * 1000
OTHER = "00000000-0000-4000-8000-000000000000"

Load = list[Planned]


@pytest.fixture(scope="module")
def load() -> Load:
    """Events of a network whose parties answer what they are told, and nothing else."""
    policy = rules().policy

    def told(event) -> list[str]:
        decisions = route(event, policy=policy, directory=DIRECTORY, network=NETWORK, on=datetime.now(UTC).date())
        return [decision.recipient for decision in decisions if decision.told]

    plan = Plan(seed=1, start=START)
    return list(islice(simulate(World(NETWORK, DIRECTORY), plan, keys=keys(), told=told), 500))


def document(planned: Planned) -> dict:
    return json.loads(planned.value)


def saying(planned: Planned, change: Callable[[dict], object]) -> Planned:
    """The event with another content, signed by whoever it then says is its sender."""
    changed = document(planned)
    change(changed)
    value, agency = json.dumps(changed).encode(), agency_of(changed["source"])
    return replace(planned, value=value, headers=keys().headers(agency, value), agency=agency)


def taken(load: Load) -> Load:
    """Those that the hub takes, and that nobody sends again."""
    good = [planned for planned in load if planned.expectation.outcome is Outcome.ACCEPTED]
    sent = Counter(planned.value for planned in load)
    return [planned for planned in good if sent[planned.value] == 1]


def delivered(load: Load) -> Planned:
    return next(planned for planned in taken(load) if ".delivered." in document(planned)["type"])


def audited(source: MemorySource, *, edges: bool = True, **other) -> Report:
    return audit(source, [replace(standing(), **other)], now_ms=START_MS, edges=edges)


def written(load: Load) -> MemorySource:
    hub = HubInMemory(rules())
    hub.take(load)
    return hub.source()


def answering(load: Load, *, by: str | None = None, original: str | None = None) -> Load:
    """One `delivered` more, under an id of its own, by the same party or another, of the same event or another."""

    def change(event: dict) -> None:
        data, source = event["data"], by or event["source"]
        origin = data["original"] | ({"id": original} if original else {})
        data |= {"original": origin, "delivery": delivery_id(origin["source"], origin["id"], source)}
        event |= {"id": OTHER, "source": source, "sequence": 10_000}

    return [*load, saying(delivered(load), change)]


def hand_over_twice(load: Load) -> Load:
    return answering(load)


def answer_what_was_never_sent(load: Load) -> Load:
    return answering(load, original=OTHER)


def answer_what_another_was_told(load: Load) -> Load:
    origin = document(delivered(load))["data"]["original"]
    made = {told["delivery"] for entry in ledger(load) for told in entry["decisions"] if told["told"]}
    parties = map(agency_uri, sorted(NETWORK.agencies))
    untold = (party for party in parties if delivery_id(origin["source"], origin["id"], party) not in made)
    return answering(load, by=next(party for party in untold if party != origin["source"]))


def send_one_late(load: Load) -> Load:
    """An event comes right behind the next of its sender, child and topic."""
    one, other = two_of_a_child(load)
    late = [planned for planned in load if planned is not one]
    late.insert(late.index(other) + 1, one)
    return late


def ledger(load: Load) -> list[dict]:
    hub = HubInMemory(rules())
    hub.take(load)
    return [json.loads(record.value) for record in hub.records() if record.topic == NAMES.ledger]


def two_of_a_child(load: Load) -> tuple[Planned, Planned]:
    flows: dict[tuple[str, str, str], Load] = {}
    for planned in taken(load):
        event = document(planned)
        if planned.topic != RECEIPTS:
            flows.setdefault((planned.topic, event["source"], event["subject"]), []).append(planned)
    return next(pair for flow in flows.values() for pair in pairwise(flow))


MUTATIONS: list[tuple[Callable[[Load], Load], Code]] = [
    (hand_over_twice, Code.HANDED_OVER_TWICE),
    (answer_what_was_never_sent, Code.ANSWERED_FOR_NOTHING),
    (answer_what_another_was_told, Code.ANSWERED_FOR_NOTHING),
    (send_one_late, Code.SENT_OUT_OF_ORDER),
]


def test_edges_that_do_right_have_nothing_wrong_though_they_repeat_contradict_and_are_turned_away(load):
    report = audited(written(load))
    assert report.clean, report.violations
    assert all(report.outcomes[outcome] for outcome in ("accepted", "duplicate", "conflict", "rejected"))


@pytest.mark.parametrize(("break_it", "code"), MUTATIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_fault_of_an_edge_is_found_and_named_where_it_is_asked_for(load, break_it, code):
    source = written(break_it(load))
    report = audited(source)
    assert report.counts == {code: 1}, report.violations
    assert report.violations[0].at
    assert audited(source, edges=False).clean


def test_an_event_that_was_turned_away_comes_late_under_its_number_when_it_is_mended(load):
    one, other = two_of_a_child(load)
    wrong = saying(one, lambda event: event.update(surprise=1))
    mended = [wrong if planned is one else planned for planned in load]
    mended.insert(mended.index(other) + 1, one)
    report = audited(written(mended))
    assert report.clean, report.violations


def test_what_the_hubs_operators_send_again_is_not_its_senders_order(load):
    """It was refused for a clock that went ahead of the hub's."""
    one, other = two_of_a_child(load)
    hub = HubInMemory(replace(rules(), redrive_key=KEY.public_key()), _clock_ms=START_MS - DAY_MS)
    hub.take([one])
    hub._clock_ms = START_MS + DAY_MS
    hub.take([other])
    (first,) = [record for record in hub.records() if record.value == one.value and record.topic in NAMES.inbound]
    at = Coordinates(first.topic, first.partition, first.offset)
    attested = attest(first.value, Redrive(at, 1), key=KEY)
    hub.take([replace(one, headers=(*one.headers, (REDRIVE, attested)))])
    report = audited(hub.source(), redrive_key=KEY.public_key())
    assert report.clean, report.violations
    assert report.outcomes == {"rejected": 1, "accepted": 2}


def test_an_answer_that_came_during_the_audit_is_not_judged(load):
    source = written(answer_what_was_never_sent(load))
    source.committed |= {(RECEIPTS, lane): 0 for lane in range(LANES)}
    assert not audited(source).counts[Code.ANSWERED_FOR_NOTHING]
