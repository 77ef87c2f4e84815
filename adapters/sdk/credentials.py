"""What provisioning gave one agency: where Kafka is, who the agency is there, and the key that signs what it says."""

import base64
import binascii
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from adapters.sdk.errors import CredentialsRefused


@dataclass(frozen=True, slots=True)
class Credentials:
    """One agency's file; its secrets show in no representation."""

    agency: str
    bootstrap_servers: str
    username: str
    """SASL/SCRAM-SHA-512 user."""
    password: str = field(repr=False)
    topic_prefix: str
    """Before every topic and group name; empty in service."""
    key_id: str
    secret: bytes = field(repr=False)
    """Of the agency's current signing key."""


def credentials_path(state_dir: Path, agency: str) -> Path:
    """Where `dolen provision` puts an agency's file."""
    return state_dir / "agencies" / f"{agency}.toml"


def load_credentials(path: Path) -> Credentials:
    """Read an agency's file; raises CredentialsRefused."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        kafka, signing = content["kafka"], content["signing"]
        return Credentials(
            agency=str(content["agency"]["id"]),
            bootstrap_servers=str(kafka["bootstrap_servers"]),
            username=str(kafka["username"]),
            password=str(kafka["password"]),
            topic_prefix=str(kafka["topic_prefix"]),
            key_id=str(signing["key_id"]),
            secret=base64.b64decode(str(signing["secret"]), validate=True),
        )
    except FileNotFoundError:
        raise CredentialsRefused(
            f"{path}: there is no such file; `dolen provision` writes one for each agency of the network"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, binascii.Error) as wrong:
        raise CredentialsRefused(
            f"{path}: an agency's file has [agency], [kafka] and [signing] as `dolen provision` writes them; "
            f"seen: {type(wrong).__name__}; ask the hub's operators for it again"
        ) from None
