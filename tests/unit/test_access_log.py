"""What the hub keeps of a report of who looked at what."""

import json
from types import SimpleNamespace

import pytest

from contracts.faults import FaultCode
from contracts.headers import SIGNATURE, sign
from hub.access_log import LARGEST_REPORT, AccessEntry, access_entry, hub_key
from hub.keyring import SigningKey
from hub.ledger import GENESIS, ChainHead, record_hash

SCHOOLS = SigningKey("schools.1", "schools", b"a key of the tests", 0, 10_000)
KEYRING = {SCHOOLS.key_id: SCHOOLS}
REPORT = {
    "version": 1,
    "id": "bc33ecf6-aafe-5321-9c84-f5a0c892ff25",
    "at": "2026-11-24T08:12:00Z",
    "by": "a1b2|c3",
    "role": "dsp",
    "for_party": "/schools/6812003",
    "act": "viewed",
    "what": "notification",
    "about": "665eeae8-1d4f-55a5-bc0e-3b271290a6ec",
}


def report(value=None, *, key=SCHOOLS, **changes):
    value = json.dumps(REPORT | changes).encode() if value is None else value
    headers = [(SIGNATURE, sign(value, key_id=key.key_id, secret=key.secret))]
    return SimpleNamespace(topic="access.v1", partition=2, offset=7, timestamp=5000, value=value, headers=headers)


def chained(record, head=None, keyring=None):
    value, after = access_entry(record, keyring or KEYRING, head or ChainHead())
    return AccessEntry.model_validate_json(value), value, after


def test_a_report_signed_by_whom_it_speaks_for_is_kept_whole_and_chained():
    first, value, after = chained(report())
    assert (first.number, first.prev, first.fault) == (1, GENESIS, None)
    assert first.record is not None
    assert first.record.about == REPORT["about"]
    second, _, _ = chained(report(), after)
    assert (second.number, second.prev) == (2, record_hash(value))


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (report(key=SigningKey("schools.1", "schools", b"another key", 0, 10_000)), FaultCode.SIGNATURE_WRONG),
        (report(for_party="/agencies/south-wales-police"), FaultCode.NOT_THE_SIGNERS_SOURCE),
        (report(for_party="/hub"), FaultCode.NOT_THE_SIGNERS_SOURCE),
        (report(act="dreamt"), FaultCode.FIELD_INVALID),
        (report(why="x" * LARGEST_REPORT), FaultCode.TOO_LARGE),
        (report(b"{"), FaultCode.FIELD_INVALID),
        (SimpleNamespace(**(vars(report()) | {"headers": []})), FaultCode.UNSIGNED),
        (SimpleNamespace(**(vars(report()) | {"timestamp": 10_000})), FaultCode.KEY_NOT_VALID),
    ],
)
def test_a_report_that_does_not_count_stands_in_the_log_as_a_fault_without_its_content(record, fault):
    kept, value, _ = chained(record)
    assert (kept.fault, kept.record) == (fault, None)
    assert REPORT["about"].encode() not in value
    assert b"dreamt" not in value


def test_the_consoles_own_key_speaks_for_the_hub_and_is_made_of_the_hubs_secret():
    key = hub_key(b"the hub's secret")
    kept, _, _ = chained(report(key=key, for_party="/hub"), keyring={key.key_id: key})
    assert kept.fault is None
    assert key.secret == hub_key(b"the hub's secret").secret != hub_key(b"another").secret
    assert b"the hub's secret" not in repr(key).encode()
