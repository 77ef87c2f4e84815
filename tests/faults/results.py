"""What is kept of a campaign: a line of JSON each, so that several runs can make one table."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("lost", "doubled", "misdirected", "disordered", "broken")


@dataclass
class Row:
    """One fault's line."""

    times: int = 0
    inside: int = 0
    """Times at which a transaction was open."""
    events: int = 0
    """New ones that were sent meanwhile."""
    wrong: Counter[str] = field(default_factory=Counter)
    stall_s: float = 0.0
    """The longest time that one lane went without a commit."""
    recovery_s: float = 0.0
    """The longest time until every lane had committed again."""

    def add(self, other: "Row") -> None:
        """Take in another line of the same fault, or of another."""
        self.times, self.inside, self.events = (
            self.times + other.times,
            self.inside + other.inside,
            self.events + other.events,
        )
        self.wrong.update(other.wrong)
        self.stall_s, self.recovery_s = max(self.stall_s, other.stall_s), max(self.recovery_s, other.recovery_s)


@dataclass
class Result:
    """One campaign, judged."""

    day: str
    site: str
    rows: dict[str, Row]
    events: int
    """On the load's topic."""
    hostile: int
    sends: int
    unknown: int
    wrong: Counter[str]
    """All violations of the first verdict, those that no fault is blamed for among them."""
    audit_clean: bool
    audit: str
    restarts: list[str]
    left_out: dict[str, str]
    stuck: str = ""
    minutes: float = 0.0
    load_average: float = 0.0
    command: str = ""
    revision: str = ""
    said: str = ""
    """What the verdicts printed."""

    @property
    def clean(self) -> bool:
        """Whether both verdicts are, and every fault was recovered from."""
        return not self.stuck and self.audit_clean and not self.wrong.total()


@dataclass
class Control:
    """A hub built wrong on purpose, and whether it was caught."""

    command: str
    revision: str
    name: str
    caught_as: str
    count: int


def keep(file: Path | None, *kept: Result | Control) -> None:
    """Add to the file of results, where there is one."""
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps({type(one).__name__: one}, default=vars) + "\n" for one in kept)


def kept(file: Path) -> Iterable[Result | Control]:
    """All that a file of results holds."""
    for line in file.read_text(encoding="utf-8").splitlines():
        ((kind, content),) = json.loads(line).items()
        if kind == "Control":
            yield Control(**content)
            continue
        rows = {name: Row(**row | {"wrong": Counter(row["wrong"])}) for name, row in content.pop("rows").items()}
        yield Result(**content | {"wrong": Counter(content["wrong"])}, rows=rows)
