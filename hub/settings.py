"""What a hub is told from outside: environment first, then `<state>/dolen.toml`, which `dolen up` writes."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from hub.errors import StartRefused

STATE_DIR = Path(".dolen")


class KafkaAdmin(BaseModel):
    """Who provisions: `dolen up` writes it down; in service it is a super user of the cluster."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    username: str
    """SASL/SCRAM-SHA-512 user."""
    password: SecretStr
    """The user's password."""


class KafkaSettings(BaseModel):
    """How to reach Kafka."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    bootstrap_servers: str = "127.0.0.1:9092"
    """Brokers, `host:port` with commas between."""
    username: str | None = None
    """SASL/SCRAM-SHA-512 user; without one the connection is plain."""
    password: SecretStr | None = None
    """The user's password."""
    ssl_ca: Path | None = None
    """CA certificates (PEM): with it the connection is TLS."""
    admin: KafkaAdmin | None = None
    """Used by `dolen provision` alone."""
    replication: Annotated[int, Field(ge=1, le=7)] = 1
    """Copies of each partition that `dolen provision` asks for; 3 in service."""


class RedisSettings(BaseModel):
    """How to reach Redis or Valkey."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    """`redis://:password@host:port/db`, or `rediss://` for TLS."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long one call may take before Redis counts as away."""


class DatabaseSettings(BaseModel):
    """How to reach PostgreSQL."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    url: SecretStr | None = None
    """`postgresql://user:password@host:port/db`, for the projector and the console."""
    keep_months: Annotated[int, Field(ge=1, le=1200)] = 14
    """How many whole months the tables go back; the topics they are made from are kept for good."""


class TracesProtocol(StrEnum):
    """How OTLP is spoken."""

    HTTP = "http"
    """Protobuf over HTTP."""
    GRPC = "grpc"


class TracesSettings(BaseModel):
    """Where traces go."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    endpoint: Annotated[str, Field(pattern=r"^https?://[^/@\s]+$")] | None = None
    """The collector, `http://host:port` or `https://…`, without a path: 4318 is usual for HTTP, 4317 for gRPC."""
    protocol: TracesProtocol = TracesProtocol.HTTP
    """`http` or `grpc`."""
    authorization: SecretStr | None = None
    """Sent as the header `authorization`, where the collector asks for one."""
    ssl_ca: Path | None = None
    """CA certificates (PEM) of an `https` collector; the machine's own if not given."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long the collector may take to answer."""


class ConsoleSettings(BaseModel):
    """The operations console."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    address: Annotated[str, Field(pattern=r"^https?://[^/\s?#]+$")] = "http://127.0.0.1:8462"
    """Where people reach the console; `http://` on this machine alone."""
    host: str = "127.0.0.1"
    """What it listens on; a proxy in front ends TLS."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8462
    """The port it listens on; 0: any that is free."""
    proxies: tuple[IPvAnyNetwork, ...] = ()
    """Addresses or networks of the proxies in front: from them alone `X-Forwarded-For` says who comes, by whom failed
    sign-ins are counted. Without them all who come through one proxy count as one."""
    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    """The identity provider (OpenID Connect); `/.well-known/openid-configuration` below it says the rest."""
    client_id: str = "dolen-console"
    """What the identity provider calls the console."""
    client_secret: SecretStr | None = None
    """The secret that it gave; none: a public client, with PKCE alone."""
    roles_claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:/-]+(\.[A-Za-z0-9_:/-]+)*$")] = "roles"
    """Where the ID token lists roles (`viewer`, `operator`, `approver`, `auditor`); a full stop goes into an object."""
    development: bool = False
    """Sign-in without a password, in any role; every page says so. On this machine alone, never in service."""
    idle_minutes: Annotated[int, Field(ge=1, le=60)] = 20
    """A session ends after so long without a page."""
    longest_hours: Annotated[int, Field(ge=1, le=24)] = 10
    """A session ends after so long whatever is done."""
    trace_url: Annotated[str, Field(pattern=r"^https?://\S*\{trace_id\}\S*$")] | None = None
    """A trace's page in Jaeger or Grafana, with `{trace_id}` in its place, as `http://host:16686/trace/{trace_id}`."""


class MetricsSettings(BaseModel):
    """Where a running process serves its figures and health."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """What it listens on. Without sign-in and without TLS: open it to Prometheus alone."""
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port, of each process its own; 0: any that is free, which the log tells; not given: nothing is served."""
    stands_after_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """What has something to do and has not got on for so long stands still: `/progress` says so."""


class Settings(BaseSettings):
    """All settings of the hub; each is `DOLEN_<NAME>` in the environment, with `__` between a group and its field."""

    model_config = SettingsConfigDict(
        env_prefix="DOLEN_",
        env_nested_delimiter="__",
        extra="ignore",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    """Kafka."""
    redis: RedisSettings = RedisSettings()
    """Redis."""
    database: DatabaseSettings = DatabaseSettings()
    """PostgreSQL."""
    traces: TracesSettings = TracesSettings()
    """OpenTelemetry."""
    console: ConsoleSettings = ConsoleSettings()
    """The operations console."""
    metrics: MetricsSettings = MetricsSettings()
    """Figures for Prometheus, and health."""
    state_dir: Path = STATE_DIR
    """Where keys, passwords and the local stack's data are."""
    network: Path = Path("deploy/networks/cardiff-and-vale.toml")
    """Which organisations take part."""
    policy_dir: Path | None = None
    """The sharing policy; the packaged one if not given."""
    checkpoint_dir: Path | None = None
    """Where signed checkpoints of the ledger are kept: another disk or host in service; `<state>/checkpoints` else."""
    checkpoint_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How often a checkpoint is kept of each lane."""
    schools_csv: Path | None = None
    """An imported school list (`dolen directory import`); the packaged one if not given."""
    lanes: Annotated[int, Field(ge=1, le=1000)] = 6
    """Partitions of every topic, and so the most workers that can share the work."""
    topic_prefix: Annotated[str, Field(pattern=r"^[a-z0-9.-]*$", max_length=40)] = ""
    """Put before every name in Kafka and Redis, so that several hubs can share servers; empty in service."""
    batch_max_records: Annotated[int, Field(ge=1, le=10_000)] = 500
    """The most events in one transaction; a batch is what is there, never waited for."""
    seen_window_days: Annotated[int, Field(ge=1, le=3650)] = 400
    """How long a repeat is known as one."""
    transaction_timeout_ms: Annotated[int, Field(ge=20_000, le=60_000)] = 30_000
    """After this the broker aborts the transaction of a worker that has stopped."""
    request_timeout_ms: Annotated[int, Field(ge=1_000, le=40_000)] = 10_000
    """How long a broker may take to answer; below the transaction's limit."""
    session_timeout_ms: Annotated[int, Field(ge=1_000, le=60_000)] = 10_000
    """After this without a heartbeat a worker's lanes go to another."""
    policy_poll_s: Annotated[float, Field(gt=0)] = 1.0
    """How often policy and keyring files are looked at for a change."""
    retry_wait_s: Annotated[float, Field(gt=0)] = 0.2
    """First wait after a server was found away; doubles up to five seconds."""

    redrive_per_s: Annotated[float, Field(gt=0, le=1000)] = 20.0
    """How many dead letters are sent on in a second, at the most."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file of the local stack."""
        state = Path(init_settings().get("state_dir") or os.environ.get("DOLEN_STATE_DIR") or STATE_DIR)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, state / "dolen.toml")

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.checkpoint_dir or self.state_dir / "checkpoints"

    @property
    def checkpoint_key(self) -> Path:
        """The private key that signs them; its public key lies beside it."""
        return self.state_dir / "hub" / "checkpoint-key.pem"

    @property
    def checkpoint_public_key(self) -> Path:
        """The public key: all that is needed to check them."""
        return self.state_dir / "hub" / "checkpoint-public.pem"

    @property
    def redrive_key(self) -> Path:
        """The private key that attests re-drives: whoever sends dead letters on needs it, and nobody else."""
        return self.state_dir / "hub" / "redrive-key.pem"

    @property
    def redrive_public_key(self) -> Path:
        """The public key, with which lanes and audit check them."""
        return self.state_dir / "hub" / "redrive-public.pem"

    def kafka_client(self) -> dict[str, Any]:
        """Connection arguments for every aiokafka client."""
        arguments: dict[str, Any] = {"bootstrap_servers": self.kafka.bootstrap_servers}
        if self.kafka.username is not None and self.kafka.password is not None:
            arguments |= {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.kafka.username,
                "sasl_plain_password": self.kafka.password.get_secret_value(),
            }
        if self.kafka.ssl_ca is not None:
            from aiokafka.helpers import create_ssl_context

            arguments["ssl_context"] = create_ssl_context(cafile=str(self.kafka.ssl_ca))
            arguments["security_protocol"] = arguments.get("security_protocol", "PLAINTEXT").replace("PLAINTEXT", "SSL")
        return arguments

    def kafka_admin(self) -> dict[str, Any]:
        """The same for confluent-kafka's AdminClient."""
        arguments: dict[str, Any] = {"bootstrap.servers": self.kafka.bootstrap_servers}
        if self.kafka.username is not None and self.kafka.password is not None:
            arguments |= {
                "security.protocol": "SASL_SSL" if self.kafka.ssl_ca else "SASL_PLAINTEXT",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": self.kafka.username,
                "sasl.password": self.kafka.password.get_secret_value(),
            }
        if self.kafka.ssl_ca is not None:
            arguments["ssl.ca.location"] = str(self.kafka.ssl_ca)
        return arguments


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and the state directory; refuses wrong ones with their names and rules."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as wrong:
        details = wrong.errors(include_input=False, include_context=False, include_url=False)
        named = "; ".join(f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}" for detail in details)
        raise StartRefused(f"wrong setting: {named}; set DOLEN_<NAME> (README, Settings) or mend dolen.toml") from None
