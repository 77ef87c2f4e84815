"""What was refused, mended and sent again by the hub is understood by the audit; what only claims to be is found."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.attest import REDRIVE, Redrive, attest
from hub.audit.auditor import audit
from hub.audit.codes import Code, Note
from hub.audit.report import Report
from hub.audit.source import Record
from hub.record import Coordinates
from hub.simulate.planned import Planned
from tests.unit.audit.breaking import chained_again, document, edited, is_entry, is_inbound, one, replaced
from tests.unit.audit.hub_in_memory import START_MS, HubInMemory, rules, simulated, source, standing

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
IN_FORCE = replace(standing(), redrive_key=KEY.public_key())
LATER_MS = START_MS + 2 * 24 * 60 * 60 * 1000


def sent_again(record: Record, origin: Record, times: int) -> Planned:
    at = Coordinates(origin.topic, origin.partition, origin.offset)
    kept = [header for header in record.headers if header[0] != REDRIVE]
    headers = (*kept, (REDRIVE, attest(record.value, Redrive(at, times), key=KEY)))
    return Planned(record.topic, record.key, record.value, headers, "cardiff-social-services")


@pytest.fixture(scope="module")
def written() -> list[Record]:
    """A hub to which a key came late: what it had refused by then was sent again, one record twice before."""
    hub = HubInMemory(replace(rules(), redrive_key=KEY.public_key()))
    whole = hub.rules
    known = {name: key for name, key in whole.keyring.items() if key.agency != "cardiff-social-services"}
    hub.rules = replace(whole, keyring=known)
    hub.take(simulated(120))
    refused = [entry_of for entry_of in _refused(hub) if _codes(entry_of) == {"HUB-103"}]
    again = [_record(hub, entry) for entry in refused]
    assert len(again) > 10
    hub.take([sent_again(again[0], again[0], 1)])
    second = hub.records()
    last = max((r for r in second if is_inbound(r) and r.value == again[0].value), key=lambda r: r.offset)
    hub.rules = whole
    hub.take([sent_again(last, again[0], 2), *(sent_again(record, record, 1) for record in again[1:])])
    return hub.records()


def _refused(hub: HubInMemory) -> list[Record]:
    return [r for r in hub.records() if is_entry(r) and document(r)["outcome"] == "rejected"]


def _codes(entry: Record) -> set[str]:
    return {fault["code"] for fault in document(entry)["faults"]}


def _record(hub: HubInMemory, entry: Record) -> Record:
    at = document(entry)["at"]
    return hub.topics[at["topic"], at["partition"]][at["offset"]]


def audited(records: list[Record]) -> Report:
    return audit(source(records), [IN_FORCE], now_ms=LATER_MS)


def test_redrives_that_the_hub_attests_are_right_whatever_became_of_them(written):
    taken = [document(r) for r in written if is_entry(r) and "redrive" in document(r)]
    assert {entry["outcome"] for entry in taken} >= {"accepted", "rejected"}
    assert {entry["redrive"]["count"] for entry in taken} == {1, 2}
    report = audited(written)
    assert report.clean, report.violations
    assert report.notes[Note.KEY_CAME_LATER] > 10, "the audit has the keys of now, and the hub had others"


def is_redriven(record: Record) -> bool:
    return is_entry(record) and "redrive" in document(record) and document(record)["outcome"] == "accepted"


def hide_that_it_was_sent_again(records: list[Record]) -> list[Record]:
    return chained_again(edited(records, is_redriven, lambda entry: entry.pop("redrive")))


def say_that_it_was_sent_again(records: list[Record]) -> list[Record]:
    def claim(entry):
        entry["redrive"] = {"origin": {k: entry["at"][k] for k in ("topic", "partition", "offset")}, "count": 1}

    return chained_again(edited(records, lambda r: is_entry(r) and "redrive" not in document(r), claim))


def name_another_first(records: list[Record]) -> list[Record]:
    return chained_again(edited(records, is_redriven, lambda entry: entry["redrive"]["origin"].update(offset=10**6)))


def send_again_what_was_taken(records: list[Record]) -> list[Record]:
    """Attested well, by whoever has the key: only its first was accepted."""
    entry = one(records, is_redriven)
    at, origin = document(entry)["at"], document(entry)["redrive"]["origin"]
    inbound = next(
        r
        for r in records
        if is_inbound(r) and (r.topic, r.partition, r.offset) == (at["topic"], at["partition"], at["offset"])
    )
    taken = next(
        document(r)["at"]
        for r in records
        if is_entry(r)
        and document(r)["outcome"] == "accepted"
        and (document(r)["at"]["topic"], document(r)["at"]["partition"]) == (at["topic"], at["partition"])
    )
    assert taken["offset"] != origin["offset"]
    other = Coordinates(taken["topic"], taken["partition"], taken["offset"])
    kept = [header for header in inbound.headers if header[0] != REDRIVE]
    header = (REDRIVE, attest(inbound.value, Redrive(other, 1), key=KEY))
    records = replaced(records, inbound, inbound._replace(headers=(*kept, header)))
    say = {"origin": {"topic": other.topic, "partition": other.partition, "offset": other.offset}, "count": 1}

    def choose(record: Record) -> bool:
        return is_entry(record) and document(record)["at"] == at

    return chained_again(edited(records, choose, lambda changed: changed.update(redrive=say)))


def forge_the_header(records: list[Record]) -> list[Record]:
    """A hub that took what nobody attested."""
    inbound = one(records, lambda r: is_inbound(r) and r.headers[-1][0] == REDRIVE)
    name, value = inbound.headers[-1]
    return replaced(records, inbound, inbound._replace(headers=(*inbound.headers[:-1], (name, value[:-4] + b"0000"))))


def send_too_often(records: list[Record]) -> list[Record]:
    """The guard left out: a fourth time, attested well."""
    entry = one(records, is_redriven)
    at, said = document(entry)["at"], document(entry)["redrive"]
    place = (at["topic"], at["partition"], at["offset"])
    inbound = next(r for r in records if is_inbound(r) and (r.topic, r.partition, r.offset) == place)
    origin = Coordinates(said["origin"]["topic"], said["origin"]["partition"], said["origin"]["offset"])
    header = (REDRIVE, attest(inbound.value, Redrive(origin, 4), key=KEY))
    records = replaced(records, inbound, inbound._replace(headers=(*inbound.headers[:-1], header)))
    entry = next(r for r in records if is_entry(r) and document(r)["at"] == at)

    def choose(record: Record) -> bool:
        return record is entry

    return chained_again(edited(records, choose, lambda changed: changed["redrive"].update(count=4)))


BREAKS: list[Callable[[list[Record]], list[Record]]] = [
    hide_that_it_was_sent_again,
    say_that_it_was_sent_again,
    name_another_first,
    send_again_what_was_taken,
    forge_the_header,
    send_too_often,
]


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda value: value.__name__)
def test_what_only_claims_to_be_one_is_found_and_named(written, break_it):
    found = audited(break_it(written)).counts[Code.REDRIVE_WRONG]
    assert (found, audited(written).counts[Code.REDRIVE_WRONG]) == (1, 0)
