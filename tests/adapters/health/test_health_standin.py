"""The stand-in answers as FHIR R4 says: the adapter must not be tested against its own idea of FHIR."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.health.standin.search import WrongSearch, matches, ordered

AT = datetime(2026, 3, 27, 9, 30, 0, 500_000, tzinfo=UTC)


def _resource(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Flag", "id": "a", "meta": {"lastUpdated": AT.isoformat()}, **more}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ge2026-03-27T09:30:00.500Z", True),
        ("ge2026-03-27T09:30:00Z", True),
        ("gt2026-03-27T09:30:00Z", False),
        ("gt2026-03-27T09:29:59Z", True),
        ("gt2026-03-27T09:30:00.500Z", False),
        ("sa2026-03-27", False),
        ("le2026-03-27T09:30:00Z", True),
        ("lt2026-03-27T09:30:00Z", False),
        ("lt2026-03-27T09:30:00.501Z", True),
        ("eb2026-03-28", True),
        ("2026-03-27", True),
        ("eq2026-03-27T09:30Z", True),
        ("ne2026-03-27", False),
        ("ge2026-03-27T10:30:00.500+01:00", True),
        ("ge2026-03-27T10:30:00.501+01:00", False),
    ],
)
def test_a_moment_in_a_search_stands_for_all_that_it_leaves_open(value: str, expected: bool) -> None:
    assert matches(_resource(), [("_lastUpdated", value)]) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("s|1", True), ("s|", True), ("1", True), ("|1", False), ("|2", True), ("t|1", False), ("t|1,s|1", True)],
)
def test_a_token_is_a_system_a_code_or_both_and_commas_mean_any(value: str, expected: bool) -> None:
    resource = _resource(identifier=[{"system": "s", "value": "1"}, {"value": "2"}])
    assert matches(resource, [("identifier", value)]) is expected


def test_two_parameters_mean_both() -> None:
    resource = _resource(identifier=[{"system": "s", "value": "1"}], subject={"reference": "Patient/p"})
    assert matches(resource, [("identifier", "s|1"), ("subject", "Patient/p")])
    assert not matches(resource, [("identifier", "s|1"), ("subject", "Patient/q")])


@pytest.mark.parametrize("pair", [("colour", "red"), ("_lastUpdated", "yesterday")])
def test_what_is_not_known_is_said_and_not_ignored(pair: tuple[str, str]) -> None:
    with pytest.raises(WrongSearch):
        matches(_resource(), [pair])


def test_resources_are_sorted_up_and_down() -> None:
    later = _resource(id="b") | {"meta": {"lastUpdated": AT.replace(hour=10).isoformat()}}
    assert [one["id"] for one in ordered([later, _resource()], "_lastUpdated")] == ["a", "b"]
    assert [one["id"] for one in ordered([_resource(), later], "-_lastUpdated")] == ["b", "a"]
