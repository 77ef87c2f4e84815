"""The corpus of hostile records is large, holds what nobody honest would send, and is refused to the last record."""

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from contracts.envelope import MAX_EVENT_BYTES
from contracts.faults import FaultCode
from hub.audit.source import Record
from hub.ledger import ChainHead
from hub.pipeline import conclude, examine
from hub.simulate.world import World
from tests.faults import hostile
from tests.unit.audit.hub_in_memory import DIRECTORY, NAMES, NETWORK, keys, rules

LATER_MS = 2**41


@pytest.fixture(scope="module")
def records():
    stage = SimpleNamespace(network=NETWORK, world=World(NETWORK, DIRECTORY), keys=keys())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hostile, "load_stage", lambda settings: stage)
        return hostile.corpus(SimpleNamespace(topic_prefix=""), seed=1, without="circumstances.v1")


def test_it_has_at_least_five_hundred_records_and_the_largest_the_deepest_and_the_emptiest(records):
    assert len(records) >= 500
    assert any(record.value is None for record in records)
    assert any(record.key is None for record in records)
    assert any(len(record.headers) > 100_000 for record in records)
    assert any(value is None for record in records for _, value in record.headers)
    values = [record.value or b"" for record in records]
    assert any(b"9" * 1_000_000 in value for value in values)
    assert any(value.count(b"[") >= 100_000 for value in values)
    assert {MAX_EVENT_BYTES + 1, 10 * 1024 * 1024} <= set(map(len, values))
    assert not any(record.topic == "circumstances.v1" for record in records)


def test_every_record_is_refused_by_one_dead_letter_and_nearly_every_code_is_met(records):
    in_force = rules()
    codes: Counter[str] = Counter()
    for number, record in enumerate(records):
        as_read = Record(record.topic, 0, number, LATER_MS, record.key, record.value, tuple(record.headers))
        cases = examine([as_read], in_force)
        assert cases[0].claim is None, (number, record.topic, (record.value or b"")[-400:], record.headers[:2])
        outputs = conclude(cases, [], rules=in_force, head=ChainHead(), worker="w").outputs
        (letter,) = [json.loads(output.value) for output in outputs if output.topic == NAMES.dead_letters]
        codes.update({fault["code"] for fault in letter["faults"]})
    never = {code.value for code in FaultCode} - set(codes)
    # Another's content needs an event that was taken; a receipt's delivery is not among the good events here.
    assert never <= {FaultCode.CONFLICT.value, FaultCode.NOT_A_DELIVERY.value}, never
