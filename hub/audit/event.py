"""Decides whether the ledger has the right outcome, facts and decisions for an event, and so what had to be written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.faults import FaultCode
from hub.audit import ids
from hub.audit.chain import identity
from hub.audit.codes import Code, Note
from hub.audit.entitled import Decision
from hub.audit.entries import again
from hub.audit.expected import Entry, Expectations, Outcome, Wanted, coordinates
from hub.audit.judge import Judge, Judged, Signer, Trace
from hub.audit.report import Report
from hub.audit.source import Record
from hub.audit.spool import Spool
from hub.audit.standing import Standing

KEY_UNKNOWN = FaultCode.KEY_UNKNOWN.value
CONFLICT = FaultCode.CONFLICT.value
UNREADABLE_HEADER = FaultCode.HEADER_NOT_UTF8.value
TOO_MANY_HEADERS = FaultCode.HEADERS_TOO_MANY.value


class Rules(NamedTuple):
    """One standing, ready to be applied."""

    standing: Standing
    judge: Judge
    expectations: Expectations


def rules_of(standing: Standing) -> Rules:
    """Make a standing ready."""
    return Rules(standing, Judge(standing), Expectations(standing))


class Event(NamedTuple):
    """An inbound record, with its ledger entry if it has one."""

    record: Record
    entry: Entry | None
    entry_at: str
    """Coordinates of the entry."""
    rules: Rules


class Worked(NamedTuple):
    """What an event comes to."""

    judged: Judged
    outcome: Outcome
    wanted: Sequence[Wanted]
    """What had to be written of it."""


class EventAudit:
    """Audits events one by one, given the accepted events of all lanes."""

    def __init__(self, spool: Spool, *, window_ms: int) -> None:
        self._spool = spool
        self._window_ms = window_ms

    def work_out(self, event: Event, report: Report) -> Worked:
        """What an event comes to; tells what is wrong with its ledger entry."""
        judged = self._judged(event, report)
        told = _Teller(event, report)
        outcome = self._without_entry(judged) if event.entry is None else self._outcome(event.entry, judged, told)
        expectations = event.rules.expectations
        decisions = expectations.decisions(judged) if outcome.name == "accepted" else {}
        if event.entry is not None:
            for wrong in self._wrong_redrive(event, judged):
                told(Code.REDRIVE_WRONG, wrong)
            for name in _wrong_facts(event.entry, judged, outcome):
                told(Code.LEDGER_SAYS_OTHERWISE, name)
            if outcome.name == "accepted":
                _hold_decisions(event.entry["decisions"], decisions, judged, expectations, told)
        return Worked(judged, outcome, list(expectations.outputs(judged, outcome, decisions, event.entry)))

    def _judged(self, event: Event, report: Report) -> Judged:
        record, entry = event.record, event.entry
        unseen = _unseen(record, entry)
        if unseen is None:
            judged = event.rules.judge.judge(record)
            if entry is None or judged.signer.key_id is None or _codes(entry) != {KEY_UNKNOWN}:
                return judged
            first = self._spool.first_taken_with(judged.signer.key_id)
            if first is None or record.timestamp >= first:
                return judged  # nothing shows that its key came later
            report.notes[Note.KEY_CAME_LATER] += 1
            return event.rules.judge.judge(record, key_was_unknown=True)
        report.notes[Note.HEADERS_UNSEEN] += 1
        if entry is None:
            return event.rules.judge.judge(record, (Signer(None, None, unseen), None))
        signer = Signer(entry["signer"], entry["key_id"], unseen)
        hop = entry["trace"]
        return event.rules.judge.judge(
            record, (signer, Trace(hop["trace_id"], hop["parent"], ids.step(record.at), None))
        )

    def _without_entry(self, judged: Judged) -> Outcome:
        """What must have become of an event whose ledger record is not there."""
        if not judged.valid:
            return Outcome("rejected")
        for _, digest, _ in self._accepted(judged):
            return Outcome("duplicate" if digest == judged.digest else "conflict")
        return Outcome("accepted")

    def _outcome(self, entry: Entry, judged: Judged, told: "_Teller") -> Outcome:
        name, codes = entry["outcome"], _codes(entry)
        if not judged.valid:
            if name != "rejected":
                told(Code.TAKEN_THOUGH_INVALID, name)
                return Outcome("rejected")
            if not (codes == judged.codes if judged.exact else codes and codes <= judged.codes):
                told(Code.WRONG_FAULTS, f"{_listed(codes)}; should be {_listed(judged.codes)}")
        elif name == "rejected":
            told(Code.REFUSED_THOUGH_VALID, _listed(codes))
        else:
            for code in self._wrong_repeat(entry, judged):
                told(code)
            if codes != ({CONFLICT} if name == "conflict" else frozenset()):
                told(Code.WRONG_FAULTS, _listed(codes))
        return Outcome(name, entry["first"], entry["faults"])

    def _wrong_repeat(self, entry: Entry, judged: Judged) -> Iterator[Code]:
        """What is wrong with an outcome as the first of its identity, as a repeat, or as a conflict."""
        record, there = judged.record, self._accepted(judged)
        if entry["outcome"] == "accepted":
            lately = ((time, place) for place, _, time in there if record.timestamp - time < self._window_ms)
            if any(other < (record.timestamp, record.at) for other in lately):
                yield Code.ACCEPTED_TWICE
            return
        first = entry["first"] or {}
        place = f"{first.get('topic')}/{first.get('partition')}/{first.get('offset')}"
        digest = next((digest for at, digest, _ in there if at == place), None)
        if digest is None:
            yield Code.FIRST_NOT_ACCEPTED
            return
        if (digest == judged.digest) != (entry["outcome"] == "duplicate"):
            yield Code.REPEAT_OR_CONFLICT
        if (first["topic"], first["partition"]) == (record.topic, record.partition) and first["offset"] > record.offset:
            yield Code.FIRST_AFTER_REPEAT

    def _wrong_redrive(self, event: Event, judged: Judged) -> Iterator[str]:
        """Whether the ledger has it as a re-drive rightly, and the first of the same record as turned away."""
        said = (event.entry or {}).get("redrive")
        if event.record.headers is not None and said != judged.redrive.entry:
            yield "not attested" if judged.redrive.entry is None else "the ledger says otherwise"
        elif said is not None:
            origin = said["origin"]
            topic = self._spool.topic(origin["topic"])
            before = self._spool.entry(origin["partition"], topic, origin["offset"])
            if before is not None and again(before)["outcome"] not in ("rejected", "conflict"):
                yield "its first was not refused"

    def _accepted(self, judged: Judged) -> list[tuple[str, str, int]]:
        return self._spool.accepted(identity(judged.name["source"], judged.name["id"]))


class _Teller:
    """Takes down what is wrong with one ledger entry."""

    def __init__(self, event: Event, report: Report) -> None:
        self._event = event
        self._report = report

    def __call__(self, code: Code, detail: str = "") -> None:
        self._report.found(code, self._event.entry_at, about=self._event.record.at, detail=detail)


def _unseen(record: Record, entry: Entry | None) -> str | None:
    """The fault of headers that can't be read: of a name, or, where the reader gives none at all, of their number."""
    if record.headers is None:
        return UNREADABLE_HEADER
    codes = () if entry is None else _codes(entry)
    return TOO_MANY_HEADERS if not record.headers and TOO_MANY_HEADERS in codes else None


def _wrong_facts(entry: Entry, judged: Judged, outcome: Outcome) -> Iterator[str]:
    """Fields of an entry that say otherwise than the event."""
    record = judged.record
    has_receipt = judged.receipt_to is not None
    facts: dict[str, Any] = {
        "at": {**coordinates(record), "time_ms": record.timestamp},
        "event": judged.name,
        "signer": judged.signer.agency,
        "key_id": judged.signer.key_id,
        "digest": judged.digest,
        "size": len(record.value or b""),
        "receipt": ids.receipt(record.topic, record.partition, record.offset) if has_receipt else None,
        "receipt_to": judged.receipt_to,
        "trace": judged.trace._asdict(),
        "answers": _answers(judged) if outcome.name == "accepted" else None,
    }
    if outcome.name in ("accepted", "rejected"):
        facts["first"] = None
    if outcome.name != "accepted":
        facts["decisions"] = []
    return (name for name, fact in facts.items() if entry.get(name) != fact)


_WHEN = {
    "delivered": "stored_at",
    "accepted-by": "accepted_at",
    "gap": "let_through_at",
    "system-off": "turned_off_at",
}
"""Where the field is not called as the kind."""


def _answers(judged: Judged) -> dict[str, Any] | None:
    """What the entry of a recipient's receipt must say of the notification that it answers."""
    if judged.document is None or ".receipts." not in judged.document["type"]:
        return None
    data, kind = judged.document["data"], judged.document["type"].rsplit(".", 2)[1]
    when = _WHEN.get(kind, f"{kind}_at")
    return {
        "delivery": data["delivery"],
        "original": data["original"],
        "kind": kind,
        "said_at": data[when],
        "reason": _reason(kind, data),
    }


def _reason(kind: str, data: Mapping[str, Any]) -> str | None:
    if kind == "gap":
        return "{}-{}".format(data["missing_from"], data["missing_from"] + data["missing"] - 1)
    return data["reason"] if kind in ("refused", "escalated", "restored", "system-off") else None


def _hold_decisions(
    entries: Sequence[Mapping[str, Any]],
    decisions: Mapping[str, Decision],
    judged: Judged,
    expectations: Expectations,
    told: _Teller,
) -> None:
    there = {decision["recipient"]: decision for decision in entries}
    if len(there) != len(entries):
        told(Code.WRONG_REFERENCE)
    for party in sorted(there.keys() | decisions.keys()):
        entry = there.get(party)
        code = _wrong_decision(entry, decisions.get(party))
        if code is None and entry is not None and entry["told"]:
            wanted = expectations.reference(judged, party)
            code = Code.WRONG_REFERENCE if (entry.get("topic"), entry.get("delivery")) != wanted else None
        if code is not None:
            told(code, party if party in decisions or party in expectations.parties else "*")


def _wrong_decision(entry: Mapping[str, Any] | None, wanted: Decision | None) -> Code | None:
    is_told, is_wanted = entry is not None and entry["told"], wanted is not None and wanted.told
    if is_told != is_wanted:
        return Code.TOLD_NOT_ENTITLED if is_told else Code.ENTITLED_NOT_TOLD
    if entry is None or wanted is None:
        return Code.WRONG_REASON
    if entry["view"] != wanted.view:
        return Code.WRONG_VIEW
    return Code.WRONG_REASON if any(entry[name] != value for name, value in wanted._asdict().items()) else None


def _codes(entry: Entry) -> frozenset[str]:
    return frozenset(fault["code"] for fault in entry["faults"])


def _listed(codes: Iterable[str]) -> str:
    known = {code.value for code in FaultCode}
    return " ".join(sorted(code if code in known else "*" for code in codes)) or "none"
