"""Servers for the tests that need them, and a corner of their own in them for each test."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.credentials import CredentialFiles
from hub.errors import Unavailable
from hub.kafka_admin import Cluster, scram_arguments
from hub.local.stack import Stack
from hub.provision import provision_network
from hub.settings import KafkaAdmin, KafkaSettings, RedisSettings, Settings, load_settings
from tests.servers import Servers, find_servers

NETWORK = Path(__file__).parents[1] / "deploy" / "networks" / "cardiff-and-vale.toml"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Real Kafka, Redis and PostgreSQL. Without them the test skips on a laptop and fails in CI."""
    try:
        with find_servers(tmp_path_factory.mktemp("stack")) as found:
            yield found
    except Unavailable as missing:
        _missing(str(missing))


@pytest.fixture(scope="session")
def stack(servers: Servers) -> Stack:
    """The local stack itself, for tests that kill, pause and start its servers."""
    if servers.stack is None:
        _missing("this test hurts servers, and those in use are not its own: unset DOLEN_KAFKA__BOOTSTRAP_SERVERS")
    return servers.stack


@pytest.fixture(scope="session")
def cluster(servers: Servers) -> Cluster:
    """Kafka, as its administrator."""
    where = servers.endpoints
    return Cluster(
        scram_arguments(where.bootstrap_servers, username=where.admin_username, password=where.admin_password)
    )


@pytest.fixture
def topic_prefix(cluster: Cluster) -> Iterator[str]:
    """A beginning for every name in Kafka and Redis that is this test's alone; what was made with it goes."""
    prefix = f"t{secrets.token_hex(4)}."
    yield prefix
    cluster.remove_topics(name for name in cluster.topics() if name.startswith(prefix))
    ours = [found for found in cluster.acls() if found.acl.user.startswith(prefix)]
    cluster.remove(ours)
    cluster.remove_users({found.acl.user for found in ours})


@pytest.fixture
def provisioned(servers: Servers, topic_prefix: str, tmp_path: Path) -> Callable[..., Settings]:
    """Call it to provision a network: the settings of its hub, with the hub's own user and a state directory."""

    def make(*, network: Path = NETWORK, lanes: int = 2, **more: object) -> Settings:
        where = servers.endpoints
        admin = KafkaAdmin.model_validate({"username": where.admin_username, "password": where.admin_password})
        settings = load_settings(
            state_dir=tmp_path / "state",
            network=network,
            lanes=lanes,
            topic_prefix=topic_prefix,
            kafka=KafkaSettings(bootstrap_servers=where.bootstrap_servers, admin=admin),
            redis=RedisSettings.model_validate({"url": where.redis_url}),
            **more,
        )
        provision_network(settings)
        hub = CredentialFiles(settings.state_dir).hub()
        assert hub is not None
        user = {"username": hub["username"], "password": hub["password"]}
        kafka = KafkaSettings.model_validate({**settings.kafka.model_dump(), **user})
        return settings.model_copy(update={"kafka": kafka})

    return make


def _missing(what: str) -> None:
    """A server that is not there: nobody is fooled in CI, nobody is stopped on a laptop."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"a server is missing: {what}", pytrace=False)
    pytest.skip(what)
