"""All that decisions rest on, read from files, checked, and swapped whole between batches when a file changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from orjson import Fragment, dumps

from contracts.directory import Directory
from contracts.errors import ContractError
from contracts.network import Network
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.dedupe import Marks
from hub.errors import StartRefused
from hub.keyring import Keyring, load_keyring, load_redrive_key
from hub.minimise import Views
from hub.names import Names
from hub.policy_file import Policy
from hub.settings import Settings
from hub.validate import Validator

log = structlog.get_logger("dolen.rules")


@dataclass(frozen=True)
class Rules:
    """One consistent set: what was in force for a batch, named by versions in its ledger records."""

    names: Names
    keyring: Keyring
    directory: Directory
    network: Network
    policy: Policy
    views: Views
    validator: Validator
    marks: Marks
    redrive_key: Ed25519PublicKey | None = None
    """What re-drives are attested with; None: nothing is one."""

    @cached_property
    def versions_json(self) -> Fragment:
        """What a ledger entry names, so that its decisions can be made again."""
        versions = {
            "policy": self.policy.version,
            "directory": self.directory.version,
            "network": self.network.version,
        }
        return Fragment(dumps(versions))


class RulesFiles:
    """Reads the rules, and again when a file has changed; wrong ones are refused, and the old stay in force."""

    def __init__(self, settings: Settings, *, marks_secret: bytes) -> None:
        self._settings = settings
        self._names = Names(settings.topic_prefix)
        self._marks = Marks(marks_secret, self._names.inbound)
        self._stamp = self._look()
        self.current = self._read()

    def refresh(self) -> bool:
        """Take changed files into force; whether anything changed."""
        try:
            stamp = self._look()
            if stamp == self._stamp:
                return False
            self.current = self._read()
        except OSError as unreadable:  # a file that is just being replaced, or no descriptor left: looked at again
            log.warning("rules.unreadable", reason=type(unreadable).__name__, in_force=self.current.policy.version)
            return False
        except (StartRefused, ContractError) as wrong:
            self._stamp = stamp
            log.error("rules.refused", reason=str(wrong), in_force=self.current.policy.version)
            return False
        self._stamp = stamp
        log.info("rules.changed", policy=self.current.policy.version, network=self.current.network.version)
        return True

    def _read(self) -> Rules:
        settings = self._settings
        directory = Directory.of(settings.schools_csv)
        network = Network.load(settings.network, directory)
        policy = Policy.load(directory, settings.policy_dir)
        families = dict(zip(self._names.inbound, Family, strict=True))
        return Rules(
            names=self._names,
            keyring=load_keyring(settings.state_dir / "hub" / "keyring.toml"),
            directory=directory,
            network=network,
            policy=policy,
            views=Views(policy),
            validator=Validator(REGISTRY, directory=directory, network=network, families=families),
            marks=self._marks,
            redrive_key=load_redrive_key(settings.redrive_public_key),
        )

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        return tuple(
            (str(path), stat.st_mtime_ns, stat.st_size)
            for path in self._files()
            if (stat := path.stat() if path.exists() else None) is not None
        )

    def _files(self) -> Iterable[Path]:
        settings = self._settings
        yield settings.network
        yield settings.state_dir / "hub" / "keyring.toml"
        yield settings.redrive_public_key
        if settings.schools_csv is not None:
            yield settings.schools_csv
        if settings.policy_dir is not None:
            yield from sorted(settings.policy_dir.rglob("*.toml"))
