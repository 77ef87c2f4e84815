"""Decides what an agency says of its FHIR server in the adapter's configuration file, table `[health]`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator


class Oauth(BaseModel):
    """OAuth 2.0 client credentials: with a secret, or as SMART Backend Services with a signed assertion."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    token_url: Annotated[str, Field(pattern=r"^https://")]
    """Token endpoint, HTTPS."""
    client_id: str
    """As registered at the authorisation server."""
    client_secret_file: Path | None = None
    """File with the secret, readable by the adapter alone."""
    private_key_file: Path | None = None
    """PEM of the key that signs assertions (RFC 7523), in the place of a secret."""
    key_id: str | None = None
    """`kid` of that key in the published JWKS."""
    algorithm: Annotated[str, Field(pattern=r"^(RS384|ES384)$")] = "RS384"
    """SMART allows these two."""
    scope: str = "system/*.read system/*.write"
    """Asked for with each token."""

    @model_validator(mode="after")
    def _has_one_proof(self) -> Self:
        if (self.client_secret_file is None) == (self.private_key_file is None):
            raise ValueError("give client_secret_file or private_key_file, one of the two")
        return self


class Settings(BaseModel):
    """Where the FHIR server is, how it is asked, and how far it is trusted."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    base_url: Annotated[str, Field(pattern=r"^https://[^?#]+$")]
    """Base URL of the FHIR server, HTTPS; links to any other origin are refused."""
    since: AwareDatetime
    """Resources last changed before this moment are not read; set once, to when the health board joins."""
    mark_file: Path
    """Where the high-water mark is kept, a file of the adapter's own; without it reading begins at `since` again."""
    poll_s: Annotated[float, Field(gt=0)] = 5.0
    """Wait between two looks at the server."""
    overlap_s: Annotated[float, Field(ge=0)] = 300.0
    """How far each look goes back behind the mark: longer than the server takes to show what it has stamped."""
    page_size: Annotated[int, Field(ge=1, le=1000)] = 100
    """`_count` of a search."""
    max_pages: Annotated[int, Field(ge=1)] = 1000
    """The most pages of one search; what is behind them comes with the next."""
    max_body_bytes: Annotated[int, Field(ge=65536)] = 16 * 1024 * 1024
    """The largest answer that is read."""
    timeout_s: Annotated[float, Field(gt=0)] = 20.0
    """For connecting, and for each wait on the server; a whole answer has three times as long."""
    ca_file: Path | None = None
    """CA certificates (PEM) that the server's must be signed by; the system's own if not given."""
    client_certificate_file: Path | None = None
    """Certificate and key (PEM) of the adapter, where the server asks for one (mTLS)."""
    oauth: Oauth | None = None
    """Where the server wants a token."""
    report_faults: bool = True
    """Write a Task with an OperationOutcome for each resource that could not be translated."""

    @property
    def base(self) -> str:
        """The base URL with its one slash at the end."""
        return self.base_url.rstrip("/") + "/"

    @property
    def overlap(self) -> timedelta:
        """`overlap_s`."""
        return timedelta(seconds=self.overlap_s)

    @property
    def first(self) -> datetime:
        """`since`."""
        return self.since
