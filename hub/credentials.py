"""Decides how passwords and signing keys are made, kept and rotated: in files, one for each agency."""

import base64
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hub.errors import StartRefused
from hub.private_file import Document, Table, write_private, write_toml

KEY_LIFE = timedelta(days=400)
ROTATE_BEFORE = timedelta(days=30)
"""A key that ends sooner is rotated by the next provisioning."""
OVERLAP = timedelta(days=7)
"""How long the old key goes on: the time an agency has to take up its new file."""
CLOCK_SKEW = timedelta(minutes=5)
"""A new key is valid from a little earlier, since the broker's clock may be behind this machine's."""

AGENCY_COMMENT = """\
Written by `dolen provision` for {agency} alone: hand it over on a safe path, and keep it as a password is kept."""
KEYRING_COMMENT = """\
Written by `dolen provision`: which key belongs to which agency, and when. The hub checks signatures with it.
Keys that have ended stay: a record is judged by the key that was valid at its broker's time."""
HUB_COMMENT = """\
Written by `dolen provision`: the hub's own Kafka user, and the secret of its marks in Redis.
A new secret makes every mark worthless: the hub then rebuilds them from the ledger."""


REDRIVE_COMMENT = """\
Written by `dolen provision`: the Kafka user that sends dead letters on, the one that may write what agencies write.
Only where operators work (console, `dolen dead-letters`); the hub's workers don't need it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key as the keyring has it."""

    id: str
    agency: str
    secret: str
    """Base64 of 32 bytes."""
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class AgencyFile:
    """What one agency is given: `<state>/agencies/<agency>.toml`."""

    agency: str
    bootstrap_servers: str
    username: str
    password: str
    topic_prefix: str
    key_id: str
    key_secret: str


def new_password() -> str:
    """192 random bits."""
    return secrets.token_urlsafe(24)


def new_key(agency: str, now: datetime) -> Key:
    """A key for an agency, valid from now."""
    start = (now - CLOCK_SKEW).replace(microsecond=0)
    name = f"{agency}-{now.astimezone(UTC):%Y%m%d}-{secrets.token_hex(3)}"
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    return Key(id=name, agency=agency, secret=secret, valid_from=start, valid_to=start + KEY_LIFE)


def current_key(keys: Iterable[Key], agency: str, now: datetime) -> Key | None:
    """The agency's valid key that ends last."""
    valid = [key for key in keys if key.agency == agency and key.valid_from <= now < key.valid_to]
    return max(valid, key=lambda key: key.valid_to, default=None)


def rotated(keys: Iterable[Key], agency: str, now: datetime) -> tuple[Key, ...]:
    """The keyring with a new key for an agency; its other keys end when the overlap does."""
    end = (now + OVERLAP).replace(microsecond=0)
    kept = (replace(key, valid_to=min(key.valid_to, end)) if key.agency == agency else key for key in keys)
    return (*kept, new_key(agency, now))


def ended(keys: Iterable[Key], agency: str, now: datetime) -> tuple[Key, ...]:
    """The keyring with an agency's keys ended now: it takes part no longer."""
    end = now.replace(microsecond=0)
    return tuple(replace(key, valid_to=min(key.valid_to, end)) if key.agency == agency else key for key in keys)


class CredentialFiles:
    """The files; reading raises StartRefused where one is broken."""

    def __init__(self, state_dir: Path) -> None:
        self._agencies = state_dir / "agencies"
        self._keyring = state_dir / "hub" / "keyring.toml"
        self.hub_path = state_dir / "hub" / "hub.toml"
        self.checkpoint_key_path = state_dir / "hub" / "checkpoint-key.pem"
        self._checkpoint_public = state_dir / "hub" / "checkpoint-public.pem"
        self.redrive_path = state_dir / "hub" / "redrive.toml"
        self.redrive_key_path = state_dir / "hub" / "redrive-key.pem"
        self._redrive_public = state_dir / "hub" / "redrive-public.pem"

    def agency_path(self, agency: str) -> Path:
        """Where an agency's file lies."""
        return self._agencies / f"{agency}.toml"

    def agencies(self) -> list[str]:
        """Agencies that have a file."""
        return sorted(path.stem for path in self._agencies.glob("*.toml"))

    def agency(self, agency: str) -> AgencyFile | None:
        """What an agency was given."""
        content = _read(self.agency_path(agency))
        if content is None:
            return None
        try:
            kafka, signing = content["kafka"], content["signing"]
            return AgencyFile(
                agency=content["agency"]["id"],
                bootstrap_servers=kafka["bootstrap_servers"],
                username=kafka["username"],
                password=kafka["password"],
                topic_prefix=kafka["topic_prefix"],
                key_id=signing["key_id"],
                key_secret=signing["secret"],
            )
        except (KeyError, TypeError):
            raise _broken(self.agency_path(agency)) from None

    def write_agency(self, file: AgencyFile) -> None:
        """Give an agency its file."""
        document: Document = {
            "agency": {"id": file.agency},
            "kafka": {
                "bootstrap_servers": file.bootstrap_servers,
                "username": file.username,
                "password": file.password,
                "topic_prefix": file.topic_prefix,
            },
            "signing": {"key_id": file.key_id, "secret": file.key_secret},
        }
        write_toml(self.agency_path(file.agency), document, comment=AGENCY_COMMENT.format(agency=file.agency))

    def remove_agency(self, agency: str) -> None:
        """Take an agency's file away."""
        self.agency_path(agency).unlink(missing_ok=True)

    def keys(self) -> tuple[Key, ...]:
        """The keyring; empty where there is none."""
        content = _read(self._keyring) or {}
        try:
            return tuple(Key(**entry) for entry in content.get("key", ()))
        except TypeError:
            raise _broken(self._keyring) from None

    def write_keys(self, keys: Iterable[Key]) -> None:
        """Replace the keyring; a running hub takes it up between batches."""
        entries: list[Table] = [
            {
                "id": key.id,
                "agency": key.agency,
                "secret": key.secret,
                "valid_from": key.valid_from,
                "valid_to": key.valid_to,
            }
            for key in keys
        ]
        write_toml(self._keyring, {"key": entries}, comment=KEYRING_COMMENT)

    def hub(self) -> Mapping[str, str] | None:
        """The hub's `username`, `password` and `marks_secret`."""
        content = _read(self.hub_path)
        if content is None:
            return None
        try:
            return {**content["kafka"], "marks_secret": content["redis"]["marks_secret"]}
        except (KeyError, TypeError):
            raise _broken(self.hub_path) from None

    def write_hub(self, *, username: str, password: str, marks_secret: str) -> None:
        """Keep the hub's own."""
        document: Document = {
            "kafka": {"username": username, "password": password},
            "redis": {"marks_secret": marks_secret},
        }
        write_toml(self.hub_path, document, comment=HUB_COMMENT)

    def redrive(self) -> Mapping[str, str] | None:
        """`username` and `password` of the user that sends dead letters on."""
        content = _read(self.redrive_path)
        if content is None:
            return None
        try:
            return {"username": content["kafka"]["username"], "password": content["kafka"]["password"]}
        except (KeyError, TypeError):
            raise _broken(self.redrive_path) from None

    def write_redrive(self, *, username: str, password: str) -> None:
        """Keep the user that sends dead letters on."""
        document: Document = {"kafka": {"username": username, "password": password}}
        write_toml(self.redrive_path, document, comment=REDRIVE_COMMENT)

    def own_keys(self) -> Mapping[Path, Path]:
        """The hub's own private keys, each with its public one: of the ledger's checkpoints, and of re-drives."""
        return {
            self.checkpoint_key_path: self._checkpoint_public,
            self.redrive_key_path: self._redrive_public,
        }

    def write_own_key(self, private_path: Path) -> None:
        """Make one; the public key goes first, since whoever has the private one alone could not be checked."""
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self.own_keys()[private_path], public.decode())
        write_private(private_path, private.decode())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except tomllib.TOMLDecodeError:
        raise _broken(path) from None


def _broken(path: Path) -> StartRefused:
    return StartRefused(f"{path}: not as `dolen provision` writes it; restore it, or remove it and provision again")
