"""What the README shows of the faults: what was run, on what, what came of it, and a table; all of it from results."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.nemeses.edges import ADAPTER
from tests.faults.results import Control, Result, Row

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
HEAD = (
    "| fault | times | inside a transaction | events | lost | doubled | misdirected | out of order "
    "| longest stall, s | recovery, s |\n|---|---|---|---|---|---|---|---|---|---|"
)


def table(kept: Iterable[Result | Control]) -> str:
    """The table with what it rests on, in Markdown."""
    everything = [*kept]
    results = [one for one in everything if isinstance(one, Result)]
    controls = [one for one in everything if isinstance(one, Control)]
    rows: dict[str, Row] = defaultdict(Row)
    whole = Row()
    for result in results:
        for name, row in result.rows.items():
            rows[name].add(row)
            whole.add(Row(row.times, row.inside, stall_s=row.stall_s, recovery_s=row.recovery_s))
        whole.add(Row(events=result.events, wrong=result.wrong))
    lines = [f"| {name} | {_cells(rows[name])} |" for name in sorted(rows, key=str.lower)]
    words = "\n\n".join(paragraph for paragraph in _words(results, controls, whole) if paragraph)
    return "\n".join([words, "", HEAD, *lines, f"| **all** | {_cells(whole)} |"])


def write_readme(text: str, file: Path) -> None:
    """Put it between the markers."""
    readme = file.read_text(encoding="utf-8")
    if BEGIN not in readme or END not in readme:
        raise SystemExit(f"{file} has no place for the table: it goes between {BEGIN} and {END}")
    before, after = readme.partition(BEGIN)[0], readme.partition(END)[2]
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _cells(row: Row) -> str:
    wrong = row.wrong
    cells = (
        *(f"{row.times:,}", f"{row.inside:,}", f"{row.events:,}", wrong["lost"], wrong["doubled"]),
        *(wrong["misdirected"], wrong["disordered"], f"{row.stall_s:.1f}", f"{row.recovery_s:.1f}"),
    )
    return " | ".join(map(str, cells))


def _words(results: Sequence[Result], controls: Sequence[Control], whole: Row) -> Iterable[str]:
    yield _measured(results)
    yield _judged(results, whole)
    yield _controls(controls)
    left_out = {name: why for result in results for name, why in result.left_out.items()}
    if left_out:
        yield (
            "Left out on this machine: " + "; ".join(f"{name} ({why})" for name, why in sorted(left_out.items())) + "."
        )
    for result in results:
        if result.stuck:
            yield f"A campaign was broken off: {result.stuck.splitlines()[0]}."
    yield _edges(results)
    yield (
        "`events` are new ones sent while that fault was at work (all: records on the load's topic); `inside a "
        "transaction`: one was open at that moment, as the wire showed. A stall is one lane's longest time without a "
        "commit, recovery the time until every lane had committed again, the start of a killed server included."
    )


def _measured(results: Sequence[Result]) -> str:
    commands = list(dict.fromkeys(f"`{result.command}`, revision {result.revision}" for result in results))
    runs = f" ({len(commands)} runs)" if len(commands) > 1 else ""
    sites: dict[str, int] = defaultdict(int)
    for result in results:
        sites[result.site] += 1
    where = ", ".join(f"{count} with {site}" for site, count in sites.items())
    days = " and ".join(sorted({result.day for result in results}))
    loads = [result.load_average for result in results]
    minutes = sum(result.minutes for result in results)
    hostile = sum(result.hostile for result in results)
    refused = f"; {hostile:,} hostile records, to be refused" if hostile else ""
    return (
        f"Measured on {days}{runs} with {'; '.join(commands)}: {len(results)} campaign(s), {where}; {minutes:.0f} "
        f"minutes under load on {os.cpu_count()} cores that did other work too (load average {min(loads):.0f} to "
        f"{max(loads):.0f}). {sum(result.sends for result in results):,} sends, of which "
        f"{sum(result.unknown for result in results):,} had an unknown end and were sent again; one in ten a repeat, "
        f"one in a hundred other content under a used id{refused}."
    )


def _edges(results: Sequence[Result]) -> str:
    of_adapters = [result for result in results if result.site == ADAPTER]
    if not of_adapters:
        return ""
    return (
        f"With one adapter, {sum(result.events for result in of_adapters):,} of the events are records of its system "
        "and notifications to it, each once. Its verdict is a reading of that system and of the topics, and `dolen "
        "audit --edges`; inside a transaction means there that something was on its disk and not settled, and stall "
        "and recovery are the time until it did its work again."
    )


def _judged(results: Sequence[Result], whole: Row) -> str:
    audits = ["clean" if result.audit_clean else f"NOT CLEAN: {result.audit}" for result in results]
    said = "clean every time" if {*audits} == {"clean"} else "; ".join(audits)
    ended = [name for result in results for name in result.restarts]
    ends = (
        f" {len(ended)} time(s) all workers had ended by themselves and were started again, as a supervisor does, "
        f"after: {', '.join(dict.fromkeys(ended))}."
        if ended
        else ""
    )
    inside = "inside a transaction"
    if any(result.site == ADAPTER for result in results):
        inside += " or, at an adapter, with something unsettled on its disk"
    other = f" {whole.wrong['broken']} other violations." if whole.wrong["broken"] else ""
    return (
        f"**{whole.times} faults, {whole.inside} of them {inside}, {whole.events:,} events: "
        f"{whole.wrong['lost']} lost, {whole.wrong['doubled']} doubled, {whole.wrong['misdirected']} misdirected, "
        f"{whole.wrong['disordered']} out of order.**{other} At-least-once on the wire, exactly-once in effect. "
        f"`dolen audit` over the same topics, held against the ledger's signed checkpoints: {said}.{ends}"
    )


def _controls(controls: Sequence[Control]) -> str:
    if not controls:
        return ""
    said = ", ".join(
        f"{one.name} ({one.count} {one.caught_as})" if one.count else f"**{one.name}: NOT CAUGHT**" for one in controls
    )
    caught = sum(one.count > 0 for one in controls)
    return f"Hubs built wrong on purpose, taken through the same suite: {caught} of {len(controls)} caught: {said}."
