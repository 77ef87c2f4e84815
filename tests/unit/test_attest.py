"""A record counts as a re-drive only where the hub's operators attest it: these bytes, this place, so many times."""

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.faults import FaultCode
from contracts.headers import SIGNATURE
from hub.attest import MOST_REDRIVES, REDRIVE, Redrive, attest, redriven
from hub.audit.judge import Judge
from hub.audit.source import Record
from hub.ledger import ChainHead, LedgerEntry
from hub.pipeline import conclude, examine
from hub.record import Coordinates
from hub.verify import verify
from tests.unit.audit.hub_in_memory import NAMES, START_MS, rules, simulated, standing

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key()
ORIGIN = Coordinates("referrals.v1", 1, 7)
VALUE = b'{"specversion":"1.0"}'


def record(*headers: tuple[str, bytes | None], value: bytes = VALUE, topic="referrals.v1", partition=1) -> Record:
    return Record(topic, partition, 12, START_MS, b"key", value, headers)


def header(times: int = 1, *, origin: Coordinates = ORIGIN, value: bytes = VALUE, key=KEY) -> tuple[str, bytes]:
    return REDRIVE, attest(value, Redrive(origin, times), key=key)


def test_what_the_hub_attests_is_a_redrive_of_its_first_record():
    assert redriven(record(header(2)), PUBLIC) == Redrive(ORIGIN, 2)


def test_a_record_that_says_nothing_is_none():
    assert redriven(record((SIGNATURE, b"x")), PUBLIC) is None


STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"1")
UNATTESTED = {
    "by another key": record(header(key=STRANGER)),
    "for other bytes": record(header(), value=VALUE + b" "),
    "twice": record(header(), header()),
    "empty": record((REDRIVE, None)),
    "no form": record((REDRIVE, b"v1,1")),
    "another origin": record((REDRIVE, header()[1].replace(b"/7,", b"/8,"))),
    "a lower count": record((REDRIVE, header(2)[1].replace(b"v1,2", b"v1,1"))),
    "too often": record(header(MOST_REDRIVES + 1)),
    "another topic": record(header(), topic="enquiries.v1"),
    "another partition": record(header(), partition=2),
}


@pytest.mark.parametrize("forged", UNATTESTED.values(), ids=UNATTESTED)
def test_what_it_does_not_attest_is_refused_by_hub_and_audit_alike(forged):
    fault = redriven(forged, PUBLIC)
    assert fault is not None
    assert fault.code is FaultCode.REDRIVE_NOT_ATTESTED
    assert Judge(replace(standing(), redrive_key=PUBLIC)).judge(forged).codes == {"HUB-107"}


def test_without_a_key_nothing_is_a_redrive():
    assert verify(record(header()), {}).fault.code is FaultCode.REDRIVE_NOT_ATTESTED


def test_the_ledger_says_of_a_redrive_which_record_it_was_and_for_which_time():
    in_force = replace(rules(), redrive_key=PUBLIC)
    good = next(p for p in simulated(20) if p.topic == "referrals.v1")
    again = Redrive(Coordinates(good.topic, 0, 3), 2)
    headers = (*good.headers, (REDRIVE, attest(good.value, again, key=KEY)))
    cases = examine([Record(good.topic, 0, 9, START_MS, good.key, good.value, headers)], in_force)
    batch = conclude(cases, [None], rules=in_force, head=ChainHead(), worker="w")
    entry = LedgerEntry.model_validate_json(batch.outputs[-1].value)
    assert batch.outputs[-1].topic == NAMES.ledger
    assert entry.outcome == "accepted"
    assert json.loads(batch.outputs[-1].value)["redrive"] == {
        "origin": {"topic": "referrals.v1", "partition": 0, "offset": 3},
        "count": 2,
    }
    assert entry.redrive is not None
