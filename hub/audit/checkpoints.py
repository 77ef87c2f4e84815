"""Reads the signed checkpoints of the ledger's chains from the second place where the hub keeps them."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub.errors import StartRefused
from hub.names import Names


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the hub has signed of one lane's chain."""

    number: int
    head: str
    """Hash of the record with that number, hexadecimal."""
    time_ms: int


Checkpoints = Mapping[int, Checkpoint | None]
"""By lane; None where there is something that the hub did not sign. A lane may have none at all."""


def read_checkpoints(folder: Path, *, public_key: Path, names: Names, lanes: int) -> Checkpoints:
    """The newest checkpoint of each lane that has one; raises StartRefused where there are some and no key."""
    files = {lane: folder / names.checkpoint(lane) for lane in range(lanes)}
    there = {lane: file for lane, file in files.items() if file.exists()}
    if not there:
        return {}
    key = _key(public_key)
    return {lane: _read(file, key, names=names, lane=lane) for lane, file in there.items()}


def _key(file: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise StartRefused(f"{file}: an audit needs the public key of the hub's checkpoints; `dolen provision` made it")
    return key


def _read(file: Path, key: Ed25519PublicKey, *, names: Names, lane: int) -> Checkpoint | None:
    try:
        line, signature = file.read_bytes().splitlines()[:2]
        version, _, signed = signature.split(b",")
        key.verify(base64.b64decode(signed, validate=True), line)
        said = orjson.loads(line)
        if (version, said["version"], said["ledger"], said["lane"]) != (b"v1", 1, names.ledger, lane):
            return None
        moment = datetime.fromisoformat(said["time"])
        return Checkpoint(int(said["number"]), str(said["head"]), int(moment.timestamp() * 1000))
    except (ValueError, KeyError, TypeError, binascii.Error, InvalidSignature):
        return None
