"""The table of what was done to the hub and what came of it, as the README shows it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.faults.campaign import Strike
from tests.faults.journal import Journal
from tests.faults.second import Second
from tests.rig import Verdict

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
HEAD = (
    "| fault | times | inside a transaction | events | lost | doubled | misdirected | out of order "
    "| longest stall, s | recovery, s |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass
class Round:
    """One campaign, judged."""

    strikes: list[Strike]
    names: list[str]
    """Of the steps, in order."""
    journal: Journal
    verdict: Verdict
    second: Second
    wrong: dict[int, Counter[str]]
    """Violations by step."""
    stuck: str = ""

    @property
    def clean(self) -> bool:
        """Whether both verdicts are, and every fault was recovered from."""
        return not self.stuck and self.verdict.clean and self.second.clean


@dataclass
class _Row:
    times: int = 0
    inside: int = 0
    events: int = 0
    wrong: Counter[str] | None = None
    stall: float = 0.0
    recovery: float = 0.0

    def __str__(self) -> str:
        wrong = self.wrong or Counter()
        cells = (
            *(self.times, self.inside, f"{self.events:,}", wrong["lost"], wrong["doubled"], wrong["misdirected"]),
            *(wrong["disordered"], f"{self.stall:.1f}", f"{self.recovery:.1f}"),
        )
        return " | ".join(map(str, cells))


def table(rounds: Sequence[Round], *, command: str) -> str:
    """The table with what it rests on, in Markdown."""
    rows: dict[str, _Row] = defaultdict(_Row)
    whole = _Row(wrong=Counter())
    for one in rounds:
        _add(one, rows)
        whole.events += one.verdict.inbound
        whole.wrong += _violations(one.verdict)  # type: ignore[operator]
    for row in rows.values():
        whole.times += row.times
        whole.inside += row.inside
        whole.stall, whole.recovery = max(whole.stall, row.stall), max(whole.recovery, row.recovery)
    lines = [f"| {name} | {rows[name]} |" for name in sorted(rows)]
    return "\n".join([_words(rounds, command), "", HEAD, *lines, f"| **all** | {whole} |"])


def write_readme(text: str, file: Path) -> None:
    """Put it between the markers."""
    readme = file.read_text(encoding="utf-8")
    if BEGIN not in readme or END not in readme:
        raise SystemExit(f"{file} has no place for the table: it goes between {BEGIN} and {END}")
    before, after = readme.partition(BEGIN)[0], readme.partition(END)[2]
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _add(one: Round, rows: dict[str, _Row]) -> None:
    sent = Counter(one.journal.step_of.values())
    for step, name in enumerate(one.names):
        row = rows[name]
        row.events += sent[step]
        row.wrong = (row.wrong or Counter()) + one.wrong.get(step, Counter())
    for strike in one.strikes:
        row = rows[strike.name]
        row.times += 1
        row.inside += strike.inside > 0
        row.stall, row.recovery = max(row.stall, strike.stall_s), max(row.recovery, strike.recovery_s)


def _violations(found: Verdict) -> Counter[str]:
    return Counter(
        {kind: len(getattr(found, kind)) for kind in ("lost", "doubled", "misdirected", "disordered", "broken")}
    )


def _words(rounds: Sequence[Round], command: str) -> str:
    sends = sum(one.journal.sends for one in rounds)
    unknown = sum(one.journal.unknown for one in rounds)
    audits = [one.second.words for one in rounds]
    judged = (
        "not there yet" if "not there" in audits else "clean" if all(one.second.clean for one in rounds) else audits
    )
    return (
        f"Measured on {date.today()} with `{command}`: {len(rounds)} campaign(s), {sends:,} sends of "
        f"which {unknown:,} had an unknown end and were sent again; one in ten a repeat, one in a hundred other "
        f"content under a used id. `dolen audit` over the same topics: {judged}. At-least-once on the wire, "
        "exactly-once in effect. `events` are new ones sent while that fault was at work (all: records on the inbound "
        "topic); a stall is one lane's longest time without a commit, recovery the time until every lane had "
        "committed again, the start of a killed server included."
    )
