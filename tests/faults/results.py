"""What is kept of a campaign: a line of JSON each, so that several runs can make one table."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tests.faults.campaign import Campaign
from tests.faults.second import Second
from tests.rig import Verdict

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

    command: str
    revision: str
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


def result(
    done: Campaign,
    names: Sequence[str],
    found: Verdict,
    second: Second,
    by_step: dict[int, Counter[str]],
    **run: object,
) -> Result:
    """What came of a campaign whose first steps had these names."""
    rows: dict[str, Row] = defaultdict(Row)
    sent = Counter(done.journal.step_of.values())
    for step, name in enumerate(names):
        if name not in done.left_out:
            rows[name].add(Row(events=sent[step], wrong=by_step.get(step, Counter())))
    for strike in done.strikes:
        inside = int(strike.inside > 0)
        rows[strike.name].add(Row(1, inside, stall_s=strike.stall_s, recovery_s=strike.recovery_s))
    journal = done.journal
    return Result(
        day=str(date.today()),
        rows=dict(rows),
        events=found.inbound,
        hostile=journal.hostile,
        sends=journal.sends,
        unknown=journal.unknown,
        wrong=Counter({kind: len(getattr(found, kind)) for kind in KINDS}),
        audit_clean=second.clean,
        audit=second.words,
        restarts=done.restarts,
        left_out=done.left_out,
        stuck=done.stuck,
        **run,  # type: ignore[arg-type]
    )


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
