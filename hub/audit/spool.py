"""What an audit must remember to hold outputs against events: ids, hashes and places, no payload.

It grows with the number of records: about 4 KB an event, for the ledger's entries of the inbound records that are still
kept, and rows of one lane's outputs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hub.audit.rows import Rows


class WantedRow(NamedTuple):
    """One record that must be there."""

    kind: int
    id: bytes
    topic: int
    who: str
    about_topic: int
    about: int
    """Offset of the inbound record."""
    flow: bytes
    """Sender and child."""
    key: bytes | None
    """None: not known."""
    trace: str
    content: bytes | None
    """None: not known."""
    sha256: str | None
    gone: int
    """1: it need not be there any more, or not yet."""


class FoundRow(NamedTuple):
    """One record that is there."""

    kind: int
    id: bytes
    proper: bytes
    """The id that it should have by what it says of itself."""
    topic: int
    place: int
    """Its offset."""
    key: bytes
    trace: str
    headers: int
    """1: exactly those that it should have."""
    content: bytes
    sha256: str


class Match(NamedTuple):
    """A wanted record, and the one that was found for it."""

    wanted: WantedRow
    found: FoundRow
    rank: int
    """1 for the record itself, more for each further one."""


_SCHEMA = """
CREATE TABLE accepted (identity BLOB, place TEXT, digest TEXT, time INT);
CREATE TABLE entry (lane INT, topic INT, offset INT, number INT, place INT, value BLOB);
CREATE TABLE astray (lane INT, kind INT, id BLOB, proper BLOB, topic INT, place INT);
CREATE TABLE missing (lane INT, kind INT, id BLOB, topic INT, who TEXT, about_topic INT, about INT);
"""
_LANE_SCHEMA = """
DROP TABLE IF EXISTS wanted; DROP TABLE IF EXISTS found; DROP TABLE IF EXISTS pair; DROP TABLE IF EXISTS sent;
CREATE TABLE wanted (kind INT, id BLOB, topic INT, who TEXT, about_topic INT, about INT, flow BLOB, key BLOB,
  trace TEXT, content BLOB, sha256 TEXT, gone INT);
CREATE TABLE found (kind INT, id BLOB, proper BLOB, topic INT, place INT, key BLOB, trace TEXT, headers INT,
  content BLOB, sha256 TEXT);
CREATE TABLE pair (w INT, f INT, rank INT);
CREATE TABLE sent (topic INT, offset INT, flow BLOB, sequence INT);
"""
# By what a record says of itself first: so an output with a wrong id is still known for what it is.
_PAIR = """
CREATE INDEX wanted_by_id ON wanted (kind, id);
CREATE TEMP TABLE likely AS SELECT w.rowid AS w, f.rowid AS f FROM found f JOIN wanted w
  ON w.kind = f.kind AND w.id = f.proper;
CREATE INDEX likely_f ON likely (f);
INSERT INTO likely SELECT w.rowid, f.rowid FROM found f JOIN wanted w ON w.kind = f.kind AND w.id = f.id
  WHERE f.rowid NOT IN (SELECT f FROM likely);
INSERT INTO pair SELECT l.w, l.f, ROW_NUMBER() OVER (
    PARTITION BY l.w ORDER BY w.topic <> f.topic, w.id <> f.id, COALESCE(w.content <> f.content, 0), f.place)
  FROM likely l JOIN wanted w ON w.rowid = l.w JOIN found f ON f.rowid = l.f;
DROP TABLE likely;
CREATE INDEX pair_w ON pair (w);
CREATE INDEX pair_f ON pair (f);
"""
_MATCHES = "SELECT w.*, f.*, p.rank FROM pair p JOIN wanted w ON w.rowid = p.w JOIN found f ON f.rowid = p.f"
_WRONG = f"""{_MATCHES} WHERE p.rank > 1 OR f.id <> w.id OR f.topic <> w.topic OR f.key <> w.key OR f.trace <> w.trace
  OR f.headers = 0 OR f.content <> w.content OR f.sha256 <> w.sha256"""
# What is not known is NULL, and a comparison with NULL is never true.
_DISORDER = """
SELECT topic, place, about_topic, about FROM (
  SELECT f.topic, f.place, w.about_topic, w.about,
    LAG(w.about) OVER (PARTITION BY f.topic, w.about_topic, w.flow ORDER BY f.place) AS before
  FROM pair p JOIN wanted w ON w.rowid = p.w JOIN found f ON f.rowid = p.f WHERE p.rank = 1 AND w.kind < 2)
WHERE before > about
"""
_BACK = """
SELECT topic, offset FROM (
  SELECT topic, offset, sequence, MAX(sequence) OVER (
    PARTITION BY topic, flow ORDER BY offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM sent)
WHERE before > sequence
"""
_DUE = "SELECT topic, kind, COUNT(*) FROM wanted WHERE gone = 0 GROUP BY topic, kind"
_THERE = """
SELECT f.topic, f.kind, COUNT(*) FROM found f WHERE NOT EXISTS (
  SELECT 1 FROM pair p JOIN wanted w ON w.rowid = p.w WHERE p.f = f.rowid AND p.rank = 1 AND w.gone = 1)
GROUP BY f.topic, f.kind
"""


class Spool(Rows):
    """The tables; those of one lane are emptied for the next."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is where the file lies; the system's folder for temporary files if not given."""
        super().__init__(_SCHEMA, folder)
        self._keys: dict[str, int] = {}

    def taken_with(self, key_id: str, time_ms: int) -> None:
        """Remember that an event which reached the broker then, signed with this key, was accepted."""
        self._keys[key_id] = min(time_ms, self._keys.get(key_id, time_ms))

    def first_taken_with(self, key_id: str) -> int | None:
        """When the first accepted event with this key reached the broker; None: none was accepted."""
        return self._keys.get(key_id)

    def all_entries_are_in(self) -> None:
        """Make ready what is looked up."""
        self._flush()
        self._db.execute("CREATE INDEX accepted_by_identity ON accepted (identity)")
        self._db.execute("CREATE INDEX entry_by_place ON entry (lane, topic, offset, number)")

    def accepted(self, identity: bytes) -> list[tuple[str, str, int]]:
        """Place, digest and time of each accepted record of an identity."""
        return list(self._db.execute("SELECT place, digest, time FROM accepted WHERE identity = ?", (identity,)))

    def entries(self, lane: int, topic: int) -> Iterator[tuple[int, int, int, bytes]]:
        """Ledger records of one inbound partition: offset of the event, number, place, value; by offset."""
        yield from self._db.execute(
            "SELECT offset, number, place, value FROM entry WHERE lane = ? AND topic = ? ORDER BY offset, number",
            (lane, topic),
        )

    def entry(self, lane: int, topic: int, offset: int) -> bytes | None:
        """The value of the ledger record of one event."""
        found = self._db.execute(
            "SELECT value FROM entry WHERE lane = ? AND topic = ? AND offset = ? LIMIT 1", (lane, topic, offset)
        ).fetchone()
        return found[0] if found else None

    def begin_lane(self) -> None:
        """Empty the tables of the lane before."""
        self._db.executescript(_LANE_SCHEMA + "BEGIN;")

    def pair(self) -> None:
        """Find for each wanted record what was found for it."""
        self._flush()
        self._db.executescript(_PAIR + "BEGIN;")

    def wrong(self) -> Iterator[Match]:
        """Pairs in which something is not as it has to be."""
        count, end = len(WantedRow._fields), len(WantedRow._fields) + len(FoundRow._fields)
        for row in self._db.execute(_WRONG):
            yield Match(WantedRow(*row[:count]), FoundRow(*row[count:end]), row[end])

    def disordered(self) -> Iterator[tuple[int, int, int, int]]:
        """Outputs that stand behind one of a later event: topic, offset, and those of the event."""
        yield from self._db.execute(_DISORDER)

    def sequence_back(self) -> int:
        """How many events carry a lower number than one before them."""
        return sum(1 for _ in self._db.execute(_BACK))

    def balance(self) -> Iterator[tuple[int, int, int, int]]:
        """Topic, kind, how many records are due, and how many are there; a topic and kind can come twice."""
        yield from ((*row, 0) for row in self._db.execute(_DUE))
        yield from ((topic, kind, 0, count) for topic, kind, count in self._db.execute(_THERE))

    def end_lane(self, lane: int) -> None:
        """Keep what has no partner until all lanes are read, and forget the lane's ledger entries."""
        self._db.execute(
            "INSERT INTO missing SELECT ?, kind, id, topic, who, about_topic, about FROM wanted"
            " WHERE gone = 0 AND rowid NOT IN (SELECT w FROM pair)",
            (lane,),
        )
        self._db.execute(
            "INSERT INTO astray SELECT ?, kind, id, proper, topic, place FROM found"
            " WHERE rowid NOT IN (SELECT f FROM pair)",
            (lane,),
        )
        self._db.execute("DELETE FROM entry WHERE lane = ?", (lane,))

    def in_other_lanes(self) -> list[tuple[int, int, int, int, int, int]]:
        """What is missing in one lane and stands in another: its topic, lane, offset; the event's topic, lane, offset.

        Neither is told again as missing or as astray.
        """
        self._db.executescript(
            "CREATE INDEX missing_by_id ON missing (kind, id);"
            "CREATE TEMP TABLE moved AS SELECT a.rowid AS a, m.rowid AS m FROM astray a JOIN missing m"
            " ON m.kind = a.kind AND (m.id = a.id OR m.id = a.proper) GROUP BY m.rowid; BEGIN;"
        )
        found = list(
            self._db.execute(
                "SELECT a.topic, a.lane, a.place, m.about_topic, m.lane, m.about FROM moved"
                " JOIN astray a ON a.rowid = moved.a JOIN missing m ON m.rowid = moved.m"
            )
        )
        self._db.executescript(
            "DELETE FROM astray WHERE rowid IN (SELECT a FROM moved);"
            "DELETE FROM missing WHERE rowid IN (SELECT m FROM moved); BEGIN;"
        )
        return found

    def missing(self) -> Iterator[tuple[int, int, int, str, int, int]]:
        """What is nowhere: lane, kind, topic, for whom, and the event's topic and offset."""
        yield from self._db.execute("SELECT lane, kind, topic, who, about_topic, about FROM missing")

    def astray(self) -> Iterator[tuple[int, int, int, int]]:
        """What nothing calls for: lane, kind, topic, offset."""
        yield from self._db.execute("SELECT lane, kind, topic, place FROM astray")
