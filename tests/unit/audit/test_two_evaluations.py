"""Two implementations of one policy, written apart, decide and show the same, whatever an event says."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.faults import FaultCode
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.audit.entitled import entitled
from hub.audit.judge import Judge
from hub.audit.policy import Policy as AuditPolicy
from hub.audit.relations import Case
from hub.audit.shown import Tables, subject
from hub.audit.source import Record
from hub.audit.standing import Key, Standing
from hub.audit.strict_json import Unreadable, read
from hub.minimise import delivered_subject
from hub.names import Names
from hub.route import route
from hub.simulate.planned import invented_keys
from hub.validate import Refused, Validator, _parse
from tests.unit.audit.drawn_events import MOMENTS, events
from tests.unit.policy_cases import CARDIFF, DIRECTORY, NETWORK, POLICY, VIEWS, document, parsed

STANDING = Standing(Names(), {}, DIRECTORY, NETWORK, AuditPolicy.read(None, DIRECTORY))
TABLES = Tables(STANDING.policy.views)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(events(), st.sampled_from(MOMENTS))
def test_both_tell_the_same_parties_the_same(event, moment):
    try:
        model = parsed(event)
    except ValidationError:
        assume(False)
    ours = route(model, policy=POLICY, directory=DIRECTORY, network=NETWORK, on=moment.date())
    case = Case(event["source"], event["data"], STANDING.areas, NETWORK.parties, STANDING.kinds)
    theirs = entitled(model, case, STANDING, time_ms=int((moment + timedelta(hours=12)).timestamp() * 1000))
    assert {d.recipient: tuple(getattr(d, name) for name in theirs[d.recipient]._fields) for d in ours} == {
        party: tuple(decision) for party, decision in theirs.items()
    }
    for decision in ours:
        if decision.told:
            shown = VIEWS.minimise(event["type"], event["data"], decision.view, decision.recipient)
            again = TABLES.data(event["type"], event["data"], decision.view, decision.recipient)
            assert shown == again
            subjects = [made(shown, decision.recipient, event["subject"]) for made in (delivered_subject, subject)]
            assert subjects[0] == subjects[1]


TOKENS = rb"""{ } [ ] "a" "a": : , 1 01 -0 1e400 NaN -Infinity null true "\ud800" "\u0061": "\ud83d\ude00" ' 1. {} []"""
PIECES = [*TOKENS.split(), b" ", b"\n", b"\x00", b"\xff", b"\xef\xbb\xbf"]
VALUES = st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join) | st.binary(max_size=12)


@settings(max_examples=1500, deadline=None)
@given(VALUES)
def test_both_read_the_same_bytes_as_the_same_object_or_for_the_same_reason_as_none(value):
    ours, theirs = _parse(value), read(value)
    if isinstance(theirs, Unreadable):
        assert not isinstance(ours, dict)
        assert ours.code.value in theirs.codes
    else:
        assert ours == theirs


def test_both_go_down_to_the_same_depth():
    for depth in range(195, 205):
        for within in (b"", b"1", b"{ }", b"{", b'"["', b"[1]"):
            value = b'{"a":' + b"[" * depth + within + b"]" * depth + b"}"
            ours, theirs = _parse(value), read(value)
            assert isinstance(ours, dict) == (not isinstance(theirs, Unreadable))
            assert isinstance(ours, dict) or ours.code.value in theirs.codes


def test_a_bracket_in_a_text_is_no_depth():
    value = b'{"a":"' + b"[" * 400 + b'\\"["}'
    assert read(value) == {"a": "[" * 400 + '"['}
    assert read(b"x" * (256 * 1024 + 1)) == Unreadable(frozenset({FaultCode.TOO_LARGE.value}))
    assert read(None) == Unreadable(frozenset({FaultCode.EMPTY.value}))


def test_for_both_only_social_services_are_an_authority():
    """Whoever is named as the responsible authority is shown everything: a charity or the police can't be."""
    names = Names()
    keys = invented_keys(NETWORK.agencies)
    key = keys.current["cardiff-social-services"]
    in_force = replace(STANDING, keys={key.key_id: Key(*(getattr(key, field) for field in Key._fields))})
    families = dict(zip(names.inbound, Family, strict=True))
    validator = Validator(REGISTRY, directory=DIRECTORY, network=NETWORK, families=families)
    for authority in ("pont-y-plant", "south-wales-police", "cardiff-education"):
        for field in ("responsible_authority", "to_authority"):
            event = document("circumstances.child-moved", {(field,): authority})
            event["source"] = CARDIFF
            value = json.dumps(event).encode()
            record = Record(
                "circumstances.v1", 0, 0, 2**41, event["subject"].encode(), value, keys.headers(key.agency, value)
            )
            ours = validator.validate(record, signer=key.agency, fault=None)
            assert isinstance(ours, Refused)
            codes = {fault.code.value for fault in ours.faults}
            assert Judge(in_force).judge(record).codes == codes == {FaultCode.UNKNOWN_ORGANISATION.value}
