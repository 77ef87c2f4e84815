"""Which sharing policy is in force: reads its files and refuses what doesn't hold together, with file and line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contracts.directory import Directory
from contracts.kinds import Kind
from hub.fields import Field
from hub.policy_rows import Agreement, AgreementsFile, BasesFile, Basis, View, ViewsFile
from hub.policy_rules import FIELD_REMEDY, FIELDS, TypeRules, Vocabulary, has_field, listed, no_field, read_rules
from hub.policy_text import Placed, PolicyRefused, PolicyText, placed

PACKAGED = Path(__file__).parent / "policy"

HAVE_A_ROLL = frozenset({Kind.SCHOOLS, Kind.EDUCATION})


@dataclass(frozen=True, eq=False)
class Policy:
    """A sharing policy that holds together."""

    version: str
    """First 16 hexadecimal digits of the SHA-256 over the files."""
    bases: Mapping[str, Basis]
    agreements: Mapping[str, Agreement]
    views: Mapping[str, View]
    """By name; a view that a rule cuts further is there too, as `<view>--<rule>`."""
    types: Mapping[str, TypeRules]
    """By event type; the hub's own receipts are not there."""

    @classmethod
    def load(cls, directory: Directory, path: Path | None = None, *, drafted: Mapping[str, str] | None = None) -> Self:
        """The policy in the folder `path`, or the packaged one; raises `PolicyRefused`.

        `drafted` are texts that stand in the place of its files, by their names below the folder.
        """
        text = PolicyText(path or PACKAGED, drafted)
        bases = _bases(text)
        agreements = _agreements(text, bases)
        views = _views(text)
        agencies = {organisation.id: organisation.kind for organisation in directory.organisations.values()}
        types, narrowed = read_rules(text, Vocabulary(bases, agreements, views, agencies))
        return cls(text.version, bases, agreements, {**views, **narrowed}, types)


def _bases(text: PolicyText) -> dict[str, Basis]:
    path = text.folder / "bases.toml"
    found: dict[str, Basis] = {}
    for at in placed(text, path, "basis", text.parse(path, BasesFile).basis):
        if at.row.id in found:
            raise _twice(at, at.row.id)
        found[at.row.id] = at.row
    return found


def _agreements(text: PolicyText, bases: Mapping[str, Basis]) -> dict[str, Agreement]:
    path = text.folder / "agreements.toml"
    found: dict[str, Agreement] = {}
    for at in placed(text, path, "agreement", text.parse(path, AgreementsFile).agreement):
        if at.row.id in found:
            raise _twice(at, at.row.id)
        if at.row.ends < at.row.starts:
            raise at.refuse("ends", "the agreement ends before it starts", "Give the last day on which it holds.")
        for basis in at.row.basis:
            if basis not in bases:
                raise at.refuse("basis", f'no basis "{basis}"', listed(basis, bases))
        found[at.row.id] = at.row
    return found


def _views(text: PolicyText) -> dict[str, View]:
    path = text.folder / "views.toml"
    found: dict[str, View] = {}
    served: set[Kind] = set()
    for at in placed(text, path, "view", text.parse(path, ViewsFile).view):
        if at.row.id in found:
            raise _twice(at, at.row.id)
        _check_paths(at)
        if at.row.of_kind and not served.isdisjoint(at.row.kinds):
            raise at.refuse("of_kind", "another view is of_kind for the same kind", "Leave one for each kind.")
        if at.row.own_roll and not at.row.kinds <= HAVE_A_ROLL:
            remedy = "Schools have rolls, and education desks stand in for them."
            raise at.refuse("own_roll", "own_roll is for schools and education alone", remedy)
        served |= at.row.kinds if at.row.of_kind else frozenset()
        found[at.row.id] = at.row
    if missing := ", ".join(sorted(set(Kind) - served)):
        raise PolicyRefused(path, None, f"no view is of_kind for {missing}", remedy="Write of_kind = true in one.")
    return found


def _check_paths(at: Placed[View]) -> None:
    """A view is for many types: what it names must be a field of at least one."""
    for key in ("withhold", "withhold_when_shielded", "own"):
        for written in getattr(at.row, key):
            if not any(has_field(name, written) for name in FIELDS):
                raise at.refuse(key, no_field(written), FIELD_REMEDY)
    for written in at.row.agreed.values():
        if not any(_has(fields, written) for fields in FIELDS.values()):
            raise at.refuse("agreed", no_field(written), "Name the field alone, without what it is in.")


def _has(fields: Mapping[str, Field], name: str) -> bool:
    return name in fields or any(_has(field.parts, name) for field in fields.values())


def _twice(at: Placed[Basis] | Placed[Agreement] | Placed[View], name: str) -> PolicyRefused:
    return at.refuse("id", f'"{name}" is there twice', "Rename one of the two.")
