"""Which key belongs to which agency, and when it was valid; and the key that attests re-drives."""

import base64
import binascii
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub.errors import StartRefused


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One agency's signing key; times are milliseconds since 1970, the end is exclusive."""

    key_id: str
    agency: str
    secret: bytes = field(repr=False)
    valid_from_ms: int
    valid_to_ms: int

    def valid_at(self, timestamp_ms: int) -> bool:
        """Whether the key may sign a record of this broker time."""
        return self.valid_from_ms <= timestamp_ms < self.valid_to_ms


Keyring = dict[str, SigningKey]
"""Keys by key id. Two keys of one agency may overlap: that is how they rotate."""


def load_keyring(path: Path) -> Keyring:
    """Read `keyring.toml`, which `dolen provision` writes: `[[key]]` with id, agency, secret, valid_from, valid_to."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("key", [])
        keys = [_key(entry) for entry in entries]
    except FileNotFoundError:
        raise StartRefused(f"{path}: the hub needs a keyring; run `dolen provision`") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, binascii.Error) as wrong:
        raise StartRefused(
            f"{path}: a key needs id, agency, secret (base64), valid_from and valid_to with offsets; "
            f"seen: {type(wrong).__name__}; run `dolen provision` to write it anew"
        ) from None
    return {key.key_id: key for key in keys}


def load_redrive_key(path: Path) -> Ed25519PublicKey | None:
    """The public key of re-drives, which `dolen provision` makes; None where there is none: then nothing is one."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise StartRefused(f"{path}: not the public key of re-drives; restore it, or see the runbook, 'Dead letters'")
    return key


def _key(entry: dict[str, object]) -> SigningKey:
    return SigningKey(
        key_id=str(entry["id"]),
        agency=str(entry["agency"]),
        secret=base64.b64decode(str(entry["secret"]), validate=True),
        valid_from_ms=_milliseconds(entry["valid_from"]),
        valid_to_ms=_milliseconds(entry["valid_to"]),
    )


def _milliseconds(moment: object) -> int:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise TypeError("a time with an offset")
    return int(moment.timestamp() * 1000)
