"""Turns the rows of the policy's rule files into rules, and refuses a row that names what there isn't or may not be."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from contracts.event_type import EventType
from contracts.kinds import Kind
from contracts.registry import REGISTRY
from contracts.sharing import Sharing
from contracts.topics import Family
from hub.fields import Field, field_at, fields_of
from hub.policy_rows import OF_KIND, Agreement, Basis, RuleRow, RulesFile, View
from hub.policy_text import Placed, PolicyRefused, PolicyText, placed
from hub.relations import RELATIONS, About, Relation, relation

NAMELESS = frozenset({Sharing.CASE, Sharing.STAGE, Sharing.CONTACT})
"""Classes that tell nobody whose child it is."""

FIELDS: Mapping[str, Mapping[str, Field]] = {
    name: fields_of(kind.model.model_fields["data"].annotation)  # type: ignore[arg-type]
    for name, kind in REGISTRY.items()
}
"""The fields of `data` of each event type."""

MAX_VIEW_NAME = 64
"""Of `contracts.delivery.View`."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule, ready to be applied."""

    id: str
    """`<file>#<id in the file>`."""
    relation: Relation
    basis: str
    agreement: Agreement
    views: Mapping[str, str]
    """Name of the view for each kind that it tells (plain strings: an enumeration's hash is slow)."""
    by_roll: bool
    """Whether a school is told only if a child of the event is on its roll."""
    unless_shielded: bool
    when: Callable[[Any], bool] | None
    """Reads from an event's data whether the rule is called for."""
    when_path: str
    """The field that `when` reads; empty without one."""
    why: str


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What the policy says of one event type."""

    children: About
    rules: tuple[Rule, ...]
    """In the file's order: the first that fits a recipient decides."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What rules may name."""

    bases: Mapping[str, Basis]
    agreements: Mapping[str, Agreement]
    views: Mapping[str, View]
    agencies: Mapping[str, Kind]

    def view_of_kind(self, kind: Kind) -> View:
        """The view that `view = "of-kind"` gives a kind."""
        return next(view for view in self.views.values() if view.of_kind and kind in view.kinds)


def read_rules(text: PolicyText, known: Vocabulary) -> tuple[dict[str, TypeRules], dict[str, View]]:
    """The rules of each event type that agencies publish, and the views that rules cut further."""
    found: dict[str, list[Rule]] = {name: [] for name, kind in REGISTRY.items() if kind.publishers}
    narrowed: dict[str, View] = {}
    ids: dict[str, Path] = {}
    for at in _rows(text):
        if at.row.id in ids:
            raise at.refuse("id", f'rule "{at.row.id}" is there twice', f"See {ids[at.row.id].name}; rename one.")
        ids[at.row.id] = at.path
        for kind in _types(at):
            rule, own_views = _RuleMaker(at, kind, known).make()
            found[kind.name].append(rule)
            narrowed |= own_views
    for name, rules in found.items():
        if not rules:
            raise _silent(text, REGISTRY[name])
    types = {name: TypeRules(children_of(name), tuple(rules)) for name, rules in found.items()}
    return types, narrowed


def children_of(event_type: str) -> About:
    """Whom events of a type are about."""
    fields = FIELDS[event_type]
    return "many" if "children" in fields else "one" if "child" in fields else "none"


def has_field(event_type: str, written: str) -> bool:
    """Whether a path such as `data.children.reasons` names a field of the type."""
    return field_at(FIELDS[event_type], written.split(".")[1:]) is not None


def listed(wanted: str, there: Iterable[str]) -> str:
    """The remedy for a name that isn't there: the nearest, or all."""
    names = sorted(there)
    near = difflib.get_close_matches(wanted, names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."


def no_field(written: str) -> str:
    """The rule that an unknown field path breaks."""
    return f'no field "{written}"'


FIELD_REMEDY = "Take the path from the type's model (contracts/events), from data down, without list indexes."


def _rows(text: PolicyText) -> Iterator[Placed[RuleRow]]:
    for path in text.rules:
        if path.stem not in set(Family):
            families = ", ".join(f"{family}.toml" for family in Family)
            raise PolicyRefused(path, None, "no family of events has this name", remedy=f"There are: {families}.")
        yield from placed(text, path, "rule", text.parse(path, RulesFile).rule)


def _types(at: Placed[RuleRow]) -> Iterator[EventType]:
    family = at.path.stem
    prefix = f"wales.child-protection.{family}."
    for written in at.row.types:
        kind = REGISTRY.get(prefix + written)
        if kind is None:
            there = [name.removeprefix(prefix) for name, kind in REGISTRY.items() if kind.family == family]
            raise at.refuse("type", f'no type "{written}" in {family}', listed(written, there))
        if not kind.publishers:
            raise at.refuse("type", f'the hub alone sends "{written}"', "Take it out: nobody else is told of it.")
        yield kind


def _silent(text: PolicyText, kind: EventType) -> PolicyRefused:
    path = text.folder / "rules" / f"{kind.family}.toml"
    short = kind.name.removeprefix(f"wales.child-protection.{kind.family}.")
    return PolicyRefused(path, None, f'no rule for "{short}"', remedy="Add a [[rule]] that says who is told.")


class _RuleMaker:
    """One row for one event type, on its way to a rule."""

    def __init__(self, at: Placed[RuleRow], kind: EventType, known: Vocabulary) -> None:
        self._at = at
        self._row = at.row
        self._kind = kind
        self._known = known

    def make(self) -> tuple[Rule, dict[str, View]]:
        """The rule, if it holds together, and the views that it cuts for itself."""
        named = self._relation()
        kinds = named.kinds if self._row.kinds is None else named.kinds & self._row.kinds
        if not kinds:
            raise self._at.refuse("kinds", f"{named.name} names none of these kinds", f"Of {_words(named.kinds)}.")
        agreement = self._agreement(kinds)
        views = {kind: self._view(kind, named) for kind in kinds}
        rule = Rule(
            id=f"{self._at.path.name}#{self._row.id}",
            relation=named,
            basis=self._row.basis,
            agreement=agreement,
            views={kind.value: view.id for kind, view in views.items()},
            by_roll=Kind.SCHOOLS in views and views[Kind.SCHOOLS].own_roll,
            unless_shielded="shielded" in self._row.unless,
            when=self._condition(),
            when_path=self._row.when or "",
            why=self._row.why,
        )
        return rule, {view.id: view for view in views.values() if view.id not in self._known.views}

    def _relation(self) -> Relation:
        wanted = self._row.tell
        found = relation(wanted, self._known.agencies)
        if found is None and wanted.startswith("agency:"):
            agency = wanted.partition(":")[2]
            raise self._at.refuse("tell", f'no agency "{agency}"', listed(agency, self._known.agencies))
        if found is None:
            raise self._at.refuse("tell", f'no relation "{wanted}"', listed(wanted, RELATIONS))
        for name in found.needs:
            if name not in FIELDS[self._kind.name]:
                remedy = f"Events of this type have no data.{name}; tell somebody else."
                raise self._at.refuse("tell", f"{wanted} names nobody in {self._kind.name}", remedy)
        return found

    def _agreement(self, kinds: frozenset[Kind]) -> Agreement:
        row, agreements = self._row, self._known.agreements
        if row.basis not in self._known.bases:
            raise self._at.refuse("basis", f'no basis "{row.basis}"', listed(row.basis, self._known.bases))
        agreement = agreements.get(row.agreement)
        if agreement is None:
            raise self._at.refuse("agreement", f'no agreement "{row.agreement}"', listed(row.agreement, agreements))
        if row.basis not in agreement.basis:
            remedy = f"It rests on {', '.join(agreement.basis)}."
            raise self._at.refuse("basis", f"{agreement.id} does not rest on {row.basis}", remedy)
        if outside := (kinds | self._kind.publishers) - agreement.parties:
            remedy = "Name an agreement that those who send and those who are told have signed."
            raise self._at.refuse("agreement", f"{agreement.id} is not signed by {_words(outside)}", remedy)
        return agreement

    def _view(self, kind: Kind, named: Relation) -> View:
        wanted, views = self._row.view, self._known.views
        if wanted != OF_KIND and wanted not in views:
            raise self._at.refuse("view", f'no view "{wanted}"', listed(wanted, (*views, OF_KIND)))
        view = self._known.view_of_kind(kind) if wanted == OF_KIND else views[wanted]
        if kind not in view.kinds:
            raise self._at.refuse("view", f'"{view.id}" may not be given to {kind}', f"It is for {_words(view.kinds)}.")
        if kind is Kind.SCHOOLS and not self._keeps_to_the_roll(view, named):
            remedy = "Give it a view with own_roll = true, or one that says nothing of the child."
            raise self._at.refuse("view", f'"{view.id}" would show a school the children of others', remedy)
        return self._narrowed(view)

    def _keeps_to_the_roll(self, view: View, named: Relation) -> bool:
        about = children_of(self._kind.name)
        if about == "none" or view.own_roll or view.shows <= NAMELESS:
            return True
        return about == "one" and named.of_child

    def _narrowed(self, view: View) -> View:
        row = self._row
        for key in ("withhold", "own"):
            for written in getattr(row, key):
                if not has_field(self._kind.name, written):
                    raise self._at.refuse(key, no_field(written), FIELD_REMEDY)
        if not row.withhold and not row.own:
            return view
        name = f"{view.id}--{row.id}"
        if len(name) > MAX_VIEW_NAME:
            raise self._at.refuse("id", "the id is too long to name a view of the rule's own", "Shorten it.")
        paths = {"withhold": (*view.withhold, *row.withhold), "own": (*view.own, *row.own)}
        return view.model_copy(update={"id": name, "of_kind": False, **paths})

    def _condition(self) -> Callable[[Any], bool] | None:
        written = self._row.when
        if written is None:
            return None
        holder: Any = self._kind.model.model_fields["data"].annotation
        for step in written.split(".")[1:]:
            info = getattr(holder, "model_fields", {}).get(step)
            holder = info.annotation if info is not None else None
        if holder is not bool:
            remedy = "Name one of the type's model (contracts/events)."
            raise self._at.refuse("when", f'no yes-or-no field "{written}"', remedy)
        return attrgetter(written.removeprefix("data."))


def _words(kinds: Iterable[Kind]) -> str:
    return ", ".join(sorted(kinds))
