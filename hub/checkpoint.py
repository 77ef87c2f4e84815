"""Decides what is kept in a second place about the ledger: size and head of each lane's chain, signed by the hub.

A chain alone doesn't show that its end was cut off. The newest checkpoint is enough: its head fixes every record before
it. The signature is Ed25519, so that whoever checks a checkpoint can't make one.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.errors import StartRefused
from hub.ledger import ChainHead
from hub.names import Names
from hub.private_file import write_private


class Checkpoints:
    """The newest checkpoint of each lane, a file each: a line of JSON, and a line with the signature of its bytes."""

    def __init__(self, folder: Path, *, names: Names, key: Ed25519PrivateKey) -> None:
        self._folder = folder
        self._names = names
        self._key = key
        self._key_id = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]

    def keep(self, heads: Mapping[int, ChainHead]) -> list[int]:
        """Keep these heads of committed chains; the lanes whose kept checkpoint is ahead of what is given now.

        Such a lane was lost to another worker without knowing it yet, or its ledger was cut off. Raises OSError.
        """
        ahead = []
        for lane, head in heads.items():
            kept = self._kept(lane)
            if kept > head.number:
                ahead.append(lane)
            elif kept < head.number:
                write_private(self._folder / self._names.checkpoint(lane), self._signed(lane, head))
        return ahead

    def _signed(self, lane: int, head: ChainHead) -> str:
        content = {
            "version": 1,
            "ledger": self._names.ledger,
            "lane": lane,
            "number": head.number,
            "head": head.hash,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        line = json.dumps(content, separators=(",", ":"))
        signature = base64.b64encode(self._key.sign(line.encode())).decode()
        return f"{line}\nv1,{self._key_id},{signature}\n"

    def _kept(self, lane: int) -> int:
        """The size that is kept; nothing where there is no checkpoint, or one that says nothing."""
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            line = (self._folder / self._names.checkpoint(lane)).read_text(encoding="utf-8").partition("\n")[0]
            return int(json.loads(line)["number"])
        return 0


def load_checkpoint_key(file: Path) -> Ed25519PrivateKey:
    """The hub's own key for checkpoints, which `dolen provision` makes."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StartRefused(f"{file}: the hub's key for checkpoints is missing or broken; run `dolen provision`")
    return key
