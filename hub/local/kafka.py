"""Decides how Apache Kafka runs here: one node, passwords and access rules on from its first second."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from confluent_kafka import KafkaException

from hub.kafka_admin import admin_client, scram_arguments
from hub.local.errors import ServerFailed
from hub.local.jars import cache_directory, class_path
from hub.local.java import find_java
from hub.local.ports import LOOPBACK, answers
from hub.local.server import Server
from hub.local.state import State
from hub.private_file import write_private

ADMIN = "dolen-admin"
"""The only super user: provisioning's, and the broker's own towards its controller."""

LONGEST_ID_LIFE_MS = 2**31 - 1
"""24.8 days, the most that Kafka takes: a lane's transactional id must outlive the longest stop."""

RULES: dict[str, str | int] = {
    # The design leans on these; deploy/kafka/broker.properties says the same for three brokers (a test compares them).
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{ADMIN}",
    "allow.everyone.if.no.acl.found": "false",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "log.message.timestamp.type": "LogAppendTime",  # decisions depend on the broker's time, never on a sender's
    "message.max.bytes": 11 * 1024 * 1024,  # a hostile 10 MB record has to reach the hub to get its dead letter
    "offsets.retention.minutes": 400 * 24 * 60,  # a quiet lane must find its offsets after the 7 days of the default
    "transactional.id.expiration.ms": LONGEST_ID_LIFE_MS,
}

SMALL: dict[str, str | int] = {
    # One node for one person: hundreds of partitions on little memory and disk.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 6,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 6,
    "min.insync.replicas": 1,
    "default.replication.factor": 1,
    "log.segment.bytes": 64 * 1024 * 1024,
    "log.index.size.max.bytes": 512 * 1024,
    "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    # After a crash the controller takes the broker back when its old session has run out; 9 s by default.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 4,
}

MEMORY = ("-Xms128m", "-Xmx512m", "-XX:MaxDirectMemorySize=256m", "-XX:MaxGCPauseMillis=20")
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


LISTENERS = ("kafka", "broker", "controller")
"""The names of a node's ports: for clients, for other brokers, for the quorum."""


class Kafka(Server):
    """The broker and its controller in one process."""

    name: ClassVar[str] = "kafka"
    ready_within: ClassVar[float] = 120.0
    memory: ClassVar[Sequence[str]] = MEMORY
    quorum: ClassVar[Sequence[str]] = ("--standalone",)
    """What its data are laid down for: one controller alone."""

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect."""
        return f"{LOOPBACK}:{self.state.ports['kafka']}"

    def ports(self) -> Sequence[int]:
        return tuple(self.state.ports[name] for name in LISTENERS)

    def prepare(self) -> None:
        write_private(self._configuration, properties(self.state, data=self._data))
        if not (self._data / "meta.properties").exists():
            self._format()

    def command(self) -> Sequence[str]:
        # CreateCoredumpOnCrash off: a crash would write the heap, children's data in it, to disk.
        return *self._java(*self.memory, "-XX:-CreateCoredumpOnCrash"), "kafka.Kafka", str(self._configuration)

    def ready(self) -> bool:
        """A client with the password is told of a broker."""
        if not self.alive or not answers(self.state.ports["kafka"]):
            return False
        admin = scram_arguments(self.bootstrap_servers, username=ADMIN, password=self.state.passwords["kafka-admin"])
        try:
            return len(admin_client(admin).list_topics(timeout=2).brokers) > 0
        except KafkaException:
            return False

    @property
    def _configuration(self) -> Path:
        return self.home / "server.properties"

    @property
    def _data(self) -> Path:
        return self.home / "data"

    def _java(self, *options: str) -> tuple[str, ...]:
        return find_java().program, *options, *LOGGING, "-cp", class_path(cache_directory())

    def _format(self) -> None:
        """Lay down the data directory with the admin's password in it; a half-laid one is laid anew."""
        shutil.rmtree(self._data, ignore_errors=True)
        arguments = self.home / "format.arguments"
        password = self.state.passwords["kafka-admin"]
        lines = ["format", "--cluster-id", self.state.cluster, *self.quorum, "--config", str(self._configuration)]
        write_private(
            arguments, "\n".join([*lines, "--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={password}]"])
        )
        try:
            # By file: every user of the machine can read a process's arguments.
            done = subprocess.run(
                [*self._java("-Xmx128m", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", f"@{arguments}"],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ,
            )
        finally:
            arguments.unlink()
        if done.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise ServerFailed(
                f"Kafka's data could not be laid down: {done.stderr.strip()[-600:]}", remedy=self._look()
            )


def properties(state: State, *, data: Path, listen: str = LOOPBACK) -> str:
    """`server.properties`, with passwords in it; clients are let in at `listen` and told to come to the loopback."""
    admin, mechanism = state.passwords["kafka-admin"], "SCRAM-SHA-512"
    module = "org.apache.kafka.common.security"
    user = f'required username="{ADMIN}" password="{admin}"'
    # PLAIN, between brokers and controllers: SCRAM users live in the metadata that these very listeners carry. A broker
    # that was killed and had a long log of it to read could not speak to itself for over two minutes.
    plain = f'{module}.plain.PlainLoginModule {user} user_{ADMIN}="{admin}";'
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "log.dirs": data,
        "listeners": (
            f"CLIENT://{listen}:{state.ports['kafka']},BROKER://{LOOPBACK}:{state.ports['broker']},"
            f"CONTROLLER://{LOOPBACK}:{state.ports['controller']}"
        ),
        "advertised.listeners": (
            f"CLIENT://{LOOPBACK}:{state.ports['kafka']},BROKER://{LOOPBACK}:{state.ports['broker']}"
        ),
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,BROKER:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "listener.name.client.sasl.enabled.mechanisms": mechanism,
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule {user};",
        "inter.broker.listener.name": "BROKER",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.broker.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.broker.plain.sasl.jaas.config": plain,
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{state.ports['controller']}",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": plain,
        **RULES,
        **SMALL,
        **({"log.flush.interval.messages": 1} if state.durable else {}),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())
