"""Decides how administration reaches Kafka: confluent-kafka, since aiokafka knows neither access rules nor users."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from hub.access import Acl, Topic
from hub.errors import Unavailable

WITHIN_S = 60.0
SCRAM = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
"""Kafka's least number of rounds: the passwords are 192 random bits, so rounds add nothing but time."""

_silent = logging.getLogger("dolen.librdkafka")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False  # librdkafka writes every failed connection to standard error; callers report what matters


def admin_client(arguments: Mapping[str, Any]) -> AdminClient:
    """A client for librdkafka's `arguments`. It connects when first used and raises KafkaException."""
    return AdminClient({"client.id": "dolen-admin", "socket.timeout.ms": 10_000, **arguments}, logger=_silent)


def scram_arguments(bootstrap_servers: str, *, username: str, password: str) -> dict[str, Any]:
    """Arguments to sign in without TLS, as the local stack wants it."""
    return {
        "bootstrap.servers": bootstrap_servers,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": username,
        "sasl.password": password,
    }


@dataclass(frozen=True, slots=True)
class Shape:
    """What a topic in the cluster looks like."""

    partitions: int
    replication: int


@dataclass(frozen=True, slots=True)
class FoundAcl:
    """A rule in the cluster that allows something; rules that deny are not looked at (see `Cluster.acls`)."""

    acl: Acl
    host: str


class Cluster:
    """What provisioning asks of Kafka; every method raises Unavailable where Kafka does not answer or refuses."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.bootstrap_servers = str(arguments["bootstrap.servers"])
        self._admin = admin_client(arguments)

    def topics(self) -> dict[str, Shape]:
        """All topics by name."""
        with self._errors():
            listed = self._admin.list_topics(timeout=WITHIN_S / 4).topics
        return {name: _shape(topic) for name, topic in listed.items()}

    def make_topics(self, topics: Iterable[Topic]) -> None:
        """Make topics and wait until they are known: a client that asks too early is told that there is none."""
        wanted = [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=topic.replication,
                config=dict(topic.configuration),
            )
            for topic in topics
        ]
        self._settle(lambda: self._admin.create_topics(wanted, operation_timeout=WITHIN_S))
        names = {topic.topic for topic in wanted}
        self._wait(lambda: names <= self.topics().keys(), f"{len(names)} new topics")

    def remove_topics(self, names: Iterable[str]) -> None:
        """Remove topics with all that is in them (tests tidy up after themselves)."""
        self._settle(lambda: self._admin.delete_topics(list(names), operation_timeout=WITHIN_S))

    def configurations(self, topics: Iterable[str]) -> dict[str, dict[str, str]]:
        """Settings in force by topic."""
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
        with self._errors():
            answers = self._admin.describe_configs(resources) if resources else {}
            return {
                resource.name: {name: entry.value for name, entry in answer.result(WITHIN_S).items()}
                for resource, answer in answers.items()
            }

    def configure(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        """Set settings by topic, and leave the others as they are."""
        resources = [
            ConfigResource(
                ConfigResource.Type.TOPIC,
                name,
                incremental_configs=[
                    ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
                    for setting, value in settings.items()
                ],
            )
            for name, settings in changes.items()
        ]
        self._settle(lambda: self._admin.incremental_alter_configs(resources))

    def users(self, names: Iterable[str]) -> set[str]:
        """Those of `names` that have a password."""
        known = set()
        with self._errors():
            for name, answer in self._admin.describe_user_scram_credentials(list(names)).items():
                try:
                    answer.result(WITHIN_S)
                    known.add(name)
                except KafkaException as failure:
                    if failure.args[0].code() != KafkaError.RESOURCE_NOT_FOUND:
                        raise
        return known

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Make users, or give them new passwords, and wait until they are known."""
        changes: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, SCRAM, password.encode()) for user, password in passwords.items()
        ]
        self._settle(lambda: self._admin.alter_user_scram_credentials(changes))
        self._wait(lambda: self.users(passwords) == passwords.keys(), f"{len(passwords)} new users")

    def remove_users(self, names: Iterable[str]) -> None:
        """Take users' passwords away."""
        changes = [UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512) for name in self.users(names)]
        if changes:
            self._settle(lambda: self._admin.alter_user_scram_credentials(changes))

    def acls(self) -> list[FoundAcl]:
        """All rules that allow. One that denies is left alone: it only narrows, and stops an agency at once."""
        any_allowing = AclBindingFilter(
            ResourceType.ANY,
            None,
            ResourcePatternType.ANY,
            None,
            None,
            AclOperation.ANY,
            AclPermissionType.ALLOW,
        )
        with self._errors():
            return [_found(binding) for binding in self._admin.describe_acls(any_allowing).result(WITHIN_S)]

    def allow(self, acls: Iterable[Acl]) -> None:
        """Add rules and wait until they are in force: a hub that starts too early is told that there are no topics."""
        wanted = set(acls)
        bindings = [_binding(AclBinding, acl, "*") for acl in wanted]
        self._settle(lambda: self._admin.create_acls(bindings))
        self._wait(lambda: wanted <= {found.acl for found in self.acls()}, f"{len(wanted)} new rules")

    def remove(self, acls: Iterable[FoundAcl]) -> None:
        """Take rules away."""
        filters = [_binding(AclBindingFilter, found.acl, found.host) for found in acls]
        self._settle(lambda: self._admin.delete_acls(filters))

    def _settle(self, ask: Callable[[], Mapping[Any, Any]]) -> None:
        with self._errors():
            for answer in ask().values():
                answer.result(WITHIN_S)

    def _wait(self, known: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not known():
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"Kafka at {self.bootstrap_servers} took {what} and does not know them yet; try again"
                )
            time.sleep(0.05)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as failure:
            raise Unavailable(
                f"Kafka at {self.bootstrap_servers} does not answer or refuses the administrator "
                f"({failure.args[0].name()}); look at `dolen doctor`, DOLEN_KAFKA__BOOTSTRAP_SERVERS and "
                "DOLEN_KAFKA__ADMIN__USERNAME"
            ) from None


def _shape(topic: Any) -> Shape:
    return Shape(len(topic.partitions), min((len(each.replicas) for each in topic.partitions.values()), default=0))


def _found(binding: Any) -> FoundAcl:
    return FoundAcl(
        Acl(
            user=binding.principal.removeprefix("User:"),
            operation=binding.operation.name,
            resource=binding.restype.name,
            name=binding.name,
            prefixed=binding.resource_pattern_type == ResourcePatternType.PREFIXED,
        ),
        host=binding.host,
    )


def _binding(kind: type[AclBinding] | type[AclBindingFilter], acl: Acl, host: str) -> AclBinding | AclBindingFilter:
    return kind(
        ResourceType[acl.resource],
        acl.name,
        ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL,
        f"User:{acl.user}",
        host,
        AclOperation[acl.operation],
        AclPermissionType.ALLOW,
    )
