"""Decides whether a record is a well-formed event that its signer may send: bytes, type, fields, facts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args, get_origin

import jiter
from pydantic import BaseModel, ValidationError

from contracts.directory import Directory
from contracts.envelope import MAX_EVENT_BYTES, Event
from contracts.event_type import EventType
from contracts.faults import Fault, FaultCode
from contracts.identity import delivery_id
from contracts.kinds import Kind
from contracts.network import Network
from contracts.parties import SCHOOLS, Names, agency_of, agency_uri, school_uri
from contracts.topics import Family
from hub.record import Record

CLOCK_SKEW_MS = 5 * 60 * 1000
"""How far ahead of the broker's clock a sender's may be."""

_ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class Identity:
    """What can be said of an event by name even where it is refused: each part only if it has its form."""

    source: str | None = None
    event_id: str | None = None
    type: str | None = None


class Valid(NamedTuple):
    """An event that may go on: the model that was checked, and the same content as JSON, to be cut into views."""

    event: Event
    document: dict[str, Any]
    kind: EventType


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that may not go on, and why."""

    identity: Identity
    faults: tuple[Fault, ...]


class Validator:
    """Checks records against the registry, directory and network; a second reading of a record decides the same."""

    def __init__(
        self,
        registry: Mapping[str, EventType],
        *,
        directory: Directory,
        network: Network,
        families: Mapping[str, Family],
    ) -> None:
        """`families` says which family's topic each topic name is."""
        self._registry = registry
        self._topics = {
            name: frozenset(topic for topic, family in families.items() if family is kind.family)
            for name, kind in registry.items()
        }
        self._senders = {
            name: frozenset(agency for agency in network.organisations if network.kind_of(agency) in kind.publishers)
            for name, kind in registry.items()
        }
        known = _known(directory, network)
        self._parties = known[Names.PARTY]
        self._named = {name: _tree(_named_parties(kind.model), known) for name, kind in registry.items()}

    def validate(self, record: Record, *, signer: str | None, fault: Fault | None) -> Valid | Refused:
        """Check `record`, signed by agency `signer`; `fault` is what verification already found, if anything."""
        document = _parse(record.value)
        if isinstance(document, Fault):
            return Refused(Identity(), (fault or document,))
        checked = self._checked(record, document, signer) if fault is None else (fault,)
        return checked if isinstance(checked, Valid) else Refused(self._identity(document), checked)

    def _checked(self, record: Record, document: dict[str, Any], signer: str | None) -> Valid | tuple[Fault, ...]:
        name = document.get("type")
        kind = self._registry.get(name) if isinstance(name, str) else None
        if kind is None:
            return (Fault(FaultCode.UNKNOWN_TYPE, "type"),)
        misplaced = self._misplaced(record, kind, signer or "")
        if misplaced is not None:
            return (misplaced,)
        try:
            event = kind.model.__pydantic_validator__.validate_json(record.value or b"")
        except ValidationError as wrong:
            return tuple(_faults(wrong))
        return tuple(self._false(record, event, document, kind, signer or "")) or Valid(event, document, kind)

    def _identity(self, document: dict[str, Any]) -> Identity:
        source, event_id, name = document.get("source"), document.get("id"), document.get("type")
        return Identity(
            source=source if isinstance(source, str) and source in self._parties else None,
            event_id=event_id if isinstance(event_id, str) and _ID.match(event_id) else None,
            type=name if isinstance(name, str) and name in self._registry else None,
        )

    def _misplaced(self, record: Record, kind: EventType, signer: str) -> Fault | None:
        if record.topic not in self._topics[kind.name]:
            return Fault(FaultCode.WRONG_TOPIC, "type")
        if signer not in self._senders[kind.name]:
            return Fault(FaultCode.NOT_YOURS_TO_SEND, "type")
        return None

    def _false(
        self, record: Record, event: Event, document: dict[str, Any], kind: EventType, signer: str
    ) -> Iterable[Fault]:
        if agency_of(event.source) != signer:
            yield Fault(FaultCode.NOT_THE_SIGNERS_SOURCE, "source")
        if record.key != event.subject.encode():
            yield Fault(FaultCode.KEY_IS_NOT_SUBJECT, "subject")
        if event.time.timestamp() * 1000 > record.timestamp + CLOCK_SKEW_MS:
            yield Fault(FaultCode.TIME_IN_FUTURE, "time")
        named = self._named[event.type]
        if not _all_known(document, named):
            for path in _strangers(document, named):
                yield Fault(FaultCode.UNKNOWN_ORGANISATION, ".".join(path))
        if kind.family is Family.RECEIPTS and not _is_own_delivery(event):
            yield Fault(FaultCode.NOT_A_DELIVERY, "data.delivery")


def _parse(value: bytes | None) -> dict[str, Any] | Fault:
    if value is None:
        return Fault(FaultCode.EMPTY)
    if len(value) > MAX_EVENT_BYTES:
        return Fault(FaultCode.TOO_LARGE)
    try:
        document = jiter.from_json(value, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as wrong:
        return Fault(_why_not_json(value, str(wrong)))
    return document if isinstance(document, dict) else Fault(FaultCode.NOT_JSON)


def _why_not_json(value: bytes, message: str) -> FaultCode:
    # The message may quote a key, which may hold a child's data: it is read here and goes no further.
    if not _is_utf8(value):
        return FaultCode.NOT_UTF8
    if message.startswith("Detected duplicate key"):
        return FaultCode.DUPLICATE_KEY
    if message.startswith("recursion limit exceeded"):
        return FaultCode.TOO_DEEP
    try:
        jiter.from_json(value, allow_inf_nan=True, catch_duplicate_keys=True)
    except ValueError:
        return FaultCode.NOT_JSON
    return FaultCode.NOT_A_NUMBER


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


_CODES = {"missing": FaultCode.FIELD_MISSING, "extra_forbidden": FaultCode.FIELD_UNKNOWN}


def _faults(wrong: ValidationError) -> Iterable[Fault]:
    """At most sixteen faults: enough to mend an event, too few to flood a dead letter."""
    details = wrong.errors(include_input=False, include_context=False, include_url=False)
    for detail in details[:16]:
        location = [str(part) for part in detail["loc"]]
        if detail["type"] == "extra_forbidden":
            location[-1] = "*"  # the sender's own word, which may be a name
        yield Fault(_CODES.get(detail["type"], FaultCode.FIELD_INVALID), ".".join(location), detail["type"])


def _is_own_delivery(event: Event) -> bool:
    data: Any = event.data
    return bool(data.delivery == delivery_id(data.original.source, data.original.id, event.source))


Path = tuple[str, ...]


def _named_parties(model: type[BaseModel], path: Path = ()) -> Iterable[tuple[Path, Names]]:
    """Paths of all fields that name an organisation or a school; `*` stands for each item of a list."""
    for name, field in model.model_fields.items():
        for metadata in field.metadata:
            if isinstance(metadata, Names):
                yield (*path, name), metadata
        yield from _named_within(field.annotation, (*path, name))


def _named_within(annotation: Any, path: Path) -> Iterable[tuple[Path, Names]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _named_parties(annotation, path)
        return
    inside = (*path, "*") if get_origin(annotation) in (tuple, list, frozenset, set) else path
    for metadata in getattr(annotation, "__metadata__", ()):
        if isinstance(metadata, Names):
            yield path, metadata
    for argument in get_args(annotation):
        if argument is not Ellipsis:
            yield from _named_within(argument, inside)


Tree = tuple[tuple[str, Any], ...]
"""Fields that lead to names: each with the names that there are, or with the fields below it."""


def _known(directory: Directory, network: Network) -> dict[Names, frozenset[str]]:
    agencies = frozenset(directory.organisations) | frozenset(network.organisations)
    schools = frozenset(directory.schools)
    return {
        Names.AGENCY: agencies,
        Names.SOCIAL_SERVICES: frozenset(a for a in agencies if directory.kind_of(a) is Kind.SOCIAL_SERVICES),
        Names.SCHOOL: schools,
        Names.PARTY: frozenset(map(agency_uri, agencies - {SCHOOLS})) | frozenset(map(school_uri, schools)),
    }


def _tree(paths: Iterable[tuple[Path, Names]], known: Mapping[Names, frozenset[str]]) -> Tree:
    branches: dict[str, list[tuple[Path, Names]]] = {}
    leaves: dict[str, frozenset[str]] = {}
    for path, names in paths:
        first, *rest = (step for step in path if step != "*")
        if rest:
            branches.setdefault(first, []).append((tuple(rest), names))
        else:
            leaves[first] = known[names]
    return (*leaves.items(), *((name, _tree(below, known)) for name, below in branches.items()))


def _all_known(node: dict[str, Any], tree: Tree) -> bool:
    """Whether every name below `node` is one that there is: the quick look, which nearly every event passes."""
    for field, below in tree:
        value = node.get(field)
        if value is None:
            continue
        many = value if type(value) is list else (value,)
        if type(below) is frozenset:
            if not below.issuperset(many):
                return False
        elif not all(_all_known(item, below) for item in many):
            return False
    return True


def _strangers(node: dict[str, Any], tree: Tree) -> Iterable[Path]:
    """Paths of the names that there are not."""
    for field, below in tree:
        value = node.get(field)
        many = value if isinstance(value, list) else [] if value is None else [value]
        for item in many:
            step = (field, "*") if isinstance(value, list) else (field,)
            if isinstance(below, frozenset):
                if item not in below:
                    yield step
            else:
                yield from ((*step, *rest) for rest in _strangers(item, below))
