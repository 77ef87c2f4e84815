"""The path of one notification as JSON, for scripts: codes and ids, no words of either language."""

from typing import Any

from hub.ledger import DecisionEntry
from hub.observe.labels import Language
from hub.observe.steps import steps
from hub.observe.trail import Answered, Recorded, Trail, inbound
from hub.outcomes import iso_time


def report(trail: Trail) -> dict[str, Any]:
    """Everything that `dolen trace` knows of one event."""
    entry = trail.main.entry
    return {
        "event": entry.event.model_dump(),
        "signer": entry.signer,
        "outcome": entry.outcome,
        "reached_broker": iso_time(entry.at.time_ms),
        "trace": entry.trace.model_dump(),
        "versions": entry.versions.model_dump(),
        "decisions": [_decision(decision, trail) for decision in entry.decisions],
        "records": [_record(record) for record in trail.records],
        "steps": [
            {
                "step": step.label.name.lower().replace("_", "-"),
                "depth": step.depth,
                "who": step.who,
                "start_ms": step.start_ms,
                "end_ms": step.end_ms,
            }
            for step in steps(trail, Language.EN)
        ],
    }


def _decision(decision: DecisionEntry, trail: Trail) -> dict[str, Any]:
    return decision.model_dump() | {"answers": [_answer(answer) for answer in trail.answers_to(decision)]}


def _answer(answer: Answered) -> dict[str, Any]:
    return {
        "kind": answer.kind.value,
        "reason": answer.reason or None,
        "said": iso_time(answer.said_ms),
        "arrived": iso_time(answer.recorded.entry.at.time_ms),
        "record": _record(answer.recorded),
    }


def _record(record: Recorded) -> dict[str, Any]:
    entry = record.entry
    return {
        "inbound": inbound(entry),
        "outcome": entry.outcome,
        "faults": [fault.model_dump() for fault in entry.faults],
        "first": entry.first.model_dump() if entry.first is not None else None,
        "receipt": entry.receipt,
        "receipt_to": entry.receipt_to,
        "worker": entry.hub.worker,
        "read": iso_time(entry.hub.read_ms),
        "decided": iso_time(entry.hub.decided_ms),
        "written": iso_time(record.written_ms),
        "ledger": {
            "at": str(record.at),
            "number": entry.number,
            "hash": record.hash,
            "names_the_one_before": record.names_the_one_before,
            "named_by_the_next": record.named_by_the_next,
            "chain_holds": record.chain_holds,
        },
    }
