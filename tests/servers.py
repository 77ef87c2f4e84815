"""Where the tests' servers come from: the environment, the run's stack, Docker, or a stack of the session's own."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Unavailable
from hub.kafka_admin import Cluster, scram_arguments
from hub.local.endpoints import Endpoints, write_endpoints
from hub.local.jars import listed
from hub.local.kafka import ADMIN, Kafka, properties
from hub.local.postgres import Postgres
from hub.local.redis import Redis
from hub.local.stack import Stack
from hub.local.state import new


@dataclass(frozen=True)
class Servers:
    """Real servers."""

    endpoints: Endpoints
    state_dir: Path
    """A state directory whose `dolen.toml` names them."""
    stack: Stack | None
    """The local stack, where it is one: the only servers that a test may kill."""


@contextmanager
def find_servers(directory: Path) -> Iterator[Servers]:
    """The servers to test with; what is started here is stopped here. Raises StackError where there can be none."""
    if "DOLEN_KAFKA__BOOTSTRAP_SERVERS" in os.environ:
        yield _named(_from_environment(), directory)
    elif "DOLEN_TEST_STATE" in os.environ:
        # Of several test processes each has its own: some of the tests hurt servers.
        stack = Stack(Path(os.environ["DOLEN_TEST_STATE"], os.environ.get("PYTEST_XDIST_WORKER", "")))
        yield Servers(stack.up(), stack.state_dir, stack)
    elif _docker_asked_for():
        with _in_docker(directory) as endpoints:
            yield _named(endpoints, directory)
    else:
        stack = Stack(directory)
        try:
            yield Servers(stack.up(), stack.state_dir, stack)
        finally:
            stack.down(wipe=True)


def _named(endpoints: Endpoints, directory: Path) -> Servers:
    write_endpoints(directory, endpoints)
    return Servers(endpoints, directory, None)


def _from_environment() -> Endpoints:
    return Endpoints(
        bootstrap_servers=os.environ["DOLEN_KAFKA__BOOTSTRAP_SERVERS"],
        admin_username=os.environ["DOLEN_KAFKA__ADMIN__USERNAME"],
        admin_password=os.environ["DOLEN_KAFKA__ADMIN__PASSWORD"],
        redis_url=os.environ["DOLEN_REDIS__URL"],
        database_url=os.environ.get("DOLEN_DATABASE__URL", ""),
    )


def _docker_asked_for() -> bool:
    """Only when asked: the local stack is there in four seconds, and a test may kill it."""
    return os.environ.get("DOLEN_TEST_DOCKER") == "1"


@contextmanager
def _in_docker(directory: Path) -> Iterator[Endpoints]:
    """The same servers from their makers' images."""
    from testcontainers.core.container import DockerContainer

    state = new(directory)
    kafka, redis, postgres = (state.ports[name] for name in ("kafka", "redis", "postgres"))
    containers = (
        DockerContainer(f"apache/kafka:{listed()[0]}")
        .with_bind_ports(kafka, kafka)
        .with_env("PROPERTIES", properties(state, data=Path("/tmp/data"), listen="0.0.0.0"))  # noqa: S104, S108
        .with_command(["bash", "-c", _KAFKA.format(cluster=state.cluster, password=state.passwords["kafka-admin"])]),
        DockerContainer("redis:8")
        .with_bind_ports(6379, redis)
        .with_command(f"redis-server --requirepass {state.passwords['redis']} --maxmemory-policy noeviction"),
        DockerContainer("postgres:18")
        .with_bind_ports(5432, postgres)
        .with_env("POSTGRES_USER", "dolen")
        .with_env("POSTGRES_PASSWORD", state.passwords["postgres"]),
    )
    servers = Kafka(state), Redis(state), Postgres(state)
    with ExitStack() as started:
        for container in containers:
            started.enter_context(container)
        endpoints = Endpoints(
            bootstrap_servers=servers[0].bootstrap_servers,
            admin_username=ADMIN,
            admin_password=state.passwords["kafka-admin"],
            redis_url=servers[1].url,
            database_url=servers[2].url,
        )
        _wait_for(endpoints)
        yield endpoints


_KAFKA = """
cd /tmp && printf '%s' "$PROPERTIES" > server.properties
/opt/kafka/bin/kafka-storage.sh format --standalone --cluster-id {cluster} --config server.properties \\
  --add-scram 'SCRAM-SHA-512=[name=dolen-admin,password={password}]'
exec /opt/kafka/bin/kafka-server-start.sh server.properties
"""


def _wait_for(endpoints: Endpoints) -> None:
    cluster = Cluster(
        scram_arguments(
            endpoints.bootstrap_servers, username=endpoints.admin_username, password=endpoints.admin_password
        )
    )
    deadline = time.monotonic() + 120
    while True:
        try:
            cluster.topics()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
