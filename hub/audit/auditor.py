"""Decides whether the topics hold what the hub had to make of its input: all of it, once, to the right parties.

Reads the topics alone, works out everything again with code of its own, and holds one against the other:
ledgers first (chains, and who was accepted: a repeat can come in another lane than its first), then lane by lane, since
all that belongs together has the same partition number everywhere.

Limits: memory doesn't grow with the number of events (hub/audit/spool.py says what the disk needs). Events decided by a
policy, directory or network that it isn't given are held against the ledger alone. Whether Redis knew a repeat within
its window is judged by broker times. What senders and recipients do at their own edges is not the hub's to answer for,
and is judged on request.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from hub.audit.chain import read_ledger
from hub.audit.checkpoints import Checkpoints
from hub.audit.codes import Code
from hub.audit.edges import Edges
from hub.audit.event import rules_of
from hub.audit.expected import Kind
from hub.audit.lane import LaneAudit
from hub.audit.report import Report
from hub.audit.source import Source
from hub.audit.spool import Spool
from hub.audit.standing import Standing

DAY_MS = 24 * 60 * 60 * 1000
WINDOW_DAYS = 400

_MISSING = {Kind.NOTIFICATION: Code.LOST, Kind.RECEIPT: Code.RECEIPT_MISSING, Kind.LETTER: Code.LETTER_MISSING}
_ASTRAY = {
    Kind.NOTIFICATION: Code.NOBODY_ENTITLED,
    Kind.RECEIPT: Code.RECEIPT_FOR_NOTHING,
    Kind.LETTER: Code.LETTER_FOR_NOTHING,
}


def audit(
    source: Source,
    standings: Sequence[Standing],
    *,
    now_ms: int | None = None,
    window_days: int = WINDOW_DAYS,
    checkpoints: Checkpoints | None = None,
    edges: bool = False,
    folder: Path | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Report:
    """Audit what `source` holds.

    `standings` are what was in force while it was decided, what is in force now first. `now_ms` is the time by which
    payloads count as gone, `checkpoints` what the hub has kept of its ledger in a second place; with `edges`, senders
    and recipients are judged too. `folder` is where the spool lies, `progress` hears what is being done.
    """
    report = Report(lanes=source.lanes)
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    window_ms = (window_days - 1) * DAY_MS  # a repeat at the very edge may be known or not
    rules = {each.versions: rules_of(each) for each in standings}
    names = standings[0].names
    with closing(Spool(folder)) as spool, closing(Edges(source, folder)) as at_edges:
        _check_partitions(source, standings[0], report)
        for lane in range(source.lanes):
            progress(f"ledger, lane {lane + 1} of {source.lanes}")
            read_ledger(
                lane,
                source=source,
                names=names,
                spool=spool,
                report=report,
                now_ms=now_ms,
                checkpoints=checkpoints,
                edges=at_edges if edges else None,
            )
        spool.all_entries_are_in()
        for lane in range(source.lanes):
            progress(f"events, lane {lane + 1} of {source.lanes}")
            LaneAudit(lane, source, rules, spool, report, now_ms=now_ms, window_ms=window_ms).run()
        _tell_partnerless(spool, report)
        at_edges.tell(report)
    for agency, books in sorted(report.accounts.items()):
        if not books.balanced:
            detail = f"due {books.due} + {books.receipts_due}, there {books.there} + {books.receipts_there}"
            report.found(Code.BALANCE, f"{names.prefix}to.{agency}.", detail=detail)
    return report


def _check_partitions(source: Source, standing: Standing, report: Report) -> None:
    names, topics = standing.names, source.topics()
    for topic in (*names.inbound, names.ledger, names.dead_letters):
        if topics.get(topic, 0) != source.lanes:
            report.found(Code.PARTITIONS, topic, detail=str(topics.get(topic, 0)))
    for topic, partitions in topics.items():
        if topic.startswith(f"{names.prefix}to.") and partitions != source.lanes:
            report.found(Code.PARTITIONS, topic, detail=str(partitions))


def _tell_partnerless(spool: Spool, report: Report) -> None:
    """What is missing in one lane may stand in another; the rest is lost, or called for by nothing."""
    for topic, lane, offset, about_topic, home, about in spool.in_other_lanes():
        event = f"{spool.name(about_topic)}/{home}/{about}"
        report.found(Code.WRONG_PARTITION, f"{spool.name(topic)}/{lane}/{offset}", about=event)
    for lane, kind, topic, who, about_topic, about in spool.missing():
        detail = who or spool.name(topic)
        report.found(_MISSING[Kind(kind)], f"{spool.name(about_topic)}/{lane}/{about}", detail=detail)
    for lane, kind, topic, offset in spool.astray():
        report.found(_ASTRAY[Kind(kind)], f"{spool.name(topic)}/{lane}/{offset}")
