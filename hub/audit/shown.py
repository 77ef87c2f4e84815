"""Decides what a recipient must see of an event: a flat table of field paths for each event type and view."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from contracts.classification import contracts_in, sharing_of
from contracts.registry import REGISTRY
from hub.audit.policy import View
from hub.audit.relations import NO_DESK, education

Path = tuple[str, ...]
"""Names of fields from `data` down; a list adds nothing."""


class Consent(NamedTuple):
    """A field is shown where a part above it says so: how deep that part is, and its field that says yes."""

    depth: int
    field: str


Shown = dict[Path, tuple[Consent, ...]]
"""The fields that are shown: with no consent always, else where one of the consents is there."""


@dataclass(frozen=True)
class _Table:
    """One view of one event type."""

    shown: Shown
    own: frozenset[str]
    """Lists of which the recipient sees its own entries."""
    parts: frozenset[Path]
    """Fields that hold parts."""


class Tables:
    """The tables of a policy's views, each made when it is first asked for."""

    def __init__(self, views: Mapping[str, View]) -> None:
        self._views = views
        self._tables: dict[tuple[str, str, bool], _Table] = {}

    def data(self, event_type: str, data: Mapping[str, Any], view: str, recipient: str) -> dict[str, Any]:
        """What a recipient must see of the `data` of an event."""
        chosen = self._views[view]
        many = data.get("children")
        shielded = any(c.get("shielded") for c in ([i["child"] for i in many] if many else [data.get("child") or {}]))
        if chosen.own_roll and many is not None:
            data = {**data, "children": [item for item in many if _is_own(item["child"], recipient, data)]}
        table = self._table(event_type, chosen, shielded)
        seen = _seen(table, data, (), [])
        for name in table.own:
            seen.pop(name, None)
            entries = [entry for entry in data.get(name) or () if entry["party"] == recipient]
            if entries:
                seen[name] = [_seen(table, entry, (name,), [data]) for entry in entries]
        return seen

    def _table(self, event_type: str, view: View, shielded: bool) -> _Table:
        found = self._tables.get((event_type, view.name, shielded))
        if found is None:
            found = self._tables[event_type, view.name, shielded] = _table(event_type, view, shielded)
        return found


def subject(data: Mapping[str, Any], recipient: str, asked: str) -> str:
    """The subject that a notification must carry: a child that is shown in it, the event's own if it is."""
    children = [item["child"] for item in data.get("children") or ()]
    if recipient.startswith("/schools/"):
        number = recipient.removeprefix("/schools/")
        children = [child for child in children if education(child).get("school") == number] or children
    shown = [child["reference"] for child in children]
    return asked if not shown or asked in shown else str(shown[0])


def paths(data: Any) -> Iterator[Path]:
    """The field paths that a document has."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield (name,)
            yield from ((name, *below) for below in paths(value))
    elif isinstance(data, list):
        for item in data:
            yield from paths(item)


@cache
def classes(event_type: str) -> Mapping[Path, str | None]:
    """Each field of a type's `data` and the class of information that it belongs to; None: its parts have their own."""
    return dict(_classes(REGISTRY[event_type].model.model_fields["data"].annotation, (), None))


def _classes(model: Any, above: Path, inherited: str | None) -> Iterator[tuple[Path, str | None]]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return
    for name, info in model.model_fields.items():
        own = sharing_of(info)
        known = inherited or (own.value if own else None)
        yield (*above, name), known
        for part in contracts_in(info.annotation):
            yield from _classes(part, (*above, name), known)


def _table(event_type: str, view: View, shielded: bool) -> _Table:
    fields = classes(event_type)
    hidden = view.hide_when_shielded if shielded else frozenset[str]()
    withheld = view.withhold | (view.withhold_when_shielded if shielded else frozenset[str]())
    parts = frozenset(path[:-1] for path in fields if len(path) > 1)
    own = frozenset(_own(view, fields, view.shows - hidden, withheld))
    shown: Shown = {}
    for path, sharing in fields.items():
        if path in parts or any(".".join(("data", *path[:n])) in withheld for n in range(1, len(path) + 1)):
            continue
        consents = _consents(path, sharing, view, hidden, fields)
        if path[0] in own:
            consents = ()
        if consents is not None:
            _add(shown, path, consents)
    return _Table(shown, own, parts)


def _own(
    view: View, fields: Mapping[Path, str | None], shows: frozenset[str], withheld: frozenset[str]
) -> Iterator[str]:
    for path in view.own - withheld:
        name = path.removeprefix("data.")
        sharing = fields.get((name,))
        if sharing is not None and sharing not in shows:
            yield name


def _consents(
    path: Path, sharing: str | None, view: View, hidden: frozenset[str], fields: Mapping[Path, str | None]
) -> tuple[Consent, ...] | None:
    """What it takes for a field to be shown; None: it never is."""
    if sharing is None or sharing in hidden:
        return None
    if sharing in view.shows:
        return ()
    field = view.agreed.get(sharing)
    if field is None:
        return None
    depths = (depth for depth in range(len(path)) if (*path[:depth], field) in fields)
    depth = next(depths, None)
    return None if depth is None else (Consent(depth, field),)


def _add(shown: Shown, path: Path, consents: tuple[Consent, ...]) -> None:
    """Enter a field, and the parts that it is in: a part is there where something in it may be shown."""
    shown[path] = consents
    for length in range(1, len(path)):
        above = path[:length]
        wanted = tuple(consent for consent in consents if consent.depth < length)
        if above not in shown:
            shown[above] = wanted
        elif shown[above]:
            shown[above] = (*shown[above], *wanted) if wanted else ()


def _seen(table: _Table, part: Mapping[str, Any], path: Path, holders: list[Mapping[str, Any]]) -> dict[str, Any]:
    seen = {}
    holders = [*holders, part]
    for name, value in part.items():
        below = (*path, name)
        consents = table.shown.get(below)
        if consents is None or (consents and not any(holders[c.depth].get(c.field) is True for c in consents)):
            continue
        if below not in table.parts or value is None:
            seen[name] = value
        elif isinstance(value, list):
            seen[name] = [_seen(table, item, below, holders) for item in value]
        else:
            seen[name] = _seen(table, value, below, holders)
    return seen


def _is_own(child: Mapping[str, Any], recipient: str, data: Mapping[str, Any]) -> bool:
    """A school's own pupil; or a child for whom an education desk stands in."""
    place = education(child)
    number = place.get("school")
    if recipient.startswith("/schools/"):
        return number is not None and recipient == f"/schools/{number}"
    if number is not None:
        return f"/schools/{number}" in (data.get("conflicts_of_interest") or ())
    return bool(place) and place["status"] not in NO_DESK
