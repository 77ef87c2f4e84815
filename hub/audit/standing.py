"""What was in force: keys, directory, network and policy of one hub, read by the audit's own code."""

import base64
import binascii
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from contracts.directory import Area, Directory
from contracts.network import Network
from contracts.topics import Family
from hub.audit.policy import Policy
from hub.errors import StartRefused
from hub.names import Names
from hub.settings import Settings


class Key(NamedTuple):
    """A signing key; its end is exclusive."""

    key_id: str
    agency: str
    secret: bytes
    valid_from_ms: int
    valid_to_ms: int


@dataclass(frozen=True)
class Standing:
    """One consistent set, as the ledger names it by its versions."""

    names: Names
    keys: Mapping[str, Key]
    directory: Directory
    network: Network
    policy: Policy
    redrive_key: Ed25519PublicKey | None = None
    """With which the hub's operators attest what they send again; None: nothing is a re-drive."""

    @property
    def versions(self) -> tuple[str, str, str]:
        """Of policy, directory and network."""
        return self.policy.version, self.directory.version, self.network.version

    @cached_property
    def families(self) -> Mapping[str, Family]:
        """The family of each inbound topic."""
        return dict(zip(self.names.inbound, Family, strict=True))

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each agency that takes part."""
        return {agency: found.kind.value for agency, found in self.network.organisations.items()}

    @cached_property
    def agencies(self) -> Mapping[str, str]:
        """The kind of each agency that there is, whether it takes part or not."""
        return {agency: found.kind.value for agency, found in self.directory.organisations.items()} | dict(self.kinds)

    @cached_property
    def schools(self) -> frozenset[str]:
        """The numbers of all schools that there are."""
        return frozenset(self.directory.schools)

    @cached_property
    def areas(self) -> Mapping[str, Area]:
        """Each authority's area, by its social services."""
        return {area.social_services: area for area in self.directory.areas}


def standing(settings: Settings, *, policy_dir: Path | None = None, network: Path | None = None) -> Standing:
    """What is in force by the settings, or with another policy or network file: one that was in force before."""
    directory = Directory.of(settings.schools_csv)
    return Standing(
        names=Names(settings.topic_prefix),
        keys={key.key_id: key for key in _keys(settings.state_dir / "hub" / "keyring.toml")},
        directory=directory,
        network=Network.load(network or settings.network, directory),
        policy=Policy.read(policy_dir or settings.policy_dir, directory),
        redrive_key=_redrive_key(settings.redrive_public_key),
    )


def _keys(file: Path) -> Iterable[Key]:
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("key", [])
        return [
            Key(
                key_id=row["id"],
                agency=row["agency"],
                secret=base64.b64decode(row["secret"], validate=True),
                valid_from_ms=_ms(row["valid_from"]),
                valid_to_ms=_ms(row["valid_to"]),
            )
            for row in rows
        ]
    except OSError as missing:
        raise StartRefused(f"{file}: an audit needs the hub's keyring ({missing.strerror}); name its --state") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, binascii.Error) as wrong:
        raise StartRefused(f"{file}: not a keyring ({type(wrong).__name__}); run `dolen provision`") from None


def _redrive_key(file: Path) -> Ed25519PublicKey | None:
    if not file.exists():
        return None
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise StartRefused(f"{file}: an audit needs the public key of re-drives; `dolen provision` made it")
    return key


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
