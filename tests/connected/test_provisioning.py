"""Provisioning on the real broker: what it makes, what it mends, and what a client may do afterwards."""

import asyncio
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from hub.access import Acl
from hub.credentials import CredentialFiles
from hub.errors import StartRefused
from hub.kafka_admin import Cluster
from hub.keyring import load_keyring
from hub.provision import provision_network, refuse_unmended
from hub.settings import Settings

pytestmark = pytest.mark.connected

Provisioned = Callable[..., Settings]


def test_a_second_provisioning_finds_nothing_to_mend(provisioned: Provisioned) -> None:
    settings = provisioned()
    assert provision_network(settings, mend=False) == []
    assert provision_network(settings) == []


def test_a_check_changes_nothing(provisioned: Provisioned, cluster: Cluster) -> None:
    settings = provisioned(lanes=1)
    topics = set(cluster.topics())
    other = settings.model_copy(update={"topic_prefix": settings.topic_prefix + "x."})
    assert provision_network(other, mend=False)
    assert set(cluster.topics()) == topics


def test_a_topic_with_other_partitions_is_refused_and_left_alone(provisioned: Provisioned, cluster: Cluster) -> None:
    settings = provisioned(lanes=1)
    differences = provision_network(settings.model_copy(update={"lanes": 2}))
    with pytest.raises(StartRefused, match="1 partitions, not 2"):
        refuse_unmended(differences)
    assert cluster.topics()[f"{settings.topic_prefix}referrals.v1"].partitions == 1


def test_a_changed_retention_is_put_right(provisioned: Provisioned, cluster: Cluster) -> None:
    settings = provisioned(lanes=1)
    topic = f"{settings.topic_prefix}referrals.v1"
    cluster.configure({topic: {"retention.ms": "1000"}})
    assert [each.name for each in provision_network(settings)] == [topic]
    assert provision_network(settings, mend=False) == []


def test_a_rule_that_somebody_added_is_taken_away_and_a_missing_one_comes_back(
    provisioned: Provisioned, cluster: Cluster
) -> None:
    settings = provisioned(lanes=1)
    prefix = settings.topic_prefix
    stranger = Acl(f"{prefix}stranger", "READ", "TOPIC", f"{prefix}to.cardiff-education.referrals.v1")
    wanted = next(found for found in cluster.acls() if found.acl.user == f"{prefix}south-wales-police")
    cluster.allow([stranger])
    cluster.remove([wanted])
    assert len(provision_network(settings)) == 2
    rules = {found.acl for found in cluster.acls()}
    assert stranger not in rules
    assert wanted.acl in rules


def test_an_agency_that_left_can_no_longer_sign_in_or_sign(provisioned: Provisioned, cluster: Cluster) -> None:
    settings = provisioned(lanes=1)
    agency = "cardiff-education"
    user = settings.topic_prefix + agency
    assert cluster.users([user]) == {user}
    smaller = settings.state_dir / "smaller.toml"
    smaller.write_text(settings.network.read_text().replace(f'"{agency}",', ""))
    provision_network(settings.model_copy(update={"network": smaller}))
    assert cluster.users([user]) == set()
    assert not CredentialFiles(settings.state_dir).agency_path(agency).exists()
    keys = load_keyring(settings.state_dir / "hub" / "keyring.toml").values()
    in_a_minute = (datetime.now(UTC) + timedelta(minutes=1)).timestamp() * 1000
    assert not any(key.valid_at(int(in_a_minute)) for key in keys if key.agency == agency)


def test_rotation_gives_a_new_key_and_leaves_the_old_one_valid_for_the_overlap(provisioned: Provisioned) -> None:
    settings = provisioned(lanes=1)
    provision_network(settings, rotate=["south-wales-police"])
    now = datetime.now(UTC)
    keys = [
        key
        for key in load_keyring(settings.state_dir / "hub" / "keyring.toml").values()
        if key.agency == "south-wales-police"
    ]
    valid = [[key.valid_at(int((now + timedelta(days=days)).timestamp() * 1000)) for key in keys] for days in (0, 8)]
    assert valid == [[True, True], [False, True]]
    given = tomllib.loads(CredentialFiles(settings.state_dir).agency_path("south-wales-police").read_text())
    assert given["signing"]["key_id"] == keys[1].key_id


def test_secrets_are_readable_by_their_owner_alone(provisioned: Provisioned) -> None:
    settings = provisioned(lanes=1)
    files = [path for path in settings.state_dir.rglob("*.toml") if "network" not in path.name]
    assert len(files) > 5
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


def test_an_agency_may_write_the_families_of_its_role_and_read_its_own_topics_only(provisioned: Provisioned) -> None:
    settings = provisioned(lanes=1)
    prefix = settings.topic_prefix
    police = _agency(settings, "south-wales-police")

    async def attempt() -> None:
        await _write(police, f"{prefix}notices.v1")
        await _read(police, f"{prefix}to.south-wales-police.receipts.v1", group=f"{prefix}south-wales-police.inbox")
        for topic in (
            f"{prefix}conferences.v1",
            f"{prefix}to.south-wales-police.receipts.v1",
            f"{prefix}hub.ledger.v1",
        ):
            with pytest.raises(TopicAuthorizationFailedError):
                await _write(police, topic)
        for topic in ("to.cardiff-education.referrals.v1", "notices.v1", "hub.ledger.v1"):
            with pytest.raises(TopicAuthorizationFailedError):
                await _read(police, prefix + topic, group=None)
        with pytest.raises(GroupAuthorizationFailedError):
            await _read(police, f"{prefix}to.south-wales-police.receipts.v1", group=f"{prefix}dolen-hub")
        with pytest.raises(TransactionalIdAuthorizationFailed):
            await _write(police, f"{prefix}notices.v1", transactional_id=f"{prefix}dolen-lane-0")

    asyncio.run(attempt())


def test_the_hub_may_do_what_a_lane_does_and_may_not_publish_as_an_agency(provisioned: Provisioned) -> None:
    settings = provisioned(lanes=1)
    prefix = settings.topic_prefix
    hub = settings.kafka_client()

    async def attempt() -> None:
        lane = f"{prefix}dolen-lane-0"
        await _write(hub, f"{prefix}to.cardiff-education.referrals.v1", transactional_id=lane)
        await _write(hub, f"{prefix}hub.ledger.v1", transactional_id=lane)
        await _read(hub, f"{prefix}notices.v1", group=f"{prefix}dolen-hub")
        with pytest.raises(TopicAuthorizationFailedError):
            await _write(hub, f"{prefix}notices.v1")

    asyncio.run(attempt())


def _agency(settings: Settings, agency: str) -> dict[str, str]:
    file = CredentialFiles(settings.state_dir).agency(agency)
    assert file is not None
    return settings.kafka_client() | {"sasl_plain_username": file.username, "sasl_plain_password": file.password}


async def _write(client: dict[str, str], topic: str, *, transactional_id: str | None = None) -> None:
    producer = AIOKafkaProducer(**client, acks="all", enable_idempotence=True, transactional_id=transactional_id)
    try:
        await producer.start()
        if transactional_id is None:
            await producer.send_and_wait(topic, b"x")
        else:
            async with producer.transaction():
                await producer.send_and_wait(topic, b"x")
    finally:
        await producer.stop()


async def _read(client: dict[str, str], topic: str, *, group: str | None) -> None:
    consumer = AIOKafkaConsumer(topic, **client, group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        await consumer.getmany(timeout_ms=300)
    finally:
        await consumer.stop()
