"""What every adapter is held to, as adapters/sdk/README.md says it; import it beside an `adapter` fixture."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.sdk.about import about
from adapters.sdk.composing import composed
from adapters.sdk.declaration import Declaration, Draft, NotTranslated
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.delivery import Delivery, view_of
from contracts.registry import REGISTRY

FIXTURE_KEY = bytes(range(32))
EVENT, FAULT = ".event.json", ".fault.json"
CASE = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
CODE = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Case:
    """One native record and its twin."""

    name: str
    native: Path
    twin: dict[str, Any]
    """The draft, the notification, or the fault."""


class Adapter:
    """One adapter, as the suite looks at it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.declaration: Declaration[Any, Any] = import_module(f"adapters.{name}.declaration").DECLARATION
        self.native = import_module(f"adapters.{name}.native")
        self.far = import_module(f"adapters.{name}.far") if find_spec(f"adapters.{name}.far") else None
        self.folder = Path(str(import_module(f"adapters.{name}.declaration").__file__)).parent
        self.fixtures = self.folder / "fixtures"
        self.agency = (self.fixtures / "agency").read_text().strip()
        self.pseudonyms = Pseudonyms(self.agency, FIXTURE_KEY)

    def to_event(self, name: str, content: bytes) -> Draft:
        draft: Draft = self.declaration.to_event(self.native.read(name, content), self.pseudonyms)
        return draft

    def to_native(self, notification: Mapping[str, Any]) -> bytes:
        written: bytes = self.native.write(self.declaration.to_native(delivery(notification)))
        return written

    def cases(self, *folder: str, twin: str = EVENT) -> list[Case]:
        at = self.fixtures.joinpath(*folder)
        found = []
        for path in sorted(at.glob(f"*{twin}")):
            name = path.name.removesuffix(twin)
            (native,) = (
                other
                for other in at.glob(f"{name}.*")
                if other != path and not (twin == EVENT and other.name.endswith(FAULT))
            )
            found.append(Case(name, native, json.loads(path.read_text(encoding="utf-8"))))
        return found


def delivery(notification: Mapping[str, Any]) -> Delivery:
    """A notification as the inbox parses it."""
    model = REGISTRY[notification["type"]].model
    return view_of(model).model_validate_json(json.dumps(notification))


def as_json(draft: Draft) -> dict[str, Any]:
    """A draft as a fixture has it."""
    document = {
        "type": draft.type,
        "reference": draft.reference,
        "subject": draft.subject,
        "correlationid": draft.correlationid,
        "time": draft.time.isoformat(),
        "data": json.loads(json.dumps(draft.data)),
    }
    return document if draft.source is None else {**document, "source": draft.source}


def test_there_are_fixtures_both_ways_and_each_file_belongs_to_a_case(adapter: Adapter) -> None:
    names = set()
    for folder, twin in _folders(adapter):
        for case in adapter.cases(*folder, twin=twin):
            assert CASE.match(case.name), f"{case.name}: lower case with hyphens"
            names |= {adapter.fixtures.joinpath(*folder) / f"{case.name}{twin}", case.native}
    files = {path for folder in ("inbound", "outbound") for path in (adapter.fixtures / folder).rglob("*.*")}
    assert {path for path in files if path.is_file()} <= names
    if adapter.declaration.publishes:
        assert adapter.cases("inbound")
        assert adapter.cases("inbound", "refused", twin=FAULT)
    if adapter.declaration.subscribes:
        assert adapter.cases("outbound")


def test_each_native_record_becomes_its_event_and_twice_the_same(adapter: Adapter) -> None:
    for case in adapter.cases("inbound"):
        first, second = (as_json(adapter.to_event(case.native.name, case.native.read_bytes())) for _ in range(2))
        assert first == case.twin, case.name
        assert second == first, case.name


def test_each_notification_becomes_its_native_record_and_twice_the_same(adapter: Adapter) -> None:
    for case in adapter.cases("outbound"):
        first, second = (adapter.to_native(case.twin) for _ in range(2))
        assert second == first, case.name
        wanted = case.native.read_bytes()
        if case.native.suffix == ".json":
            assert json.loads(first) == json.loads(wanted), case.name
        else:
            assert first == wanted, case.name


def test_each_draft_keeps_the_rules_of_its_type_and_belongs_to_a_family_that_is_declared(adapter: Adapter) -> None:
    for case in adapter.cases("inbound"):
        event = composed(adapter.to_event(case.native.name, case.native.read_bytes()), adapter.pseudonyms)
        assert event.family in adapter.declaration.publishes, case.name
        assert REGISTRY[event.type].publishers & adapter.declaration.kinds, f"{case.name}: not this kind's to send"
    for case in adapter.cases("outbound"):
        assert REGISTRY[case.twin["type"]].family in adapter.declaration.subscribes, case.name


def test_two_records_have_two_references(adapter: Adapter) -> None:
    references = [case.twin["reference"] for case in adapter.cases("inbound")]
    assert len(set(references)) == len(references)


def test_what_cannot_be_translated_says_its_code_and_path_and_shows_no_value(adapter: Adapter) -> None:
    for case in adapter.cases("inbound", "refused", twin=FAULT):
        with pytest.raises(NotTranslated) as failure:
            adapter.to_event(case.native.name, case.native.read_bytes())
        _check_fault(case, failure.value)
    for case in adapter.cases("outbound", "refused", twin=FAULT):
        with pytest.raises(NotTranslated) as failure:
            adapter.to_native(json.loads(case.native.read_bytes()))
        _check_fault(case, failure.value)


def test_any_bytes_are_an_event_or_not_translated_and_nothing_else(adapter: Adapter) -> None:
    for case in adapter.cases("inbound"):
        personal = _personal(case.twin["data"])
        for content in _spoilt(case.native.read_bytes(), Random(case.name)):
            failure = _failure(adapter, case.native.name, content)
            if failure is not None:
                assert CODE.match(failure.code), case.name
                assert not [value for value in personal if value in str(failure)], f"{case.name}: shows a value"


def test_what_the_far_system_writes_of_an_event_is_read_back_as_that_event(adapter: Adapter) -> None:
    if adapter.far is None:
        return
    for case in adapter.cases("inbound"):
        name, content = adapter.far.record(case.twin)
        again = as_json(adapter.to_event(name, content))
        wanted = dict(case.twin)
        for document in (again, wanted):
            document.pop("reference")
        assert _numbered(again) == _numbered(wanted), case.name


def test_the_declaration_says_who_keeps_it_in_both_languages_and_what_each_setting_means(adapter: Adapter) -> None:
    found = adapter.declaration
    assert found.name == adapter.name
    assert found.owner
    assert found.title_en
    assert found.title_cy
    assert found.title_en != found.title_cy
    assert found.kinds
    said = about(adapter.folder)
    assert asdict(said) == {field.name: getattr(found, field.name) for field in fields(said)}, "about.toml"
    assert (adapter.folder / "README.md").exists()
    assert issubclass(found.settings, BaseModel)
    assert found.settings.model_config.get("extra") == "forbid", "a misspelt setting would be lost in silence"
    for name, field in found.settings.model_fields.items():
        assert field.description, f"the setting {name} has no docstring"


def _folders(adapter: Adapter) -> Iterator[tuple[tuple[str, ...], str]]:
    for folder in ("inbound", "outbound"):
        yield (folder,), EVENT
        yield (folder, "refused"), FAULT


def _check_fault(case: Case, failure: NotTranslated) -> None:
    assert {"code": failure.code, "path": failure.path} == case.twin, case.name
    assert CODE.match(failure.code), case.name
    assert failure.remedy, case.name


def _failure(adapter: Adapter, name: str, content: bytes) -> NotTranslated | None:
    try:
        adapter.to_event(name, content)
    except NotTranslated as failure:
        return failure
    return None


def _spoilt(content: bytes, random: Random) -> Iterator[bytes]:
    """Cut off, flipped, doubled, in other encodings, and nothing at all."""
    yield from (b"", b"\x00", b"null", b"[]", b"{}", b"<a/>", b"\xff\xfe\x00", content + content, content[::-1])
    for place in range(1, 24):
        yield content[: len(content) * place // 24]
    for _ in range(60):
        at = random.randrange(len(content))
        yield content[:at] + bytes([content[at] ^ (1 << random.randrange(8))]) + content[at + 1 :]
    yield from _with_unknown_fields(content)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    yield from (text.encode("utf-16"), text.encode("latin-1", "replace"), b"\xef\xbb\xbf" + content)


def _with_unknown_fields(content: bytes) -> Iterator[bytes]:
    try:
        document = json.loads(content)
    except ValueError:
        for tag in re.findall(rb"</[A-Za-z:]+>", content):
            yield content.replace(tag, b"<Unknown>Gwen Invented</Unknown>" + tag, 1)
        return
    for place in _objects(document):
        place["unknown_field"] = "Gwen Invented"
        yield json.dumps(document).encode()
        del place["unknown_field"]


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield document
        for value in list(document.values()):
            yield from _objects(value)
    elif isinstance(document, list):
        for value in document:
            yield from _objects(value)


def _personal(data: Any, key: str = "") -> list[str]:
    """Names and numbers of people in an event's data."""
    if isinstance(data, dict):
        return [found for name, value in data.items() for found in _personal(value, name)]
    if isinstance(data, list):
        return [found for value in data for found in _personal(value, key)]
    named = key in {"given", "family", "nhs_number", "upn", "date_of_birth", "line_1", "telephone", "text"}
    return [data] if named and isinstance(data, str) and len(data) > 3 else []


def _numbered(document: dict[str, Any]) -> Any:
    """The document with its UUIDs replaced by the order in which they first occur."""
    text = json.dumps(document, sort_keys=True)
    order: dict[str, str] = {}
    replaced: Callable[[re.Match[str]], str] = lambda found: order.setdefault(found[0], f"uuid-{len(order)}")  # noqa: E731
    return json.loads(UUID.sub(replaced, text))
