"""The sharing policy as flat tables: one line for each event type, rule and kind of recipient."""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

from contracts.directory import Directory
from hub.audit.relations import Word, word
from hub.errors import StartRefused

PACKAGED = Path(__file__).parents[1] / "policy"

TYPE = "wales.child-protection.{}.{}"


@dataclass(frozen=True, slots=True)
class View:
    """What recipients of it see."""

    name: str
    shows: frozenset[str]
    own_roll: bool
    hide_when_shielded: frozenset[str]
    withhold: frozenset[str]
    withhold_when_shielded: frozenset[str]
    own: frozenset[str]
    agreed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is told, of one event type."""

    id: str
    relation: str
    word: Word
    basis: str
    agreement: str
    starts: date
    ends: date
    when: tuple[str, ...]
    """The path of a field that must say yes; empty: always."""
    unless_shielded: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what a kind of recipient gets by a rule."""

    rule: Rule
    kind: str
    view: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The tables."""

    version: str
    rules: Mapping[str, tuple[Rule, ...]]
    """By event type, in the file's order."""
    lines: Mapping[tuple[str, str, str], Line]
    """By event type, rule id and kind."""
    views: Mapping[str, View]

    @classmethod
    def read(cls, folder: Path | None, directory: Directory) -> Self:
        """The policy in a folder, or the packaged one; raises StartRefused where it isn't one."""
        files = _Files(folder or PACKAGED)
        kinds = {agency: found.kind.value for agency, found in directory.organisations.items()}
        try:
            tables = _Tables(files, kinds)
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise StartRefused(
                f"{files.folder}: no policy that can be audited ({type(wrong).__name__}); run `dolen policy check`"
            ) from None
        return cls(
            files.version,
            {event_type: tuple(rules) for event_type, rules in tables.rules.items()},
            tables.lines,
            tables.views,
        )


class _Files:
    """The texts of a policy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        digest = hashlib.sha256()
        self._texts: dict[str, str] = {}
        for path in sorted(folder.rglob("*.toml")):
            name, text = path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")
            self._texts[name] = text
            digest.update(f"{name}\n{len(text)}\n{text}\n".encode())
        self.version = digest.hexdigest()[:16]

    def rows(self, name: str, table: str) -> Iterable[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = tomllib.loads(self._texts[name])[table]
        return rows

    def rule_rows(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each row with its family."""
        for name in self._texts:
            folder, _, file = name.rpartition("/")
            if folder == "rules":
                for row in self.rows(name, "rule"):
                    yield file.removesuffix(".toml"), row


@dataclass(slots=True)
class _Tables:
    files: _Files
    kinds: Mapping[str, str]
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    lines: dict[tuple[str, str, str], Line] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)

    def __post_init__(self) -> None:
        of_kind: dict[str, str] = {}
        may: dict[str, set[str]] = {}
        for row in self.files.rows("views.toml", "view"):
            self.views[row["id"]] = _view(row)
            may[row["id"]] = set(row["for"])
            if row.get("of_kind"):
                of_kind |= dict.fromkeys(row["for"], row["id"])
        agreements = {row["id"]: row for row in self.files.rows("agreements.toml", "agreement")}
        for family, row in self.files.rule_rows():
            rule = _rule(family, row, agreements[row["agreement"]], word(row["tell"], self.kinds))
            told = rule.word.kinds.intersection(row.get("kinds", rule.word.kinds))
            given = {kind: of_kind[kind] if row["view"] == "of-kind" else row["view"] for kind in told}
            if any(kind not in may[view] for kind, view in given.items()):
                raise ValueError("a view is given to whom it is not for")
            for event_type in [row["type"]] if isinstance(row["type"], str) else row["type"]:
                self._add(TYPE.format(family, event_type), rule, row, given)

    def _add(self, event_type: str, rule: Rule, row: Mapping[str, Any], given: Mapping[str, str]) -> None:
        self.rules.setdefault(event_type, []).append(rule)
        for kind, view in given.items():
            self.lines[event_type, rule.id, kind] = Line(rule, kind, self._narrowed(self.views[view], row))

    def _narrowed(self, view: View, row: Mapping[str, Any]) -> str:
        """The view, or one of the rule's own where it withholds more or shows own entries."""
        withhold, own = frozenset(row.get("withhold", ())), frozenset(row.get("own", ()))
        if not withhold and not own:
            return view.name
        name = f"{view.name}--{row['id']}"
        self.views[name] = replace(view, name=name, withhold=view.withhold | withhold, own=view.own | own)
        return name


def _view(row: Mapping[str, Any]) -> View:
    return View(
        name=row["id"],
        shows=frozenset(row["shows"]),
        own_roll=row.get("own_roll", False),
        hide_when_shielded=frozenset(row.get("hide_when_shielded", ())),
        withhold=frozenset(row.get("withhold", ())),
        withhold_when_shielded=frozenset(row.get("withhold_when_shielded", ())),
        own=frozenset(row.get("own", ())),
        agreed=dict(row.get("agreed", {})),
    )


def _rule(family: str, row: Mapping[str, Any], agreement: Mapping[str, Any], named: Word) -> Rule:
    return Rule(
        id=f"{family}.toml#{row['id']}",
        relation=row["tell"],
        word=named,
        basis=row["basis"],
        agreement=agreement["id"],
        starts=agreement["from"],
        ends=agreement["ends"],
        when=tuple(row["when"].split(".")) if "when" in row else (),
        unless_shielded="shielded" in row.get("unless", ()),
    )
