"""Decides how administration reaches Kafka: confluent-kafka, since aiokafka knows neither access rules nor users."""

import logging

from confluent_kafka.admin import AdminClient

_silent = logging.getLogger("dolen.librdkafka")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False  # librdkafka writes every failed connection to standard error; callers report what matters


def admin_client(
    bootstrap_servers: str, *, username: str, password: str, security_protocol: str = "SASL_PLAINTEXT"
) -> AdminClient:
    """A client that signs in by SCRAM-SHA-512. It connects when first used and raises KafkaException."""
    return AdminClient(
        {
            "bootstrap.servers": bootstrap_servers,
            "security.protocol": security_protocol,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": username,
            "sasl.password": password,
            "client.id": "dolen-admin",
            "socket.timeout.ms": 10_000,
        },
        logger=_silent,
    )
