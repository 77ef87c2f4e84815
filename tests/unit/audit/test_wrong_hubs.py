"""Hubs that are built wrong on purpose: the audit finds each, and says what it did."""

from dataclasses import replace

import pytest

from hub import answers
from hub.audit.auditor import audit
from hub.audit.codes import Code
from hub.audit.report import Report
from hub.keyring import SigningKey
from hub.simulate.planned import Keys
from tests.unit.audit.hub_in_memory import START_MS, HubInMemory, keys, rules, simulated, standing


def audited(hub: HubInMemory) -> Report:
    return audit(hub.source(), [standing()], now_ms=START_MS)


def test_a_hub_that_forgets_what_it_has_seen_doubles_and_is_found():
    hub = HubInMemory(rules())
    events = simulated(120)
    hub.take(events)
    hub.marks.clear()
    hub.take(events[60:])
    found = audited(hub).counts
    assert found[Code.ACCEPTED_TWICE]
    assert found[Code.DOUBLED]


def test_a_mark_for_an_event_that_never_was_suppresses_the_real_one_and_is_found():
    """Whoever has the hub's secret can plant one; the ledger gives it away."""
    events = simulated(60)
    before = HubInMemory(rules())
    before.take(events[:1] + events)  # so that all marks name another record than the real first
    hub = HubInMemory(rules(), marks=before.marks)
    hub.take(events[1:])
    report = audited(hub)
    assert report.counts[Code.FIRST_NOT_ACCEPTED] > 10


def test_a_hub_whose_policy_is_off_by_one_recipient_is_found(monkeypatch):
    route = answers.route

    def one_more(event, **more):
        decisions = route(event, **more)
        extra = "/agencies/wales-probation"
        if not decisions or any(decision.recipient == extra for decision in decisions):
            return decisions
        told = next((decision for decision in decisions if decision.told), None)
        return decisions if told is None else (*decisions, replace(told, recipient=extra))

    monkeypatch.setattr(answers, "route", one_more)
    hub = HubInMemory(rules())
    hub.take(simulated(100))
    found = audited(hub).counts
    assert found[Code.TOLD_NOT_ENTITLED]
    assert found[Code.NOBODY_ENTITLED] == found[Code.TOLD_NOT_ENTITLED]
    assert found[Code.RECEIPT_WRONG]


def test_a_hub_that_leaves_somebody_out_is_found(monkeypatch):
    route = answers.route
    monkeypatch.setattr(
        answers, "route", lambda event, **more: tuple(d for d in route(event, **more) if "health" not in d.recipient)
    )
    hub = HubInMemory(rules())
    hub.take(simulated(100))
    found = audited(hub).counts
    assert found[Code.ENTITLED_NOT_TOLD]
    assert found[Code.LOST] == found[Code.ENTITLED_NOT_TOLD]


def test_a_hub_that_gives_everybody_the_view_of_social_services_is_found():
    in_force = rules()
    plans = in_force.views._plans
    for event_type, view in list(plans):
        plans[event_type, view] = plans.get((event_type, "social-services"), plans[event_type, view])
    hub = HubInMemory(in_force)
    hub.take(simulated(100))
    found = audited(hub).counts
    assert found[Code.FIELD_BEYOND_VIEW] > 20
    assert Code.LOST not in found


def test_a_hub_that_trusts_a_key_which_nobody_gave_out_is_found():
    in_force = rules()
    forger = SigningKey("forger", "cardiff-social-services", b"forged", 0, 2**62)
    in_force.keyring[forger.key_id] = forger
    hub = HubInMemory(in_force)
    forged = {**keys().current, forger.agency: forger}
    hub.take(simulated(100, signed_with=Keys(current=forged, ended=keys().ended)))
    report = audited(hub)
    assert report.counts[Code.TAKEN_THOUGH_INVALID] > 10
    assert report.counts[Code.NOBODY_ENTITLED] > 10


def test_a_hub_that_does_not_know_an_agencys_key_is_found():
    in_force = rules()
    del in_force.keyring[keys().current["south-wales-police"].key_id]
    hub = HubInMemory(in_force)
    hub.take(simulated(400))
    assert audited(hub).counts[Code.REFUSED_THOUGH_VALID]


def test_a_hub_that_forgets_a_key_with_which_it_has_taken_events_is_found():
    events = simulated(400)
    hub = HubInMemory(rules())
    hub.take(events[:200])
    del hub.rules.keyring[keys().current["south-wales-police"].key_id]
    hub.take(events[200:])
    assert audited(hub).counts[Code.REFUSED_THOUGH_VALID]


@pytest.mark.parametrize("lane_behind", [0, 1, 2])
def test_outputs_without_committed_offsets_are_found(lane_behind):
    hub = HubInMemory(rules())
    hub.take(simulated(100))
    source = hub.source()
    for topic in hub.rules.names.inbound:
        source.committed[topic, lane_behind] = 0
    report = audit(source, [standing()], now_ms=START_MS)
    assert set(report.counts) == {Code.LEDGER_AHEAD}
