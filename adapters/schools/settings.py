"""What the portal is told from outside: the table `[schools]` of the adapter's configuration file."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, model_validator

FAILURES = 10

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class SignIn(BaseModel):
    """The identity provider (OpenID Connect): the authorities' or Hwb's."""

    model_config = _STRICT

    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    """Its address, as it writes itself; `/.well-known/openid-configuration` below it says the rest."""
    client_id: str
    """What it calls the portal."""
    client_secret: SecretStr | None = None
    """None: a public client, with PKCE alone."""


class Mail(BaseModel):
    """The mail server that takes pointers."""

    model_config = _STRICT

    host: str
    """Its name, as its certificate has it."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """587 for STARTTLS, 465 for TLS from the first byte."""
    tls: bool = False
    """TLS from the first byte; else STARTTLS, which must succeed."""
    ca_file: Path | None = None
    """Certificates (PEM) to trust instead of the machine's."""
    username: str | None = None
    """None: the server asks nobody who they are."""
    password: SecretStr | None = None
    """The user's password."""
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    """The address that pointers come from, and bounces go to."""
    bounces: Path | None = None
    """The Maildir into which mail to `sender` is put; None: what comes back later is not read."""
    text_gateway: str | None = None
    """A domain that makes a text message of a mail to `<number>@<domain>`; None: no texts are sent."""


class Contact(BaseModel):
    """Who is told out of hours."""

    model_config = _STRICT

    email: Annotated[str | None, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = None
    """By e-mail."""
    mobile: Annotated[str | None, Field(pattern=r"^\+?[0-9]{7,15}$")] = None
    """By text message."""


class SchoolsSettings(BaseModel):
    """The portal."""

    model_config = _STRICT

    database_url: SecretStr
    """The portal's own store: `postgresql://user:password@host:port/database`; several adapters may share it."""
    credentials: Path
    """The agency's file, as `dolen provision` wrote it: access records are signed with its key."""
    serve: bool = True
    """Serve the pages. An education desk's own adapter, which fills the same store, says no."""
    address: Annotated[str, Field(pattern=r"^https?://[^/\s?#]+$")]
    """Where people reach the portal; `http://` only on this machine, with `development`."""
    host: str = "127.0.0.1"
    """What it listens on; a proxy in front ends TLS."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8461
    """The port it listens on; 0: any that is free."""
    proxies: tuple[IPvAnyNetwork, ...] = ()
    """Addresses or networks of the proxies in front: from them alone `X-Forwarded-For` says who comes, by whom failed
    sign-ins are counted. Without them all who come through one proxy count as one."""
    secret_file: Path
    """The key that seals the sign-in's own cookie; made where there is none."""
    failures: Annotated[int, Field(ge=3, le=10_000)] = FAILURES
    """Sign-ins that fail from one address within five minutes before all who come from it wait as long. Where many
    schools go out through one address, they share this number."""
    sign_in: SignIn | None = None
    """None: nobody can sign in but by the development provider."""
    development: bool = False
    """Sign-in without a password, as anybody on the portal's list; every page says so. Never in service."""
    idle_minutes: Annotated[int, Field(ge=1, le=60)] = 20
    """A session ends after so long without a page."""
    longest_hours: Annotated[int, Field(ge=1, le=24)] = 10
    """A session ends after so long whatever is done."""
    calendar: Path | None = None
    """Terms and holidays; the packaged ones if not given."""
    schools_csv: Path | None = None
    """An imported list of schools; the packaged one if not given."""
    successors: dict[str, str] = {}
    """Number of the school that took the place of a closed or merged one, by the old number."""
    mail: Mail | None = None
    """None: no pointers are sent, and the start says so."""
    webhooks_to_this_machine: bool = False
    """Let webhooks call loopback, by plain HTTP too: for tests and demonstrations, with `development` alone."""
    out_of_hours: dict[str, Contact] = {}
    """Each education desk's contact out of hours, by its agency, for example `cardiff-education`."""

    @model_validator(mode="after")
    def _development_stays_on_this_machine(self) -> Self:
        here = _is_here(self.address)
        if self.development and not here:
            raise ValueError("the development provider lets anybody in: it works on 127.0.0.1 alone")
        if self.address.startswith("http://") and not here:
            raise ValueError("people reach the portal by https://")
        if self.sign_in and self.sign_in.issuer.startswith("http://") and not _is_here(self.sign_in.issuer):
            raise ValueError("who comes is asked of the identity provider by https://")
        if self.webhooks_to_this_machine and not self.development:
            raise ValueError("webhooks_to_this_machine goes with development alone")
        if self.sign_in is None and not self.development:
            raise ValueError("sign_in is missing, so nobody could sign in")
        return self


def _is_here(address: str) -> bool:
    return re.fullmatch(r"https?://(127\.0\.0\.1|localhost)(:[0-9]+)?(/.*)?", address) is not None
