"""What is decided about the gateway: the door's own file, and each agency's table in its adapter's file."""

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.sdk.errors import ConfigurationRefused
from contracts.toml_lines import line_of


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class Client(_Part):
    """One system of the agency's, as the issuer of its tokens knows it."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,79}$")]
    """The OAuth 2.0 client id; belongs to one agency alone."""
    secret_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Of the secret, where the door issues the tokens itself: `python -m adapters.gateway.secret` makes both."""


class GatewaySettings(_Part):
    """The table `[gateway]` of an agency's adapter file."""

    door: Path
    """The door's file; the agencies whose files name the same one share address, port and certificate."""
    clients: tuple[Client, ...] = ()
    """Systems that get in by an access token."""
    certificates: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """SHA-256 fingerprints of client certificates (of the DER) that get in by TLS."""
    keep_days: Annotated[int, Field(ge=1, le=400)] = 30
    """Days for which a notification can be fetched again; one that was never fetched stays."""

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if not self.clients and not self.certificates:
            raise ValueError("clients or certificates: somebody has to get in")
        return self


class DoorSettings(_Part):
    """The door's file."""

    listen: Annotated[str, Field(pattern=r"^(\[[0-9a-f:]+\]|[0-9a-z.-]+):[0-9]{1,5}$")] = "127.0.0.1:8443"
    """`host:port`."""
    certificate: Path | None = None
    """The server's certificate chain (PEM). Without one the door opens on this machine alone, for a proxy beside it."""
    key: Path | None = None
    """The certificate's private key (PEM)."""
    client_authorities: Path | None = None
    """Authorities (PEM) whose client certificates are looked at; without them nobody gets in by certificate."""
    issuer: str
    """`iss` of the access tokens."""
    audience: str = "dolen-gateway"
    """`aud` of the access tokens."""
    jwks: str | None = None
    """The issuer's keys: an `https://` address or a file; without them the door issues tokens itself (`/v1/token`)."""
    client_claim: str = "client_id"
    """The claim that holds the client's id (RFC 9068: `client_id`; some issuers: `azp` or `appid`)."""
    signing_key: Path | None = None
    """The key (PEM) with which the door signs tokens; made at the first start."""
    token_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """How long a token of the door's own is good for."""
    requests_a_second: Annotated[float, Field(gt=0, le=1000)] = 10.0
    """For each agency, in the long run."""
    burst: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Requests at once, before they are slowed down."""

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @model_validator(mode="after")
    def _is_closed_to_listeners(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key: both or neither")
        if self.certificate is None and not _is_this_machine(self.host):
            raise ValueError("certificate: needed to listen beyond this machine, since tokens and children's data pass")
        if self.client_authorities is not None and self.certificate is None:
            raise ValueError("client_authorities: client certificates need TLS, so a certificate")
        if self.jwks is None and self.signing_key is None:
            raise ValueError("signing_key or jwks: one of them says whose tokens are good")
        return self


def load_door(path: Path) -> DoorSettings:
    """Read the door's file, its paths from its own folder; raises ConfigurationRefused."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
        door = DoorSettings.model_validate(document)
    except (OSError, UnicodeDecodeError) as unreadable:
        raise _refused(path, None, f"the file can't be read ({type(unreadable).__name__})") from None
    except tomllib.TOMLDecodeError as wrong:
        raise _refused(path, None, f"the file is not TOML ({wrong})") from None
    except ValidationError as wrong:
        found = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        at = ".".join(map(str, found["loc"]))
        raise _refused(path, line_of(text, found["loc"]), f"{at}: {found['msg']}".lstrip(": ")) from None
    names = ("certificate", "key", "client_authorities", "signing_key")
    paths = {name: path.parent / getattr(door, name) for name in names if getattr(door, name) is not None}
    return door.model_copy(update=paths)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(path: Path, line: int | None, rule: str) -> ConfigurationRefused:
    place = f"{path}:{line}" if line else f"{path}"
    return ConfigurationRefused(f"{place}: {rule}. adapters/gateway/README.md says what each setting of the door means")
