"""Decides what senders and recipients did wrong at their own edges: none of it is a fault of the hub.

By the ledger alone, which the rest of the audit holds against the events, and which outlives their payloads.
Left aside in the order of numbers: what was turned away before. It comes late under its old number, mended by its
sender or sent again by the hub's operators.
"""

from collections.abc import Iterator
from pathlib import Path

from hub.audit import ids
from hub.audit.codes import Code
from hub.audit.expected import Entry
from hub.audit.report import Report
from hub.audit.rows import Rows
from hub.audit.source import Source

_SCHEMA = """
CREATE TABLE made (delivery BLOB);
CREATE TABLE answer (delivery BLOB, is_delivered INT, event BLOB, time INT, topic INT, lane INT, offset INT);
CREATE TABLE turned_away (event BLOB, time INT);
CREATE TABLE sent (flow BLOB, sequence INT, event BLOB, time INT, topic INT, lane INT, offset INT);
"""
_INDEXES = """
CREATE INDEX made_by_delivery ON made (delivery);
CREATE INDEX turned_away_by_event ON turned_away (event, time);
"""
# A delivery stands with its recipient, so that nobody answers for another.
_TWICE = """
SELECT topic, lane, offset, first_topic, first_lane, first_offset FROM (
  SELECT *, FIRST_VALUE(event) OVER told AS first, FIRST_VALUE(topic) OVER told AS first_topic,
    FIRST_VALUE(lane) OVER told AS first_lane, FIRST_VALUE(offset) OVER told AS first_offset
  FROM answer WHERE is_delivered WINDOW told AS (PARTITION BY delivery ORDER BY time, topic, lane, offset))
WHERE event <> first
"""
_FOR_NOTHING = """
SELECT topic, lane, offset FROM answer a WHERE NOT EXISTS (SELECT 1 FROM made m WHERE m.delivery = a.delivery)
"""
_BACK = """
SELECT topic, lane, offset, sequence, before FROM (
  SELECT *, MAX(sequence) OVER (
    PARTITION BY topic, lane, flow ORDER BY offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM sent) AS late
WHERE before > sequence
  AND NOT EXISTS (SELECT 1 FROM turned_away t WHERE t.event = late.event AND t.time <= late.time)
"""


class Edges:
    """What the ledger says of the edges, entry by entry; and what is wrong with that."""

    def __init__(self, source: Source, folder: Path | None = None) -> None:
        """`folder` is where the file lies, as in the spool."""
        self._source = source
        self._rows = _EdgeRows(_SCHEMA, folder)

    def close(self) -> None:
        """Let the file go."""
        self._rows.close()

    def take(self, entry: Entry) -> None:
        """A ledger entry that has its form."""
        at, event, rows = entry["at"], entry["event"], self._rows
        for told in entry["decisions"]:
            if told.get("delivery") is not None:
                rows.put("made", (ids.tag(told["delivery"], told["recipient"]),))
        own, time = ids.tag(str(event["source"]), str(event["id"])), at["time_ms"]
        if entry["outcome"] == "rejected":
            rows.put("turned_away", (own, time))
        # What was not settled when the picture was taken may answer a ledger entry that is not in it.
        if entry["outcome"] != "accepted" or at["offset"] >= self._source.settled((at["topic"], at["partition"])):
            return
        place = rows.topic(at["topic"]), at["partition"], at["offset"]
        answers = entry.get("answers")
        if answers is not None:
            delivery = ids.tag(answers["delivery"], str(event["source"]))
            rows.put("answer", (delivery, answers["kind"] == "delivered", own, time, *place))
        if "sequence" in event:
            flow = ids.tag(str(event["source"]), event["subject"])
            rows.put("sent", (flow, event["sequence"], own, time, *place))

    def tell(self, report: Report) -> None:
        """Take down every fault of an edge."""
        rows = self._rows
        rows.all_is_in()
        for twice in rows.twice():
            report.found(Code.HANDED_OVER_TWICE, self._at(*twice[:3]), about=self._at(*twice[3:]))
        for nothing in rows.for_nothing():
            report.found(Code.ANSWERED_FOR_NOTHING, self._at(*nothing))
        for *place, sequence, before in rows.back():
            report.found(Code.SENT_OUT_OF_ORDER, self._at(*place), detail=f"{sequence} behind {before}")

    def _at(self, topic: int, lane: int, offset: int) -> str:
        return f"{self._rows.name(topic)}/{lane}/{offset}"


class _EdgeRows(Rows):
    """The tables of the edges; every answer begins with topic, lane and offset of an event."""

    def all_is_in(self) -> None:
        """Make ready what is looked up."""
        self._flush()
        self._db.executescript(_INDEXES + "BEGIN;")

    def twice(self) -> Iterator[tuple[int, int, int, int, int, int]]:
        """Further `delivered` of one delivery, under other ids; and where the first of them is."""
        yield from self._db.execute(_TWICE)

    def for_nothing(self) -> Iterator[tuple[int, int, int]]:
        """Answers to what was never delivered to whoever answers."""
        yield from self._db.execute(_FOR_NOTHING)

    def back(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Events with a lower number than one before them, of the same sender and child; that number, and the other."""
        yield from self._db.execute(_BACK)
