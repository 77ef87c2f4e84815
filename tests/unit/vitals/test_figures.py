"""What figures may say: closed sets, and nothing besides."""

import re
from collections import Counter

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contracts.faults import FaultCode
from contracts.topics import Family
from hub.lane import LaneState
from hub.observe.projection.projector import ProjectorState
from hub.observe.traces.service import TracesState
from hub.outcomes import Outcome
from hub.tally import Tally
from hub.vitals.figures import AGENCY_LAST_SENT, EVENTS, FIGURES, LANE_STATE, UNOPENED, Bounds, Kind, Label
from hub.vitals.meter import Meter
from hub.vitals.sheet import Sheet
from tests.scrape import samples_of

BOUNDS = Bounds(2, frozenset({"cardiff-education", "south-wales-police"}))


def said(sheet: Sheet) -> list[tuple[str, dict[str, str], float]]:
    return list(samples_of(sheet.metrics()))


def test_a_value_outside_a_labels_set_is_not_said():
    sheet = Sheet(BOUNDS)
    sheet.put(AGENCY_LAST_SENT, 5, "south-wales-police")
    sheet.put(AGENCY_LAST_SENT, 6, "gwenhwyfarch")
    sheet.put(UNOPENED, 7, Family.NOTICES, "9998887771")
    sheet.put_state(LANE_STATE, LaneState.WORKING, LaneState, 2)
    assert said(sheet) == [("dolen_agency_last_sent_timestamp_seconds", {"agency": "south-wales-police"}, 5.0)]


def test_of_all_states_one_holds():
    sheet = Sheet(BOUNDS)
    sheet.put_state(LANE_STATE, LaneState.IN_DOUBT, LaneState, 1)
    values = {labels["state"]: value for _, labels, value in said(sheet)}
    assert values == {state.value: float(state is LaneState.IN_DOUBT) for state in LaneState}


def test_every_label_but_agency_and_lane_has_a_set_that_no_setting_changes():
    nobody = Bounds(0, frozenset())
    assert [label for label in Label if not nobody.of(label)] == [Label.LANE, Label.AGENCY]
    assert max(len(BOUNDS.of(label)) for label in Label) == len(FaultCode)


def test_every_state_of_a_service_may_be_said():
    assert BOUNDS.of(Label.STATE) == {*LaneState, *ProjectorState, *TracesState}


def test_every_figure_has_a_name_of_its_own_in_prometheuss_form():
    series = [name for figure in FIGURES for name in figure.series]
    assert [name for name, count in Counter(series).items() if count > 1] == []
    assert [name for name in series if not re.fullmatch(r"dolen(_[a-z]+)+", name)] == []
    assert [each.name for each in FIGURES if each.kind is Kind.GAUGE and each.name.endswith(("_total", "_count"))] == []


def test_counters_stand_at_zero_for_all_that_they_can_count():
    registry = CollectorRegistry()
    Meter(registry)
    found = Counter()
    for metric in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in metric.samples:
            assert sample.value == 0
            found[sample.name] += 1
    assert found["dolen_events_total"] == len(Family) * len(Outcome)
    assert found["dolen_faults_total"] == len(FaultCode)
    assert found["dolen_notifications_total"] == len(Family)


def test_what_is_committed_is_counted_by_family_outcome_and_code():
    registry = CollectorRegistry()
    meter = Meter(registry)
    tally = Tally()
    tally.events.update({(Family.NOTICES, Outcome.REJECTED): 2, (Family.RECEIPTS, Outcome.DUPLICATE): 3})
    tally.faults.update([FaultCode.UNSIGNED, FaultCode.NOT_JSON, FaultCode.UNSIGNED])
    tally.notifications[Family.NOTICES] = 4
    meter.committed(tally)
    meter.committed(tally)
    value = registry.get_sample_value
    assert value("dolen_events_total", {"family": "notices", "outcome": "rejected"}) == 4
    assert value("dolen_events_total", {"family": "receipts", "outcome": "duplicate"}) == 6
    assert value("dolen_faults_total", {"code": "HUB-101"}) == 4
    assert value("dolen_faults_total", {"code": "HUB-204"}) == 2
    assert value("dolen_notifications_total", {"family": "notices"}) == 8
    assert EVENTS.series == {"dolen_events_total"}
