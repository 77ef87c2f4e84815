"""Decides what one recipient sees of an event: the classes of its view, its own children, its own entries, no more.

A plan for each event type and view is made once from the models' classes. It names the fields that are shown; a field
that it doesn't name is dropped, known or not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from contracts.parties import school_of
from contracts.sharing import Sharing
from hub.fields import Field
from hub.policy_file import Policy
from hub.policy_rows import View
from hub.policy_rules import FIELDS, children_of
from hub.relations import NO_DESK

Part = dict[str, Any]
"""A JSON object."""
Cut = Callable[[Part], Part]
"""Makes what is shown of a part."""
Plan = Callable[[Part, str], Part]
"""Makes what a recipient is shown of an event's `data`."""
Conditions = tuple[tuple[Sharing, str], ...]
"""Classes that are shown beside a field of that name which says yes."""


class Views:
    """The plans of one policy, made once."""

    def __init__(self, policy: Policy) -> None:
        self._plans: dict[tuple[str, str], Plan] = {}
        for event_type, listed in policy.types.items():
            for name in {name for rule in listed.rules for name in rule.views.values()}:
                self._plans[event_type, name] = plan_of(event_type, policy.views[name])

    def minimise(self, event_type: str, data: Part, view: str, recipient: str) -> Part:
        """What `recipient` sees of `data`, the parsed JSON of a valid event of that type, in that view.

        A new object; values that are shown unchanged are shared with `data`, which is never changed. Raises KeyError
        for a view that no rule gives for the type.
        """
        return self._plans[event_type, view](data, recipient)


def delivered_subject(event_data: Part, recipient: str, subject: str) -> str:
    """The subject that a notification carries: the event's, or where that child isn't shown, the first that is.

    `event_data` is what the recipient sees (`Views.minimise`); of whole data, a school is shown its own children.
    """
    items = event_data.get("children")
    if not items:
        return subject
    school = school_of(recipient)
    children = [item["child"] for item in items]
    own = [child["reference"] for child in children if school is not None and _school_of_child(child) == school]
    shown = own or [child["reference"] for child in children]
    return subject if subject in shown else shown[0]


def plan_of(event_type: str, view: View) -> Plan:
    """The plan of a view for an event type."""
    always = _plan_where(event_type, view, shielded=False)
    if not view.hide_when_shielded and not view.withhold_when_shielded:
        return always
    shielded = _plan_where(event_type, view, shielded=True)
    return lambda data, recipient: (shielded if _is_shielded(data) else always)(data, recipient)


def _plan_where(event_type: str, view: View, *, shielded: bool) -> Plan:
    """The plan for events of which a child is shielded, or none is."""
    fields = FIELDS[event_type]
    shows = view.shows - view.hide_when_shielded if shielded else view.shows
    hidden = view.hide_when_shielded if shielded else frozenset[Sharing]()
    withheld = frozenset((*view.withhold, *(view.withhold_when_shielded if shielded else ())))
    agreed = tuple((sharing, name) for sharing, name in view.agreed.items() if sharing not in hidden)
    cut = _Cutter(withheld).cut(fields, "data", shows, agreed) or _nothing
    own_lists = tuple(_own_lists(fields, view, withheld, shows))
    if view.own_roll and children_of(event_type) == "many":
        return lambda data, recipient: _own(own_lists, data, recipient, cut(_with_own_children(data, recipient)))
    if own_lists:
        return lambda data, recipient: _own(own_lists, data, recipient, cut(data))
    return lambda data, recipient: cut(data)


class _Cutter:
    """Makes cuts: each names the fields of a part that are shown, and what is shown of those."""

    def __init__(self, withheld: frozenset[str]) -> None:
        self._withheld = withheld

    def cut(self, fields: Mapping[str, Field], path: str, shows: frozenset[Sharing], agreed: Conditions) -> Cut | None:
        """The cut of a part at a path; None where nothing of it is shown."""
        for condition in agreed:
            sharing, name = condition
            if name in fields:
                rest = tuple(other for other in agreed if other is not condition)
                opened = self.cut(fields, path, shows | {sharing}, rest)
                closed = self.cut(fields, path, shows, rest)
                return None if opened is None else _if_agreed(name, opened, closed or _nothing)
        fates = dict(self._fates(fields, path, shows, agreed))
        return _cut_by(fates) if fates else None

    def _fates(
        self, fields: Mapping[str, Field], path: str, shows: frozenset[Sharing], agreed: Conditions
    ) -> Iterator[tuple[str, Cut | None]]:
        """The fields that are shown, each with its own cut; None shows a value as it is."""
        for name, field in fields.items():
            below = f"{path}.{name}"
            if below in self._withheld:
                continue
            if field.sharing is not None and not any(path.startswith(f"{below}.") for path in self._withheld):
                # One class for all that is below: shown as it is.
                if field.sharing in shows:
                    yield name, None
            elif (cut := self.cut(field.parts, below, shows, agreed)) is not None:
                yield name, cut


def _cut_by(fates: Mapping[str, Cut | None]) -> Cut:
    if not any(fates.values()):
        names = frozenset(fates)
        return lambda part: {name: value for name, value in part.items() if name in names}

    def cut(part: Part) -> Part:
        shown: Part = {}
        for name, value in part.items():
            if name in fates:
                inside = fates[name]
                if inside is None or value is None:
                    shown[name] = value
                elif type(value) is list:
                    shown[name] = [inside(item) for item in value]
                else:
                    shown[name] = inside(value)
        return shown

    return cut


def _if_agreed(name: str, opened: Cut, closed: Cut) -> Cut:
    return lambda part: (opened if part.get(name) is True else closed)(part)


def _nothing(part: Part) -> Part:
    return {}


def _own_lists(
    fields: Mapping[str, Field], view: View, withheld: frozenset[str], shows: frozenset[Sharing]
) -> Iterator[tuple[str, Cut]]:
    """Lists of which the recipient sees its own entries, since the view doesn't show them all."""
    for path in view.own:
        name = path.removeprefix("data.")
        field = fields.get(name)
        if field is None or field.sharing is None or field.sharing in shows or path in withheld:
            continue
        yield name, _Cutter(withheld).cut(field.parts, path, frozenset({field.sharing}), ()) or _nothing


def _own(lists: tuple[tuple[str, Cut], ...], data: Part, recipient: str, shown: Part) -> Part:
    """Puts the recipient's own entries of those lists to what is shown."""
    for name, cut in lists:
        if entries := [cut(entry) for entry in data.get(name) or () if entry["party"] == recipient]:
            shown[name] = entries
    return shown


def _with_own_children(data: Part, recipient: str) -> Part:
    """The data with the children of one school, or with those that an education desk stands in for."""
    school = school_of(recipient)
    if school is not None:
        own = [item for item in data["children"] if _school_of_child(item["child"]) == school]
    else:
        conflicts = data.get("conflicts_of_interest") or ()
        own = [item for item in data["children"] if _is_for_desk(item["child"], conflicts)]
    return {**data, "children": own}


def _is_for_desk(child: Part, conflicts: Iterable[str]) -> bool:
    education = child.get("education")
    if education is None:
        return False
    school = education.get("school")
    return education["status"] not in NO_DESK if school is None else f"/schools/{school}" in conflicts


def _school_of_child(child: Part) -> str | None:
    education = child.get("education")
    return education.get("school") if education is not None else None


def _is_shielded(data: Part) -> bool:
    """Whether a child of the event is shielded: then all are, since brothers and sisters live at one address."""
    items = data.get("children")
    if items is not None:
        return any(item["child"].get("shielded") for item in items)
    child = data.get("child")
    return child is not None and bool(child.get("shielded"))
