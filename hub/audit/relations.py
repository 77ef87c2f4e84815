"""Whom each word of the policy names: a table of words, read against the JSON of one event and the directory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from contracts.directory import Area
from contracts.kinds import Kind

NO_DESK = frozenset({"below-school-age", "above-school-age"})


class Word(NamedTuple):
    """One word of the policy: the kinds that it can name, and how it is read."""

    kinds: frozenset[str]
    how: str
    """A way of `Case.parties`."""
    of: str = ""
    """The field of `data`, or the column of the area, that it is read from."""
    expected: bool = True
    """Whether the ledger must say so when it named nobody."""


@dataclass(frozen=True)
class Case:
    """What an event says that decides who is told."""

    source: str
    data: Mapping[str, Any]
    areas: Mapping[str, Area]
    """By social services."""
    parties: frozenset[str]
    """All that take part."""
    kinds: Mapping[str, str]
    """The kind of each agency that takes part."""

    @cached_property
    def children(self) -> Sequence[Mapping[str, Any]]:
        """The children that it is about."""
        if "children" in self.data:
            return [item["child"] for item in self.data["children"]]
        return [self.data["child"]] if "child" in self.data else []

    @cached_property
    def schools(self) -> Sequence[str]:
        """Their schools, as parties."""
        found = (education(child).get("school") for child in self.children)
        return list(dict.fromkeys(f"/schools/{number}" for number in found if number is not None))

    @property
    def conflicts(self) -> Sequence[str]:
        """Parties that must not be told."""
        return self.data.get("conflicts_of_interest") or ()

    @property
    def shielded(self) -> bool:
        """Whether a child is: then all are."""
        return any(child.get("shielded") for child in self.children)

    def named(self, word: Word) -> Sequence[str]:
        """The parties that a word names."""
        match word.how:
            case "agency":
                return _agencies(self.data.get(word.of))
            case "area":
                return self._of_area(self.data["responsible_authority"], word.of)
            case "sender's area":
                return self._of_area(self.source.removeprefix("/agencies/"), word.of)
            case "desk":
                wanted = getattr(self, f"_{word.of}")
                return self._of_area(self.data["responsible_authority"], "education") if wanted else ()
            case "school":
                number = self.data.get(word.of)
                return () if number is None else (f"/schools/{number}",)
            case "schools of children":
                return self.schools
            case "kind":
                return _agencies(*(agency for agency, kind in self.kinds.items() if kind == word.of))
            case "party":
                return (self.data[word.of],)
            case "parties":
                return self.data.get(word.of) or ()
            case "copies":
                return [copy["party"] for copy in self.data["copies"]]
            case "original":
                return (self.data["original"]["source"],)
            case "nobody":
                return ()
            case "this agency":
                return _agencies(word.of)
        raise AssertionError(word.how)

    def _of_area(self, social_services: str, column: str) -> Sequence[str]:
        area = self.areas.get(social_services)
        return () if area is None else _agencies(getattr(area, column))

    @property
    def _always(self) -> bool:
        return True

    @property
    def _for_a_child_without_school(self) -> bool:
        places = [education(child) for child in self.children if child.get("education") is not None]
        return any(place.get("school") is None and place["status"] not in NO_DESK for place in places)

    @property
    def _for_a_school_in_conflict(self) -> bool:
        return not set(self.schools).isdisjoint(self.conflicts)

    @property
    def _for_a_school_out_of_reach(self) -> bool:
        return not self.parties.issuperset(self.schools)


def education(child: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a child is educated, as far as that is there to be read."""
    found: Mapping[str, Any] = child.get("education") or {}
    return found


def word(name: str, agencies: Mapping[str, str]) -> Word:
    """The word of that name; raises KeyError for one that there isn't."""
    prefix, _, agency = name.partition(":")
    return Word(frozenset({agencies[agency]}), "this agency", agency) if prefix == "agency" else WORDS[name]


def _agencies(*names: str | None) -> Sequence[str]:
    return [f"/agencies/{name}" for name in names if name is not None]


_SOCIAL, _DESK = frozenset({"social-services"}), frozenset({"education"})
_POLICE, _HEALTH, _SCHOOLS = frozenset({"police"}), frozenset({"health"}), frozenset({"schools"})
_ALL = frozenset(kind.value for kind in Kind)

WORDS: Mapping[str, Word] = {
    "responsible-authority": Word(_SOCIAL, "agency", "responsible_authority"),
    "custodian": Word(_SOCIAL, "agency", "responsible_authority"),
    "receiving-authority": Word(_SOCIAL, "agency", "to_authority"),
    "home-authority": Word(_SOCIAL, "agency", "home_authority"),
    "police-of-area": Word(_POLICE, "area", "police"),
    "police-of-sender": Word(_POLICE, "sender's area", "police"),
    "health-board-of-area": Word(_HEALTH, "area", "health_board"),
    "health-board-of-sender": Word(_HEALTH, "sender's area", "health_board"),
    "probation": Word(frozenset({"probation"}), "kind", "probation"),
    "education-desk": Word(_DESK, "desk", "always"),
    "education-desk-of-child": Word(_DESK, "desk", "for_a_child_without_school", expected=False),
    "education-desk-for-school-in-conflict": Word(_DESK, "desk", "for_a_school_in_conflict", expected=False),
    "education-desk-for-school-out-of-reach": Word(_DESK, "desk", "for_a_school_out_of_reach", expected=False),
    "school-of-child": Word(_SCHOOLS, "schools of children"),
    "previous-school": Word(_SCHOOLS, "school", "previous_school"),
    "new-school": Word(_SCHOOLS, "school", "new_school"),
    "participants": Word(_ALL, "parties", "participants", expected=False),
    "core-group": Word(_ALL, "parties", "core_group", expected=False),
    "copy-holders": Word(_ALL, "copies"),
    "referrer": Word(_ALL, "party", "referrer"),
    "original-sender": Word(_ALL, "original"),
    "nobody": Word(_ALL, "nobody", expected=False),
}
"""What hub/policy/rules may write after `tell`."""
