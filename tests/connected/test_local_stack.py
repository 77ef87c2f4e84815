"""The local stack with its real servers: reused, restarted on its data, and ended only by whoever started it."""

import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka import KafkaException

from hub.access import Topic
from hub.errors import StartRefused
from hub.kafka_admin import Cluster, admin_client, scram_arguments
from hub.local import stack as stack_module
from hub.local.errors import DiskFull, PortTaken, ServerFailed, StackError
from hub.local.stack import Stack
from hub.provision import administrator
from hub.settings import load_settings

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own, since its tests stop it."""
    stack = Stack(tmp_path_factory.mktemp("own"))
    stack.up()
    yield stack
    stack.down(wipe=True)


def pids(stack: Stack) -> dict[str, int]:
    return {name: process.pid for name, process in stack.kafka.state.processes.items()}


def admin(stack: Stack) -> Cluster:
    where = stack.endpoints()
    return Cluster(
        scram_arguments(where.bootstrap_servers, username=where.admin_username, password=where.admin_password)
    )


def test_up_reuses_what_runs(own: Stack) -> None:
    before = pids(own)
    own.up()
    assert pids(own) == before


def test_a_dead_server_comes_back_on_its_old_data_and_the_others_stay(own: Stack) -> None:
    client = redis.Redis.from_url(own.redis.url)
    client.set("mark", "kept")
    client.bgrewriteaof()
    before = pids(own)
    client.close()
    own.redis.stop()
    own.up()
    client = redis.Redis.from_url(own.redis.url)
    assert client.get("mark") == b"kept"
    client.close()
    after = pids(own)
    assert after["redis"] != before["redis"]
    assert {**after, "redis": 0} == {**before, "redis": 0}


def test_a_killed_broker_starts_again_with_its_topics(own: Stack) -> None:
    topic = Topic("kept", 1, 1, ())
    admin(own).make_topics([topic])
    own.kafka.kill()
    assert not own.kafka.alive
    own.kafka.start()
    assert "kept" in admin(own).topics()


def test_a_paused_server_does_not_answer_and_goes_on_where_it_was(own: Stack) -> None:
    own.redis.pause()
    assert own.redis.alive
    assert not own.redis.ready()
    own.redis.resume()
    assert own.redis.ready()


def test_nobody_is_let_in_without_the_password(own: Stack) -> None:
    with socket.create_connection(("127.0.0.1", own.kafka.state.ports["redis"])) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    where = own.endpoints()
    with pytest.raises(KafkaException):
        admin_client(scram_arguments(where.bootstrap_servers, username="dolen-admin", password="wrong")).list_topics(
            timeout=2
        )


def test_the_settings_find_the_servers_and_the_administrator(own: Stack) -> None:
    settings = load_settings(state_dir=own.state_dir)
    assert settings.kafka.bootstrap_servers == own.endpoints().bootstrap_servers
    assert settings.redis.url.get_secret_value() == own.endpoints().redis_url
    assert administrator(settings)["sasl.username"] == "dolen-admin"
    assert tomllib.loads((own.state_dir / "dolen.toml").read_text())["database"]["url"].startswith("postgresql://")


def test_another_stack_can_run_beside_and_down_leaves_it_alone(own: Stack, tmp_path: Path) -> None:
    assert Stack(tmp_path).down() == []
    assert all(server.alive for server in own.servers)


def test_a_port_that_another_program_took_is_named(own: Stack) -> None:
    own.redis.stop()
    port = own.redis.state.ports["redis"]
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        with pytest.raises(PortTaken, match=str(port)):
            own.up()
    own.up()


def test_a_server_that_can_not_start_is_reported_with_the_end_of_its_log(own: Stack) -> None:
    own.kafka.stop()
    metadata = own.state_dir / "kafka" / "data" / "meta.properties"
    good = metadata.read_text()
    metadata.write_text(good.replace("node.id=1", "node.id=99"))
    with pytest.raises(ServerFailed, match="its log ends"):
        own.up()
    metadata.write_text(good)
    own.up()


def test_a_full_disk_stops_the_start_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "ROOM", 2**62)
    with pytest.raises(DiskFull):
        Stack(tmp_path).up()
    assert not (tmp_path / "stack.json").exists()


def test_a_stack_that_was_never_started_has_no_endpoints(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="dolen up"):
        Stack(tmp_path).endpoints()
    with pytest.raises(StartRefused, match="dolen up"):
        administrator(load_settings(state_dir=tmp_path))
