"""Deliveries: a recipient can parse whatever a view leaves of an event, and nothing that was never in it."""

import json
from typing import Any

import pytest
from examples import FOLDER, changed, example
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.delivery import Delivery, view_of
from contracts.event_type import EventType
from contracts.registry import REGISTRY

DELIVERED = [event_type for event_type in REGISTRY.values() if event_type.publishers]


def as_delivered(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "origin": event["id"], "recipient": "/schools/6812003", "view": "school"}


def parsed(event: dict[str, Any]) -> Delivery:
    return view_of(REGISTRY[event["type"]].model).model_validate_json(json.dumps(event))


def cut(draw: Any, value: Any) -> Any:
    """Less of a JSON value: fields left out at any depth, lists of parts cut short."""
    if isinstance(value, dict):
        return {name: cut(draw, part) for name, part in value.items() if draw(st.booleans())}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [cut(draw, part) for part in value if draw(st.booleans())]
    return value


def as_sent(delivery: Delivery) -> Any:
    shown = delivery.model_dump(mode="json", exclude_unset=True)["data"]
    return json.loads(json.dumps(shown).replace("+00:00", "Z"))


@pytest.mark.parametrize("event_type", DELIVERED, ids=lambda t: t.name)
def test_a_full_view_is_parsed_and_loses_nothing(event_type: EventType) -> None:
    event = as_delivered(json.loads((FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8")))
    assert as_sent(parsed(event)) == json.loads(json.dumps(event["data"]).replace("+00:00", "Z"))


@pytest.mark.parametrize("event_type", DELIVERED, ids=lambda t: t.name)
def test_an_empty_view_is_parsed(event_type: EventType) -> None:
    event = json.loads((FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8"))
    delivery = parsed(as_delivered({**event, "data": {}}))
    assert delivery.origin == event["id"]


@settings(deadline=None)
@given(st.data(), st.sampled_from(DELIVERED))
def test_whatever_a_view_leaves_out_the_rest_is_parsed_and_loses_nothing(data: Any, event_type: EventType) -> None:
    event = json.loads((FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8"))
    event["data"] = cut(data.draw, event["data"])
    assert as_sent(parsed(as_delivered(event))) == json.loads(json.dumps(event["data"]).replace("+00:00", "Z"))


@pytest.mark.parametrize(
    "changes",
    [
        {("data", "unknown"): 1},
        {("data", "children", 0, "child", "unknown"): 1},
        {("data", "children", 0, "child", "education", "unknown"): 1},
        {("data", "children", 0, "child", "nhs_number"): "9990000019"},
        {("data", "children", 0, "concern", "text"): "\x00"},
        {("data", "observed_at"): "2026-03-26T22:40:00"},
        {("view",): "Whatever you like"},
        {("recipient",): "somebody"},
        {("origin",): "1"},
        {("type",): "wales.child-protection.referrals.decided.v1"},
    ],
    ids=str,
)
def test_an_unknown_field_or_a_wrong_form_is_refused_in_a_delivery_too(changes: dict[Any, Any]) -> None:
    event = changed(as_delivered(example("referrals.submitted")), changes)
    with pytest.raises(ValidationError):
        view_of(REGISTRY["wales.child-protection.referrals.submitted.v1"].model).model_validate_json(json.dumps(event))


@pytest.mark.parametrize("field", ["origin", "recipient", "view"])
def test_a_delivery_says_whose_it_is_and_what_it_comes_from(field: str) -> None:
    event = as_delivered(example("referrals.submitted"))
    del event[field]
    with pytest.raises(ValidationError):
        parsed(event)


def test_an_event_is_no_delivery_and_a_delivery_no_event() -> None:
    event = example("referrals.submitted")
    with pytest.raises(ValidationError):
        parsed(event)
    with pytest.raises(ValidationError):
        REGISTRY[event["type"]].model.model_validate_json(json.dumps(as_delivered(event)))


def test_the_model_of_a_type_is_made_once() -> None:
    model = REGISTRY["wales.child-protection.referrals.submitted.v1"].model
    assert view_of(model) is view_of(model)
