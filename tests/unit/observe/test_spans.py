"""Spans have the ledger's ids and times, hang together hop by hop, and can say nothing of a child."""

import asyncio
import io
import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import cloudevents_attributes, messaging_attributes
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id
from trails import (
    ALSO_TOLD,
    DELIVERY,
    EVENT,
    HOP,
    NAMES,
    NOT_TOLD,
    ORIGIN,
    TOLD,
    TRACE,
    ZERO,
    MemoryTopics,
    answer,
    entry,
    not_told,
    put_answer,
    rejected,
    repeat,
    story,
    told,
)

from contracts.faults import FaultCode
from contracts.identity import receipt_id, span_id
from hub.ledger import LedgerEntry
from hub.observe import attributes as named
from hub.observe.attributes import NAMES as ATTRIBUTES
from hub.observe.attributes import WITHHELD, attributes
from hub.observe.search import find
from hub.observe.spans import record_spans, trail_spans
from hub.observe.trail import Recorded, Trail, query
from hub.record import Coordinates

MS = 1_000_000

SECRETS = (
    "Mali Enghraifft",
    "Siân",
    "9990000018",
    "A681200321001",
    "2600000123",
    "029 2000 0010",
    "1 Stryd Ddychmygol",
    "CF24 0ZZ",
    "2017-05-14",
    "Dw i ddim eisiau mynd adref heno.",
    "mali@example.org",
    '{"given": "Mali"}',
)
"""Of each sort of thing that a payload holds."""


def trail_of(topics: MemoryTopics) -> Trail:
    asked = query(EVENT)
    assert asked is not None
    (trail,) = asyncio.run(find(asked, topics, NAMES))
    return trail


def recorded(document: dict[str, Any]) -> Recorded:
    full = LedgerEntry.model_validate({**document, "number": 7, "prev": "0" * 64})
    return Recorded(full, Coordinates("hub.ledger.v1", 1, 12), ZERO + 9, "ff" * 32, True, None)


def spans(document: dict[str, Any]) -> tuple[ReadableSpan, ...]:
    return record_spans(recorded(document), NAMES)


def by_id(found: tuple[ReadableSpan, ...]) -> dict[str, ReadableSpan]:
    return {format_span_id(span.context.span_id): span for span in found}


def parent(span: ReadableSpan) -> str | None:
    return format_span_id(span.parent.span_id) if span.parent is not None else None


def everything_said(found: tuple[ReadableSpan, ...]) -> str:
    return "\n".join(span.to_json() for span in found)


def test_every_hop_is_the_parent_of_the_next() -> None:
    found = by_id(trail_spans(trail_of(story()), NAMES))
    hub, notification = span_id("referrals.v1/1/17"), span_id(DELIVERY)
    assert parent(found[HOP]) == ORIGIN
    assert parent(found[hub]) == HOP
    assert parent(found[notification]) == hub
    assert parent(found[span_id(receipt_id("referrals.v1", 1, 17))]) == hub
    answered = found[span_id("sent", TOLD, answer("delivered")["id"])]
    assert (answered.name, parent(answered)) == ("delivered to.cardiff-social-services.referrals.v1", notification)
    assert parent(found[span_id("receipts.v1/2/0")]) == format_span_id(answered.context.span_id)


def test_all_spans_of_a_notification_are_in_the_events_trace_and_link_to_its_origin() -> None:
    for span in trail_spans(trail_of(story()), NAMES):
        assert format_trace_id(span.context.trace_id) == TRACE
        assert ORIGIN in [format_span_id(link.context.span_id) for link in span.links]


def test_each_span_has_one_id_even_where_an_event_was_sent_twice() -> None:
    found = trail_spans(trail_of(story()), NAMES)
    assert len({span.context.span_id for span in found}) == len(found)


def test_times_are_the_ledgers() -> None:
    found = by_id(spans(entry()))
    sent, hub, told_ = found[HOP], found[span_id("referrals.v1/1/17")], found[span_id(DELIVERY)]
    assert (sent.start_time, sent.end_time) == (ZERO * MS, ZERO * MS)
    assert (hub.start_time, hub.end_time) == ((ZERO + 2) * MS, (ZERO + 4) * MS)
    assert (told_.start_time, told_.end_time) == ((ZERO + 4) * MS, (ZERO + 9) * MS)


def test_no_span_ends_before_it_begins_although_clocks_disagree() -> None:
    early = entry(hub={"worker": "hub-1-4711", "read_ms": ZERO + 50, "decided_ms": ZERO + 60})
    for span in spans(early):
        assert (span.end_time or 0) >= (span.start_time or 0)


def test_one_span_for_each_party_told_and_an_event_for_each_that_was_not() -> None:
    found = spans(entry())
    sent = [span for span in found if "dolen.delivery" in span.attributes]
    assert [span.attributes["dolen.recipient"] for span in sent] == [TOLD, ALSO_TOLD]
    assert {span.kind for span in sent} == {SpanKind.PRODUCER}
    hub = by_id(found)[span_id("referrals.v1/1/17")]
    (untold,) = [event for event in hub.events if event.name == "not-told"]
    assert untold.attributes["dolen.recipient"] == NOT_TOLD
    assert untold.attributes["dolen.reason"] == "shielded"
    assert (hub.kind, hub.name) == (SpanKind.CONSUMER, "process referrals.v1")


@pytest.mark.parametrize(
    ("document", "stages"),
    [
        (entry(decisions=[]), ["verify signed", "validate valid", "dedupe first", "route "]),
        (repeat(), ["verify signed", "validate valid", "dedupe duplicate"]),
        (
            repeat(faults=[{"code": "HUB-401", "path": "id", "rule": ""}]) | {"outcome": "conflict"},
            ["verify signed", "validate valid", "dedupe conflict", "dead-letter "],
        ),
        (rejected(), ["verify signed", "validate refused", "dead-letter "]),
        (
            rejected(faults=[{"code": "HUB-104", "path": "", "rule": ""}], signer=None),
            ["verify refused", "dead-letter "],
        ),
    ],
    ids=["accepted", "duplicate", "conflict", "rejected", "forged"],
)
def test_each_stage_says_what_it_found_and_later_ones_are_silent(document: dict[str, Any], stages: list[str]) -> None:
    hub = by_id(spans(document))[span_id(f"referrals.v1/1/{document['at']['offset']}")]
    assert [f"{event.name} {event.attributes.get('dolen.result', '')}" for event in hub.events] == stages


def test_a_refused_event_is_an_error_with_its_code_and_a_repeat_is_none() -> None:
    hub = by_id(spans(rejected()))[span_id("referrals.v1/1/17")]
    assert (hub.status.status_code, hub.status.description) == (StatusCode.ERROR, "HUB-307")
    assert hub.attributes["error.type"] == "HUB-307"
    assert all(span.status.status_code is StatusCode.UNSET for span in spans(repeat()))


def test_an_answer_never_begins_before_its_notification_whatever_the_recipients_clock_says() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    event = answer("opened")
    event["data"]["opened_at"] = "2001-01-01T00:00:00Z"
    put_answer(topics, event, after_ms=50)
    (opened,) = [span for span in trail_spans(trail_of(topics), NAMES) if span.name.startswith("opened ")]
    assert (opened.start_time, opened.end_time) == ((ZERO + 9) * MS, (ZERO + 50) * MS)


def test_an_answer_in_a_trace_of_its_own_still_stands_under_its_notification() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, answer("refused"), after_ms=50, trace={"trace_id": "ab" * 16, "origin": None})
    found = trail_spans(trail_of(topics), NAMES)
    (refused,) = [span for span in found if span.name.startswith("refused ")]
    assert format_trace_id(refused.context.trace_id) == TRACE
    assert parent(refused) == span_id(DELIVERY)
    assert format_trace_id(refused.links[-1].context.trace_id) == "ab" * 16
    assert refused.status.description == "not-our-child"


def test_an_answer_that_hands_our_own_span_back_gets_one_of_its_own() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, answer("opened"), after_ms=50, trace={"parent": span_id(DELIVERY)})
    found = trail_spans(trail_of(topics), NAMES)
    (opened,) = [span for span in found if span.name.startswith("opened ")]
    assert format_span_id(opened.context.span_id) != span_id(DELIVERY)
    assert len({span.context.span_id for span in found}) == len(found)


def test_an_event_without_a_trace_still_has_a_sender() -> None:
    found = by_id(spans(entry(trace={"parent": None, "origin": None})))
    hub = found[span_id("referrals.v1/1/17")]
    assert parent(found[str(parent(hub))]) is None


def test_the_sdks_exporters_take_the_spans() -> None:
    found = trail_spans(trail_of(story()), NAMES)
    memory, out = InMemorySpanExporter(), io.StringIO()
    assert memory.export(found) is SpanExportResult.SUCCESS
    assert memory.get_finished_spans() == found
    assert ConsoleSpanExporter(out=out).export(found) is SpanExportResult.SUCCESS
    assert out.getvalue().count('"trace_id"') >= len(found)
    for span in found:
        assert json.loads(span.to_json())["attributes"]["messaging.system"] == "kafka"


def test_no_attribute_had_to_be_withheld_from_a_healthy_trail() -> None:
    assert WITHHELD not in everything_said(trail_spans(trail_of(story()), NAMES))
    assert WITHHELD not in everything_said(spans(rejected()))


def test_attributes_are_the_conventions_own_names() -> None:
    own = {name for name in ATTRIBUTES if name.startswith(("messaging.", "cloudevents."))}
    known = [*vars(messaging_attributes).values(), *vars(cloudevents_attributes).values()]
    assert own <= {name for name in known if isinstance(name, str)}
    types = {kind.value for kind in messaging_attributes.MessagingOperationTypeValues}
    assert {"send", "process", "settle"} <= types


def leaves(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Paths of every text in a ledger entry, but for the ids of spans (the hub makes those, of hexadecimal digits)."""
    if isinstance(node, dict):
        return [found for key, value in node.items() if key != "trace" for found in leaves(value, (*path, key))]
    if isinstance(node, list):
        return [found for key, value in enumerate(node) for found in leaves(value, (*path, key))]
    return [path] if isinstance(node, str) else []


def poisoned(document: dict[str, Any], path: tuple[str | int, ...], text: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    node: Any = copy
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = text
    return copy


DOCUMENTS = (entry(), rejected(), repeat(), entry(first={"topic": "referrals.v1", "partition": 1, "offset": 3}))


@pytest.mark.parametrize("secret", SECRETS)
def test_what_a_payload_holds_gets_into_no_span_whichever_field_of_the_ledger_it_was_slipped_into(secret: str) -> None:
    for document in DOCUMENTS:
        for path in leaves(document):
            if path != ("outcome",):
                assert secret not in everything_said(spans(poisoned(document, path, secret))), path


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters=string.ascii_letters + string.digits), min_size=4))
def test_no_text_of_a_person_passes_a_form(text: str) -> None:
    for name in ATTRIBUTES:
        assert attributes({name: f"Mali {text}"})[name] == WITHHELD


@settings(max_examples=200, deadline=None)
@given(digits=st.text("0123456789", min_size=9, max_size=13), before=st.sampled_from(["", "nhs-", "x", "t660"]))
def test_no_long_number_passes_as_a_code(digits: str, before: str) -> None:
    for name in ATTRIBUTES - {"dolen.policy", "dolen.directory", "dolen.network", "dolen.first", named.DESTINATION}:
        assert attributes({name: before + digits})[name] == WITHHELD


def test_an_attribute_that_was_not_declared_is_refused() -> None:
    with pytest.raises(KeyError):
        attributes({"child.name": "x"})


@pytest.mark.parametrize(
    "kind",
    ["delivered", "opened", "accepted-by", "refused", "asked", "escalated", "gap", "restored", "system-off"],
)
def test_no_text_of_a_receipt_gets_into_a_span(kind: str) -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    event = answer(kind)
    for field in ("role", "team"):
        if field in event["data"]:
            event["data"][field] = "Mali Enghraifft 9990000018"
    for field in ("explanation", "question"):
        if field in event["data"]:
            event["data"][field] = {"text": "Mali Enghraifft 9990000018", "language": "cy"}
    put_answer(topics, event, after_ms=50)
    trail = trail_of(topics)
    assert len(trail.answers) == 1
    said = everything_said(trail_spans(trail, NAMES))
    assert "Mali" not in said
    assert "9990000018" not in said


def test_a_childs_reference_and_the_episode_stay_out_of_spans() -> None:
    event = entry()["event"]
    said = everything_said(trail_spans(trail_of(story()), NAMES))
    assert event["subject"] not in said
    assert event["correlationid"] not in said


@pytest.mark.parametrize("code", list(FaultCode))
def test_every_fault_code_can_be_said(code: FaultCode) -> None:
    fault = {"code": code.value, "path": "", "rule": ""}
    assert WITHHELD not in everything_said(spans(rejected(faults=[fault])))


def test_parties_of_each_kind_can_be_said() -> None:
    parties = ["/schools/6812003", "/agencies/wales-probation", "/hub", "relation:school-of-child"]
    decisions = [told(party, "partial--school") for party in parties[:2]]
    decisions += [not_told(party, "no-such-relation") for party in parties[2:]]
    assert WITHHELD not in everything_said(spans(entry(decisions=decisions)))
