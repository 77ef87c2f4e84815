"""Generated schemas: up to date, complete, and never changed in a way that breaks somebody who relies on them."""

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility import breaking_changes, breaking_changes_since_release
from contracts.event_type import Maturity
from contracts.export import RELEASED, SCHEMAS, differences, documents, write
from contracts.registry import REGISTRY
from contracts.topics import Family, inbound

SUBMITTED = "wales.child-protection.referrals.submitted.v1.json"


@cache
def wanted() -> dict[str, str]:
    return documents()


def test_the_committed_schemas_are_what_the_models_say() -> None:
    assert differences() == (), "run `dolen contracts export` and commit what it writes"


def test_nothing_that_was_released_is_broken() -> None:
    assert breaking_changes_since_release() == (), "take the change back, or make it a new version of the type"


def test_every_released_type_is_kept_as_it_was_released() -> None:
    kept = {path.relative_to(SCHEMAS / RELEASED).as_posix() for path in (SCHEMAS / RELEASED).rglob("*.json")}
    for event_type in REGISTRY.values():
        if event_type.maturity is Maturity.RELEASED:
            assert f"{event_type.name}.json" in kept
            assert not event_type.publishers or f"delivered/{event_type.name}.json" in kept


def test_an_export_is_the_same_every_time() -> None:
    assert documents() == wanted()


def test_an_export_writes_what_differs_takes_away_what_is_gone_and_leaves_the_released(tmp_path: Path) -> None:
    write(tmp_path)
    assert differences(tmp_path) == ()
    (tmp_path / "rules.json").write_text("{}")
    (tmp_path / "delivered" / "old.json").write_text("{}")
    (tmp_path / RELEASED).mkdir()
    (tmp_path / RELEASED / "kept.json").write_text("{}")
    assert differences(tmp_path) == ("delivered/old.json", "rules.json")
    assert write(tmp_path) == ("delivered/old.json", "rules.json")
    assert differences(tmp_path) == ()
    assert (tmp_path / RELEASED / "kept.json").exists()


def test_each_generated_schema_says_that_it_is_generated_and_who_publishes_it() -> None:
    for name, text in wanted().items():
        if name.startswith(("wales", "delivered/")):
            schema = json.loads(text)
            assert "dolen contracts export" in schema["$comment"]
            assert schema["x-publishers"]
            assert schema["x-title-cy"]


def test_a_field_of_a_schema_names_its_class_of_information() -> None:
    child = schema()["$defs"]["Child"]["properties"]
    assert child["nhs_number"]["x-sharing"] == "nhs-number"
    assert child["home_address"]["x-sharing"] == "address"


def test_the_asyncapi_document_has_each_topic_with_its_key_partitions_headers_and_credentials() -> None:
    document = json.loads(wanted()["asyncapi.json"])
    assert document["asyncapi"] == "3.0.0"
    for family in Family:
        channel = document["channels"][family.value]
        assert channel["address"] == inbound(family)
        assert channel["bindings"]["kafka"]["partitions"] == 6
        assert document["channels"][f"to-{family}"]["address"] == f"to.{{agency}}.{family}.v1"
    for message in document["components"]["messages"].values():
        assert message["bindings"]["kafka"]["key"]["type"] == "string"
        assert "traceparent" in message["headers"]["properties"]
    sent = document["components"]["messages"]["ReferralSubmitted"]
    assert sent["headers"]["required"] == ["dolen-signature"]
    assert document["components"]["securitySchemes"]["scram"]["type"] == "scramSha512"


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = json.loads(wanted()["asyncapi.json"])
    for reference in references(document):
        if reference.startswith("#/"):
            found: Any = document
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
        else:
            assert reference.removeprefix("./") in wanted()


def test_receipts_of_the_hub_are_read_and_never_sent() -> None:
    channels = json.loads(wanted()["asyncapi.json"])["channels"]
    assert "EventAccepted" not in channels["receipts"]["messages"]
    assert "EventAccepted" in channels["to-receipts"]["messages"]


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wanted()[SUBMITTED])
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for part in value.values() for found in references(part)]
    return [found for part in value for found in references(part)] if isinstance(value, list) else []


def data(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"]["SubmittedReferral"]
    return found


BREAKING: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("data.possible_crime: the field is gone", lambda s: data(s)["properties"].pop("possible_crime")),
    ("data.possible_crime: the field may now be missing", lambda s: data(s)["required"].remove("possible_crime")),
    ("data.observed_at: the field is now required", lambda s: data(s)["required"].append("observed_at")),
    (
        "data.severity: the new field is required",
        lambda s: (
            data(s)["properties"].update(severity={"type": "string"}),
            data(s)["required"].append("severity"),
        ),
    ),
    ("data.possible_crime: type changed", lambda s: data(s)["properties"]["possible_crime"].update(type="string")),
    (
        "data.possible_crime: x-sharing changed",
        lambda s: data(s)["properties"]["possible_crime"].update({"x-sharing": "case"}),
    ),
    (
        "data.children[].suspected_categories[]: the allowed values are others",
        lambda s: s["$defs"]["Category"]["enum"].remove("financial"),
    ),
    (
        "data.children[].suspected_categories[]: the allowed values are others",
        lambda s: s["$defs"]["Category"]["enum"].append("online"),
    ),
    (
        "data.children[].suspected_categories: maxItems is lower",
        lambda s: s["$defs"]["ReferredChild"]["properties"]["suspected_categories"].update(maxItems=4),
    ),
    (
        "data.children[].concern.text: pattern changed",
        lambda s: s["$defs"]["Statement"]["properties"]["text"].update(pattern="^a$"),
    ),
    ("sequence: minimum is higher", lambda s: s["properties"]["sequence"].update(minimum=2)),
    ("subject: the field is gone", lambda s: s["properties"].pop("subject")),
    (
        "data.reporter: the variants are others",
        lambda s: data(s)["properties"]["reporter"]["oneOf"].pop(),
    ),
]


@pytest.mark.parametrize(("said", "change"), BREAKING, ids=[said for said, _ in BREAKING])
def test_a_change_that_breaks_somebody_is_named(said: str, change: Callable[[dict[str, Any]], Any]) -> None:
    released, new = schema(), schema()
    change(new)
    assert breaking_changes(released, new) == (said,)


HARMLESS: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("a new optional field", lambda s: data(s)["properties"].update(severity={"type": "string"})),
    ("another description", lambda s: s.update(description="Otherwise said.")),
    ("a longer text", lambda s: s["$defs"]["Statement"]["properties"]["text"].update(maxLength=9000)),
    ("another Welsh title", lambda s: s.update({"x-title-cy": "Teitl arall"})),
]


@pytest.mark.parametrize(("_what", "change"), HARMLESS, ids=[what for what, _ in HARMLESS])
def test_a_change_that_breaks_nobody_passes(_what: str, change: Callable[[dict[str, Any]], Any]) -> None:
    released, new = schema(), schema()
    change(new)
    assert breaking_changes(released, new) == ()


def test_a_released_type_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / RELEASED).mkdir()
    (tmp_path / RELEASED / "wales.child-protection.referrals.gone.v1.json").write_text(json.dumps({}))
    assert breaking_changes_since_release(tmp_path) == (
        "wales.child-protection.referrals.gone.v1.json: the released type is gone",
    )


def test_a_schema_breaks_nothing_of_itself() -> None:
    for text in wanted().values():
        assert breaking_changes(json.loads(text), copy.deepcopy(json.loads(text))) == ()
