"""What an agency sends is checked before it is signed, and what is wrong with it is told without a value."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.sdk.outgoing import NotAnEvent, checked, unchecked
from contracts.headers import parse_traceparent
from contracts.topics import Family

EXAMPLES = sorted((Path(__file__).parents[3] / "contracts" / "examples").glob("*.json"))


def _referral() -> dict[str, Any]:
    (path,) = [path for path in EXAMPLES if path.name.endswith("referrals.submitted.v1.json")]
    event: dict[str, Any] = json.loads(path.read_text())
    return event


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_sent_as_it_is(path: Path) -> None:
    value = path.read_bytes()
    event = json.loads(value)
    outgoing = checked(value)
    assert outgoing.value == value
    assert outgoing.event_id == event["id"]
    assert outgoing.subject == event["subject"]
    assert outgoing.family == event["type"].split(".")[2]


def test_the_hop_carries_the_events_own_trace() -> None:
    event = _referral()
    hop = checked(json.dumps(event).encode()).traceparent
    assert hop is not None
    assert parse_traceparent(hop) is not None
    assert hop.split(b"-")[1].decode() == event["traceparent"].split("-")[1]
    assert hop.decode() != event["traceparent"]


def test_an_event_without_a_trace_gets_the_one_that_its_identity_makes() -> None:
    event = _referral()
    del event["traceparent"]
    value = json.dumps(event).encode()
    hop = checked(value).traceparent
    assert hop == checked(value).traceparent
    assert hop is not None
    assert parse_traceparent(hop) is not None


def test_a_wrong_value_is_named_by_path_and_rule_and_never_shown() -> None:
    event = _referral()
    event["data"]["children"][0]["child"]["nhs_number"] = "9990000019"
    event["data"]["children"][0]["child"]["mali_enghraifft"] = 1
    with pytest.raises(NotAnEvent) as refused:
        checked(json.dumps(event).encode())
    assert "data.children.0.child.nhs_number" in str(refused.value)
    assert "9990000019" not in str(refused.value)
    assert "mali" not in str(refused.value)


@pytest.mark.parametrize("value", [b"", b"\xff", b"{", b"[]", b"3", b'{"type": 3}', b'{"type": "x"}', b'{"a": NaN}'])
def test_what_is_not_an_event_is_refused(value: bytes) -> None:
    with pytest.raises(NotAnEvent):
        checked(value)


def test_unchecked_bytes_go_where_they_are_said_to_go() -> None:
    outgoing = unchecked(b"\xff", family=Family.NOTICES)
    assert (outgoing.value, outgoing.family, outgoing.subject) == (b"\xff", Family.NOTICES, "")


def test_unchecked_bytes_that_name_no_type_need_a_family() -> None:
    with pytest.raises(NotAnEvent, match="family"):
        unchecked(b"{}", family=None)


def test_an_unchecked_event_goes_to_the_topic_of_its_type() -> None:
    event = _referral()
    del event["data"]
    outgoing = unchecked(json.dumps(event).encode(), family=None)
    assert outgoing.family is Family.REFERRALS
    assert outgoing.subject == event["subject"]
