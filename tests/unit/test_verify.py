"""Who sent a record."""

from types import SimpleNamespace

import pytest

from contracts.faults import FaultCode
from contracts.headers import SIGNATURE, sign
from hub.keyring import SigningKey
from hub.verify import MAX_HEADERS, hop, verify

SECRET = b"a key of the tests, long enough for HMAC"
VALUE = b'{"specversion":"1.0"}'
KEYRING = {
    "cardiff-social-services.1": SigningKey("cardiff-social-services.1", "cardiff-social-services", SECRET, 1000, 2000)
}


def record(*, value=VALUE, headers=None, timestamp=1500):
    if headers is None:
        headers = [(SIGNATURE, sign(VALUE, key_id="cardiff-social-services.1", secret=SECRET))]
    return SimpleNamespace(value=value, headers=headers, timestamp=timestamp)


def test_the_agency_whose_key_signed_the_exact_bytes_is_the_signer():
    signed = verify(record(), KEYRING)
    assert (signed.agency, signed.key_id, signed.fault) == (
        "cardiff-social-services",
        "cardiff-social-services.1",
        None,
    )


def code(**changes):
    fault = verify(record(**changes), KEYRING).fault
    return fault.code if fault else None


def test_a_changed_byte_breaks_the_signature():
    assert code(value=VALUE + b" ") is FaultCode.SIGNATURE_WRONG


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], FaultCode.UNSIGNED),
        ([(SIGNATURE, b"v2,x,00")], FaultCode.SIGNATURE_MALFORMED),
        ([(SIGNATURE, None)], FaultCode.SIGNATURE_MALFORMED),
        ([(SIGNATURE, sign(VALUE, key_id="a.1", secret=SECRET))], FaultCode.KEY_UNKNOWN),
        ([(SIGNATURE, sign(VALUE, key_id="cardiff-social-services.1", secret=b"other"))], FaultCode.SIGNATURE_WRONG),
        ([(SIGNATURE, b"v1,a,00")] * 2, FaultCode.SIGNATURE_MALFORMED),
        ([("x", b"\xff")], FaultCode.HEADER_NOT_UTF8),
        ([("\udcff", b"x")], FaultCode.HEADER_NOT_UTF8),
        ([("x", b"y")] * (MAX_HEADERS + 1), FaultCode.HEADERS_TOO_MANY),
    ],
)
def test_a_header_that_is_missing_or_wrong_is_a_fault_of_its_own(headers, expected):
    assert code(headers=headers) is expected


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [(999, FaultCode.KEY_NOT_VALID), (1000, None), (1999, None), (2000, FaultCode.KEY_NOT_VALID)],
)
def test_a_key_signs_only_in_its_time_by_the_brokers_clock(timestamp, expected):
    assert code(timestamp=timestamp) is expected


def test_an_expired_key_still_says_who_is_to_be_told():
    assert verify(record(timestamp=2500), KEYRING).agency == "cardiff-social-services"


def test_a_traceparent_that_lacks_its_form_is_dropped():
    assert hop([("traceparent", b"00-" + b"0" * 32 + b"-" + b"1" * 16 + b"-01")]) is None
    assert hop([("traceparent", b"00-" + b"a" * 32 + b"-" + b"1" * 16 + b"-01")]) == ("a" * 32, "1" * 16)
