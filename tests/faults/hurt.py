"""A hub that was hurt, and the verdict on its topics: in another process, where there are several to judge."""

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date

from hub.raw_records import read_any_header
from tests.faults.campaign import Strike
from tests.faults.ground import Ground, by_step
from tests.faults.journal import Journal
from tests.faults.results import KINDS, Result, Row
from tests.faults.second import audited
from tests.rig import Verdict


@dataclass
class Hurt:
    """One campaign that has been gone through; its workers have ended, its servers are up."""

    ground: Ground
    journal: Journal
    site: str
    names: list[str]
    """Of the steps, in order."""
    strikes: list[Strike]
    restarts: list[str]
    left_out: dict[str, str]
    stuck: str
    minutes: float
    load_average: float


def judged(hurt: Hurt) -> Result:
    """Both verdicts."""
    read_any_header()  # the verdict reads what the hub reads
    ground, journal = hurt.ground, hurt.journal
    ground.sent = journal.acknowledged  # type: ignore[assignment]
    began = time.monotonic()
    found = asyncio.run(ground.judged())
    after = time.monotonic()
    second = audited(ground)
    said = (
        f"  {journal.sends} sends: {len(journal.acknowledged)} acknowledged, {journal.unknown} unknown, "
        f"{journal.failed} failed; {found.inbound} events on the topic, {found.accepted} accepted, "
        f"{journal.conflicts} of other content under a used id, {journal.hostile} hostile records\n"
        f"  verdict: {'clean' if found.clean else found} ({after - began:.0f} s); "
        f"dolen audit: {second.words} ({time.monotonic() - after:.0f} s)"
    )
    return Result(
        day=str(date.today()),
        site=hurt.site,
        rows=_rows(hurt, found),
        events=found.inbound,
        hostile=journal.hostile,
        sends=journal.sends,
        unknown=journal.unknown,
        wrong=Counter({kind: len(getattr(found, kind)) for kind in KINDS}),
        audit_clean=second.clean,
        audit=second.words,
        restarts=hurt.restarts,
        left_out=hurt.left_out,
        stuck=hurt.stuck,
        minutes=hurt.minutes,
        load_average=hurt.load_average,
        said=said,
    )


def _rows(hurt: Hurt, found: Verdict) -> dict[str, Row]:
    rows: dict[str, Row] = defaultdict(Row)
    sent, blamed = Counter(hurt.journal.step_of.values()), by_step(found, hurt.journal.step_of)
    for step, name in enumerate(hurt.names):
        if name not in hurt.left_out:
            rows[name].add(Row(events=sent[step], wrong=blamed.get(step, Counter())))
    for strike in hurt.strikes:
        inside = int(strike.inside > 0)
        rows[strike.name].add(Row(1, inside, stall_s=strike.stall_s, recovery_s=strike.recovery_s))
    return dict(rows)
