"""A record that is to be sent, and what the hub has to make of it: so that a run can check itself."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from contracts.envelope import CONTENT_TYPE
from contracts.faults import FaultCode
from contracts.headers import SIGNATURE, sign
from hub.keyring import SigningKey
from hub.outcomes import Outcome

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must become of a record."""

    outcome: Outcome
    fault: FaultCode | None = None
    """For one that is turned away: a code that must be among its faults."""
    kind: str = ""
    """For a bad one: what is wrong with it."""


ACCEPTED = Expectation(Outcome.ACCEPTED)
DUPLICATE = Expectation(Outcome.DUPLICATE)
CONFLICT = Expectation(Outcome.CONFLICT, FaultCode.CONFLICT)


@dataclass(frozen=True, slots=True)
class Planned:
    """One record: who sends it, where, what, and what has to become of it."""

    topic: str
    """With the hub's prefix."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    agency: str
    """Whose Kafka user sends it; mostly its signer too."""
    expectation: Expectation = ACCEPTED

    def expecting(self, expectation: Expectation) -> "Planned":
        """The same record, of which something else must become."""
        return replace(self, expectation=expectation)


@dataclass(frozen=True, slots=True)
class Keys:
    """What agencies sign with, by agency."""

    current: Mapping[str, SigningKey]
    ended: Mapping[str, SigningKey]
    """Keys of which the hub knows that they are valid no longer; may be empty."""

    def headers(self, agency: str, value: bytes | None, *more: tuple[str, bytes]) -> Headers:
        """The headers of a record that an agency signs."""
        return signed(self.current[agency], value, *more)


def signed(key: SigningKey, value: bytes | None, *more: tuple[str, bytes]) -> Headers:
    """The headers of a record under a key."""
    signature = sign(value or b"", key_id=key.key_id, secret=key.secret)
    return (SIGNATURE, signature), ("content-type", CONTENT_TYPE), *more


def invented_keys(agencies: Iterable[str]) -> Keys:
    """Keys for tests without provisioning: each agency has one that is valid always, and one that never is now."""
    names = tuple(agencies)
    return Keys(
        current={agency: _invented(agency, "current", valid_to_ms=2**62) for agency in names},
        ended={agency: _invented(agency, "ended", valid_to_ms=1) for agency in names},
    )


def _invented(agency: str, name: str, *, valid_to_ms: int) -> SigningKey:
    secret = hashlib.sha256(f"{agency} {name}".encode()).digest()
    return SigningKey(f"{agency}-{name}", agency, secret, valid_from_ms=0, valid_to_ms=valid_to_ms)
