"""What a public protection notice says, and what the force's system is given, word for word."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from xmlschema import XMLSchema

from adapters.police import far
from adapters.police.inbound import ENQUIRY, INCIDENT, MOVE, REFERRAL, to_event
from adapters.police.native import MAX_BYTES, read
from adapters.police.notification_schema import notification_xsd
from adapters.police.outbound import to_native
from adapters.police.reasons import REMEDIES, NotTaken, Reason
from adapters.sdk.declaration import Draft
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.delivery import view_of
from contracts.registry import REGISTRY
from tests.unit.contracts import examples

FOLDER = Path(__file__).parents[3] / "adapters" / "police"
FIXTURES = FOLDER / "fixtures"
FORCE = Pseudonyms("south-wales-police", bytes(range(32)))
CASES = [path for path in sorted((FIXTURES / "inbound").glob("*.*")) if ".event." not in path.name]
REFUSED = [path for path in sorted((FIXTURES / "inbound" / "refused").iterdir()) if ".fault." not in path.name]
OUTGOING = XMLSchema(FOLDER / "notification.xsd")


def example(event_type: str) -> dict[str, Any]:
    return examples.example(event_type.removeprefix("wales.child-protection.").removesuffix(".v1"))


def said(path: Path) -> Draft:
    return to_event(read(path.name, path.read_bytes()), FORCE)


def published(event_type: str) -> dict[str, Any]:
    event = example(event_type) | {"source": "/agencies/south-wales-police"}
    if "enquirer" in event["data"]:
        event["data"]["enquirer"] = event["source"]
    return event


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_each_notice_says_what_stands_beside_it(path: Path) -> None:
    draft = said(path)
    beside = json.loads((path.parent / f"{path.stem}.event.json").read_text())
    assert {
        "type": draft.type,
        "reference": draft.reference,
        "subject": draft.subject,
        "correlationid": draft.correlationid,
        "time": draft.time.isoformat(),
        "data": draft.data,
    } == beside


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_each_refused_notice_says_why_and_where_and_no_value(path: Path) -> None:
    with pytest.raises(NotTaken) as refused:
        said(path)
    assert {"code": refused.value.code, "path": refused.value.path} == json.loads(
        (path.parent / f"{path.stem}.fault.json").read_text()
    )
    assert "mali" not in str(refused.value).lower()
    assert "9990000" not in str(refused.value)


@pytest.mark.parametrize("event_type", [REFERRAL, INCIDENT, MOVE, ENQUIRY])
@pytest.mark.parametrize("written", ["xml", "json"])
def test_what_the_police_publish_comes_back_from_the_forces_file(event_type: str, written: str) -> None:
    event = published(event_type)
    name, content = far.record(event)
    if written == "json":
        name, content = "notice.json", far.json_of(far.notice_of(event))
    draft = to_event(read(name, content), FORCE)
    assert _parsed(event, draft.data) == _parsed(event, _as_the_force_calls_them(event)["data"])
    assert draft.subject == FORCE.child(far.nominal_number(event["subject"]))
    assert (draft.correlationid, draft.time.isoformat()) == (event["correlationid"], event["time"])


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1))
def test_what_an_officer_wrote_is_kept_letter_for_letter(text: str) -> None:
    notice = far.notice_of(published(MOVE))
    note = {"note": {"language": "cy", "text": f"x{text}\r\n\ty"}}
    moved = notice.change_of_address
    assert moved is not None
    try:
        kept = notice.model_copy(update={"change_of_address": type(moved)(**(moved.model_dump() | note))})
    except ValueError:
        return  # a character that the contracts refuse
    assert read("a.xml", far.xml_of(kept)) == read("a.json", far.json_of(kept))


def test_the_same_occurrence_is_the_same_episode_and_the_same_nominal_the_same_child() -> None:
    first, second = (
        said(FIXTURES / "inbound" / "child-concern.xml"),
        said(FIXTURES / "inbound" / "child-concern-second-version.json"),
    )
    assert (first.subject, first.correlationid) == (second.subject, second.correlationid)
    assert first.reference != second.reference


def test_a_notice_that_names_the_hubs_episode_goes_on_with_it() -> None:
    assert said(FIXTURES / "inbound" / "change-of-address.xml").correlationid == example(MOVE)["correlationid"]


def test_all_faults_of_a_notice_are_told_at_once() -> None:
    content = (FIXTURES / "inbound" / "child-concern.xml").read_bytes()
    content = content.replace(b"<Harm>LIKELY", b"<Harm>PERHAPS").replace(b"<Sex>F", b"<Sex>W")
    with pytest.raises(NotTaken) as refused:
        read("notice.xml", content)
    assert refused.value.paths == ("Child/Sex", "ChildConcern/Assessment/Harm")


def test_a_file_above_the_limit_is_not_parsed() -> None:
    with pytest.raises(NotTaken) as refused:
        read("notice.xml", b"<" * (MAX_BYTES + 1))
    assert refused.value.reason is Reason.TOO_LARGE


def test_the_prefix_of_the_namespace_is_the_forces_own() -> None:
    content = (FIXTURES / "inbound" / "child-concern.xml").read_bytes()
    prefixed = content.replace(b"<", b"<ppn:").replace(b"<ppn:/", b"</ppn:").replace(b"<ppn:?", b"<?")
    assert read("a.xml", prefixed.replace(b"xmlns=", b"xmlns:ppn=")) == read("b.xml", content)


def test_a_schema_that_the_file_points_to_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", forbidden)
    monkeypatch.setattr("urllib.request.urlopen", forbidden)
    content = (FIXTURES / "inbound" / "child-concern.xml").read_bytes()
    hint = (
        b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        b' xsi:schemaLocation="urn:dolen:police:notice:1 http://127.0.0.1:9/notice.xsd">'
    )
    assert read("notice.xml", content.replace(b'notice:1">', b'notice:1"' + hint, 1)).force == "south-wales-police"


@pytest.mark.parametrize("event_type", sorted(REGISTRY))
def test_every_type_has_its_place_in_what_the_force_is_given(event_type: str) -> None:
    event = example(event_type)
    told = event | {"origin": event["id"], "recipient": "/agencies/south-wales-police", "view": "police"}
    delivery = view_of(REGISTRY[event_type].model).model_validate_json(orjson.dumps(told))
    file = to_native(delivery)
    assert file.name == f"{event['id']}.xml"
    given: Any = OUTGOING.to_dict(file.content.decode())
    assert _values(event["data"]) == _values(next(value for name, value in given.items() if name.endswith("V1")))


def test_the_committed_schema_is_what_the_contracts_make() -> None:
    committed = (FOLDER / "notification.xsd").read_bytes()
    assert committed == notification_xsd(), "run python -m adapters.police.notification_schema"


def test_every_reason_has_its_remedy_in_both_languages() -> None:
    assert set(REMEDIES) == set(Reason)
    assert all(remedy.en and remedy.cy for remedy in REMEDIES.values())


def _parsed(event: dict[str, Any], data: Any) -> BaseModel:
    return REGISTRY[event["type"]].model.model_validate_json(
        orjson.dumps(event | {"data": data, "subject": _a_child(data)})
    )


def _a_child(data: Any) -> str:
    reference: str = (data["children"][0] if "children" in data else data)["child"]["reference"]
    return reference


def _as_the_force_calls_them(event: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(event)
    for item in event["data"].get("children", [event["data"]]):
        reference = item["child"]["reference"]
        text = text.replace(reference, FORCE.child(far.nominal_number(reference)))
    changed: dict[str, Any] = json.loads(text)
    return changed


def _values(part: Any) -> list[str]:
    """All that is said, in any order."""
    if isinstance(part, dict):
        return sorted(value for below in part.values() for value in _values(below))
    if isinstance(part, list):
        return sorted(value for below in part for value in _values(below))
    return [] if part is None else [str(part)]
