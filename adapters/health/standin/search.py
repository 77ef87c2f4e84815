"""Decides which resources a search finds, by the rules of FHIR R4 (http://hl7.org/fhir/R4/search.html)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Resource = Mapping[str, Any]
Pairs = Sequence[tuple[str, str]]

CONTROLS = frozenset({"_count", "_sort", "_include", "_elements"})
_DATE = re.compile(r"^(?P<prefix>eq|ne|lt|le|gt|ge|sa|eb)?(?P<day>\d{4}-\d{2}-\d{2})"
                   r"(T(?P<clock>\d{2}:\d{2}(:\d{2}(\.\d+)?)?)(?P<zone>Z|[+-]\d{2}:\d{2}))?\Z")  # fmt: skip


class WrongSearch(Exception):
    """A parameter that isn't known or isn't well formed: answered with 400 and an OperationOutcome."""


def matches(resource: Resource, parameters: Pairs) -> bool:
    """Whether all parameters hold; several values with commas between mean any of them."""
    return all(
        any(_holds(resource, name, value) for value in written.split(","))
        for name, written in parameters
        if name not in CONTROLS
    )


def ordered(found: Iterable[Resource], sort: str) -> list[Resource]:
    """By `_lastUpdated`, up or down; equal ones by id, so that pages have one order."""
    if sort not in ("_lastUpdated", "-_lastUpdated"):
        raise WrongSearch("_sort")
    return sorted(found, key=lambda one: (changed(one), str(one["id"])), reverse=sort.startswith("-"))


def changed(resource: Resource) -> datetime:
    """`meta.lastUpdated`."""
    return datetime.fromisoformat(resource["meta"]["lastUpdated"])


def _holds(resource: Resource, name: str, value: str) -> bool:
    match name:
        case "_lastUpdated":
            return _date_holds(changed(resource), value)
        case "_id":
            return bool(resource["id"] == value)
        case "identifier":
            return any(_token(value, one.get("system"), one.get("value")) for one in resource.get("identifier", []))
        case "category" | "code":
            return any(_token(value, system, code) for system, code in _codings(resource.get(name)))
        case "status":
            return resource.get("status") == value.rpartition("|")[2]
        case "subject" | "patient":
            reference = str(resource.get("subject", {}).get("reference", ""))
            return value in (reference, reference.partition("/")[2])
        case _:
            raise WrongSearch(name)


def _token(value: str, system: str | None, code: str | None) -> bool:
    """`system|code`, `|code` (no system), `system|` (any code), `code` (any system)."""
    wanted, bar, wanted_code = value.rpartition("|")
    if not bar:
        return code == value
    return (wanted or None) == system and wanted_code in ("", code)


def _codings(concepts: Any) -> Iterator[tuple[str | None, str | None]]:
    for concept in concepts if isinstance(concepts, list) else filter(None, [concepts]):
        for coding in concept.get("coding", []):
            yield coding.get("system"), coding.get("code")


def _date_holds(at: datetime, value: str) -> bool:
    """R4 compares ranges: what is written to the second stands for that whole second."""
    matched = _DATE.match(value)
    if matched is None:
        raise WrongSearch("_lastUpdated")
    low, high = _range(matched)
    match matched["prefix"] or "eq":
        case "eq":
            return low <= at < high
        case "ne":
            return not low <= at < high
        case "lt" | "eb":
            return at < low
        case "le":
            return at < high
        case "gt" | "sa":
            return at >= high
        case _:
            return at >= low


def _range(matched: re.Match[str]) -> tuple[datetime, datetime]:
    if matched["clock"] is None:
        low = datetime.fromisoformat(matched["day"]).replace(tzinfo=UTC)
        return low, low + timedelta(days=1)
    clock = matched["clock"]
    low = datetime.fromisoformat(f"{matched['day']}T{clock}{matched['zone']}")
    if "." in clock:
        return low, low + timedelta(seconds=10.0 ** -len(clock.partition(".")[2]))
    return low, low + (timedelta(seconds=1) if clock.count(":") == 2 else timedelta(minutes=1))
