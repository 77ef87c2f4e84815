"""A record's value, rightly signed: hub and audit come to the same verdict, each by its own code; neither fails."""

import json

from hub.audit.judge import Judge
from hub.audit.source import Record
from hub.ledger import ChainHead, LedgerEntry
from hub.pipeline import conclude, examine
from tests.unit.audit.hub_in_memory import NAMES, keys, rules, standing

RULES = rules()
JUDGE = Judge(standing())
AGENCIES = sorted(keys().current)
LATER_MS = 2**41
TYPE = b'"type":"wales.child-protection.'


def check(data: bytes) -> None:
    """Put `data` on the topic of the family that it names, signed by the agency that it names."""
    record = Record(_topic(data), 0, 0, LATER_MS, _subject(data), data, keys().headers(_agency(data), data))
    (case,) = cases = examine([record], RULES)
    outputs = conclude(cases, [None] if case.claim else [], rules=RULES, head=ChainHead(), worker="fuzz").outputs
    (entry,) = [LedgerEntry.model_validate_json(each.value) for each in outputs if each.topic == NAMES.ledger]
    judged = JUDGE.judge(record)
    codes = {fault.code for fault in entry.faults}
    if judged.valid != (case.claim is not None):
        raise AssertionError(f"the hub says {codes or 'valid'}, the audit {set(judged.codes) or 'valid'}")
    if not judged.valid and not (codes == judged.codes if judged.exact else codes and codes <= judged.codes):
        raise AssertionError(f"the hub says {codes}, the audit {set(judged.codes)}")


def _agency(data: bytes) -> str:
    return next((agency for agency in AGENCIES if b'"/agencies/%b"' % agency.encode() in data), AGENCIES[0])


def _topic(data: bytes) -> str:
    start = data.replace(b": ", b":").find(TYPE)
    rest = data.replace(b": ", b":")[start + len(TYPE) :] if start >= 0 else b""
    return next((topic for topic in NAMES.inbound if rest.startswith(topic[:-2].encode())), NAMES.inbound[0])


def _subject(data: bytes) -> bytes | None:
    """The key that a well-meaning sender would have given it."""
    try:
        subject = json.loads(data)["subject"]
        return subject.encode() if isinstance(subject, str) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return b"k"
