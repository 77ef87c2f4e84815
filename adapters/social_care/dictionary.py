"""Which kind of record makes which event, and how its document looks: a mapping file held against the contracts."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from adapters.social_care.mapping import PACKAGED, MappingRefused, load_mapping
from adapters.social_care.shapes import Part, shape_of
from adapters.social_care.values import Organisation
from contracts.base import Contract
from contracts.event_type import EventType
from contracts.kinds import Kind
from contracts.registry import REGISTRY
from contracts.topics import Family

BEFORE, AFTER = "wales.child-protection.", ".v1"
"""What all names of event types have in common; the mapping file leaves it out."""


WRITTEN_BY_SQL = {
    "answer_opened": "receipts.opened",
    "answer_accepted": "receipts.accepted-by",
    "answer_refused": "receipts.refused",
}
"""Kinds whose documents `dolen.answer` writes: a mapping file that renamed them or their fields would not fit it."""

_OF_ANSWERS = frozenset({"notification_id", "about_agency", "about_event", "about_event_type"})
_FIELDS_WRITTEN_BY_SQL = {
    "answer_opened": _OF_ANSWERS | {"opened_at", "job_title"},
    "answer_accepted": _OF_ANSWERS | {"accepted_at", "job_title", "team_name"},
    "answer_refused": _OF_ANSWERS | {"refused_at", "reason", "explanation"},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of record."""

    kind: str
    event_type: EventType
    shape: Part
    """Of the record's document."""

    @property
    def data(self) -> type[Contract]:
        """The contract of the event's `data`."""
        return cast("type[Contract]", self.event_type.model.model_fields["data"].annotation)

    @property
    def is_answer(self) -> bool:
        """Whether `dolen.answer` writes it, and not `dolen.send`."""
        return self.event_type.family is Family.RECEIPTS

    @property
    def goes_out(self) -> bool:
        """Whether social services may send it."""
        return Kind.SOCIAL_SERVICES in self.event_type.publishers

    @property
    def is_sent(self) -> bool:
        """Whether `dolen.send` takes it."""
        return self.goes_out and not self.is_answer


class Dictionary:
    """All kinds of one case system."""

    def __init__(self, path: Path) -> None:
        """Read a mapping file; raises MappingRefused where something of the contracts could not be said with it."""
        mapping = load_mapping(path)
        self.sender = Organisation(mapping.organisations)
        told = {name for name, event_type in REGISTRY.items() if event_type.publishers}
        self.by_kind: dict[str, Entry] = {}
        self.by_type: dict[str, Entry] = {}
        for kind, short in mapping.kinds.items():
            name = f"{BEFORE}{short}{AFTER}"
            if name not in told or name in self.by_type:
                raise MappingRefused(f"{path}: [kinds] {kind}: {short} is not an event of its own that agencies send")
            event_type = REGISTRY[name]
            data = cast("type[Contract]", event_type.model.model_fields["data"].annotation)
            entry = Entry(kind, event_type, shape_of(data, mapping, file=str(path)))
            if kind in WRITTEN_BY_SQL or short in WRITTEN_BY_SQL.values():
                _check_answer(entry, short, path)
            self.by_kind[kind] = self.by_type[name] = entry
        if missing := sorted(told - self.by_type.keys()):
            raise MappingRefused(f"{path}: [kinds] has no kind for {', '.join(missing)}")
        if strays := set(mapping.records.values()) - self.by_kind.keys():
            raise MappingRefused(f"{path}: [records] points to {', '.join(sorted(strays))}, which [kinds] lacks")


@cache
def dictionary(path: Path = PACKAGED) -> Dictionary:
    """The dictionary of a mapping file, made once."""
    return Dictionary(path)


def _check_answer(entry: Entry, short: str, path: Path) -> None:
    fields = {each.native for each in entry.shape.fields}
    if WRITTEN_BY_SQL.get(entry.kind) != short or fields != _FIELDS_WRITTEN_BY_SQL[entry.kind]:
        raise MappingRefused(
            f"{path}: [kinds] {entry.kind} and its fields are written by dolen.answer: leave them as they are packaged"
        )
