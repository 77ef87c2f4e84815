"""Audits one lane: all that belongs together has the same partition number on every topic."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from contracts.topics import PAYLOAD_RETENTION_MS
from hub.audit import found, ids
from hub.audit.codes import Code, Note
from hub.audit.entries import again
from hub.audit.event import Event, EventAudit, Rules
from hub.audit.expected import Entry, Kind, Wanted, recorded
from hub.audit.partner import Partners
from hub.audit.report import Report
from hub.audit.source import Place, Record, Source
from hub.audit.spool import FoundRow, Spool, WantedRow

RulesByVersion = Mapping[tuple[str, str, str], Rules]
"""By the versions of policy, directory and network; the first are those in force."""


class LaneAudit:
    """One lane's audit."""

    def __init__(
        self,
        lane: int,
        source: Source,
        rules: RulesByVersion,
        spool: Spool,
        report: Report,
        *,
        now_ms: int,
        window_ms: int,
    ) -> None:
        self._lane = lane
        self._source = source
        self._rules = rules
        self._in_force = next(iter(rules.values()))
        self._names = self._in_force.standing.names
        self._spool = spool
        self._report = report
        self._oldest_ms = now_ms - PAYLOAD_RETENTION_MS
        self._events = EventAudit(spool, window_ms=window_ms)

    def run(self) -> None:
        """Spool what is there, work out what had to be written, and hold one against the other."""
        spool, report = self._spool, self._report
        spool.begin_lane()
        self._read_outputs()
        for topic in self._names.inbound:
            self._walk((topic, self._lane))
        spool.pair()
        partners = Partners(self._lane, self._source, spool, report, again=self._again)
        for match in spool.wrong():
            partners.tell(match)
        for output in spool.disordered():
            report.found(Code.OUT_OF_ORDER, self._at(*output[:2]), about=self._at(*output[2:]))
        report.notes[Note.SEQUENCE_BACK] += spool.sequence_back()
        self._add_to_books()
        spool.end_lane(self._lane)

    def _read_outputs(self) -> None:
        outbound = [
            (topic, self._lane)
            for topic, partitions in self._source.topics().items()
            if topic.startswith(f"{self._names.prefix}to.") and partitions > self._lane
        ]
        for record in self._source.read(outbound):
            self._report.outputs += 1
            self._put(record, found.output(record, self._spool))
        for record in self._source.read([(self._names.dead_letters, self._lane)]):
            self._report.letters += 1
            self._put(record, found.letter(record, self._spool))

    def _put(self, record: Record, row: FoundRow | None) -> None:
        if row is None:
            self._report.found(Code.OUTPUT_UNREADABLE, record.at)
        else:
            self._spool.put("found", row)

    def _walk(self, place: Place) -> None:
        """Go through the events of a partition and its ledger entries side by side."""
        settled = self._source.settled(place)
        entries = _Entries(self._spool.entries(self._lane, self._spool.topic(place[0])))
        number = 0
        for record in self._source.read([place]):
            if record.offset >= settled:
                break
            for row in entries.before(record.offset):
                self._without_event(place, row)
            rows = entries.at(record.offset)
            self._event(record, rows)
            if rows and rows[0].number < number:
                self._report.found(Code.LEDGER_ORDER, self._entry_at(rows[0]), about=record.at)
            number = rows[0].number if rows else number
        for row in entries.before(None):
            self._without_event(place, row)
        self._report.notes[Note.NOT_YET_READ] += max(0, self._source.end(place) - settled)

    def _without_event(self, place: Place, row: "_Row") -> None:
        """A ledger entry whose event is not there: gone with its time, still to settle, or never there."""
        entry = again(row.value)
        self._expect_what_is_recorded(entry, gone=True)
        about = f"{place[0]}/{place[1]}/{row.offset}"
        if row.offset >= self._source.settled(place):
            if not self._source.passed(place, row.offset):
                self._report.found(Code.LEDGER_AHEAD, self._entry_at(row), about=about)
        elif row.offset < self._source.first(place) and entry["at"]["time_ms"] < self._oldest_ms:
            self._report.notes[Note.EXPIRED] += 1
        else:
            self._report.found(Code.NO_INBOUND_RECORD, self._entry_at(row), about=about)

    def _event(self, record: Record, rows: Sequence["_Row"]) -> None:
        self._report.inbound += 1
        for row in rows[1:]:
            self._report.found(Code.LEDGER_TWICE, self._entry_at(row), about=record.at)
        entry = again(rows[0].value) if rows else None
        if entry is None:
            self._report.found(Code.NO_LEDGER_RECORD, record.at)
        else:
            self._report.outcomes[entry["outcome"]] += 1
        rules = self._rules_of(entry)
        if rules is None and entry is not None:
            self._report.notes[Note.OTHER_RULES] += 1
            self._expect_what_is_recorded(entry, gone=False)
        else:
            self._expect(Event(record, entry, self._entry_at(rows[0]) if rows else "", rules or self._in_force))

    def _expect(self, event: Event) -> None:
        judged, outcome, wanted = self._events.work_out(event, self._report)
        flow = _flow(judged.name.get("source"), judged.name.get("subject"))
        for each in wanted:
            self._spool.put("wanted", self._row(each, event.record, flow))
        if outcome.name == "accepted" and judged.valid:
            row = self._spool.topic(event.record.topic), event.record.offset, flow, judged.name["sequence"]
            self._spool.put("sent", row)

    def _expect_what_is_recorded(self, entry: Entry, *, gone: bool) -> None:
        """Expect what the ledger alone says was written; `gone`: it need not be there any more, or yet."""
        at, name = entry["at"], entry["event"]
        record = Record(at["topic"], at["partition"], at["offset"], at["time_ms"], None, None)
        for wanted in recorded(entry, self._in_force.standing):
            row = self._row(wanted, record, _flow(name["source"], name.get("subject")))
            self._spool.put("wanted", row._replace(gone=int(gone or row.gone)))

    def _again(self, record: Record) -> Sequence[Wanted]:
        value = self._spool.entry(self._lane, self._spool.topic(record.topic), record.offset)
        entry = again(value) if value is not None else None
        event = Event(record, entry, "", self._rules_of(entry) or self._in_force)
        return self._events.work_out(event, Report()).wanted

    def _rules_of(self, entry: Entry | None) -> Rules | None:
        if entry is None:
            return self._in_force
        versions = entry["versions"]
        return self._rules.get((versions["policy"], versions["directory"], versions["network"]))

    def _row(self, wanted: Wanted, record: Record, flow: bytes) -> WantedRow:
        is_letter = wanted.kind is Kind.LETTER
        let_go = not is_letter and self._source.first((wanted.topic, self._lane)) > 0
        return WantedRow(
            kind=wanted.kind,
            id=ids.tag(wanted.id),
            topic=self._spool.topic(wanted.topic),
            who=wanted.who,
            about_topic=self._spool.topic(record.topic),
            about=record.offset,
            flow=flow,
            key=b"" if is_letter else wanted.key,
            trace=wanted.traceparent,
            content=None if wanted.document is None else ids.content(wanted.document),
            sha256=wanted.sha256,
            gone=int(let_go and record.timestamp < self._oldest_ms),
        )

    def _add_to_books(self) -> None:
        for topic, kind, due, there in self._spool.balance():
            if kind != Kind.LETTER:
                agency = self._spool.name(topic).removeprefix(f"{self._names.prefix}to.").partition(".")[0]
                self._report.account(agency).add(due, there, receipts=kind == Kind.RECEIPT)

    def _at(self, topic: int, offset: int) -> str:
        return f"{self._spool.name(topic)}/{self._lane}/{offset}"

    def _entry_at(self, row: "_Row") -> str:
        return f"{self._names.ledger}/{self._lane}/{row.place}"


class _Row(NamedTuple):
    """A ledger entry: of which offset, its number in the chain, where it stands, its bytes."""

    offset: int
    number: int
    place: int
    value: bytes


class _Entries:
    """Ledger entries of one partition in the order of their events."""

    def __init__(self, rows: Iterator[tuple[int, int, int, bytes]]) -> None:
        self._rows = map(_Row._make, rows)
        self._next = next(self._rows, None)

    def at(self, offset: int) -> list[_Row]:
        """The entries of one event."""
        return list(self._while(lambda row: row.offset == offset))

    def before(self, offset: int | None) -> Iterator[_Row]:
        """The entries of all events before an offset, or all that are left."""
        return self._while(lambda row: offset is None or row.offset < offset)

    def _while(self, wanted: Callable[[_Row], bool]) -> Iterator[_Row]:
        while self._next is not None and wanted(self._next):
            row, self._next = self._next, next(self._rows, None)
            yield row


def _flow(source: str | None, subject: str | None) -> bytes:
    """What stands for a sender and a child."""
    return ids.tag(str(source), str(subject))
