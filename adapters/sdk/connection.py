"""Decides how an agency reaches Kafka: signed in, every write acknowledged by all replicas and never doubled."""

import ssl
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512

from adapters.sdk.credentials import Credentials
from adapters.sdk.errors import NotConnected
from contracts.envelope import MAX_EVENT_BYTES

MAX_REQUEST_BYTES = 2 * MAX_EVENT_BYTES
"""An event and its headers; the hub takes nothing larger."""
BATCH_BYTES = 128 * 1024
"""Of one partition in a request: with aiokafka's 16 KiB a dozen events go, and the next wait for the answer."""


def kafka_broker(
    credentials: Credentials, *, consumer_only: bool = False, ssl_context: ssl.SSLContext | None = None
) -> KafkaBroker:
    """FastStream's broker object for one agency; with `ssl_context` the connection is TLS.

    FastStream's own defaults would lose or show data: acks=1 without idempotence, a correlation id of its own making
    on every record, errors logged with the values they are about, and topics created where one is missing.
    """
    return KafkaBroker(
        credentials.bootstrap_servers.split(","),
        security=SASLScram512(
            credentials.username, credentials.password, ssl_context=ssl_context, use_ssl=ssl_context is not None
        ),
        client_id=f"dolen-{credentials.agency}",
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        max_request_size=MAX_REQUEST_BYTES,
        request_timeout_ms=20_000,
        retry_backoff_ms=50,
        allow_auto_create_topics=False,
        consumer_only=consumer_only,
        id_generator=lambda: "",
        apply_types=False,
        logger=None,
    )


def connection(credentials: Credentials, ssl_context: ssl.SSLContext | None) -> dict[str, Any]:
    """The same for a client of aiokafka's own."""
    return {
        "bootstrap_servers": credentials.bootstrap_servers,
        "security_protocol": "SASL_PLAINTEXT" if ssl_context is None else "SASL_SSL",
        "ssl_context": ssl_context,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": credentials.username,
        "sasl_plain_password": credentials.password,
    }


async def knock(credentials: Credentials, ssl_context: ssl.SSLContext | None) -> None:
    """Raise NotConnected unless Kafka can be reached and lets the agency in.

    Asked before FastStream's broker object starts, which leaves clients unclosed where that fails.
    """
    client = AIOKafkaClient(**connection(credentials, ssl_context))
    try:
        await client.bootstrap()
    except (KafkaError, OSError) as failure:
        raise NotConnected(
            f"Kafka at {credentials.bootstrap_servers} can't be reached, or does not let {credentials.agency} in "
            f"({type(failure).__name__}); see that it runs (`dolen up`) and that the agency's file is its newest "
            "(`dolen provision --check`)"
        ) from None
    finally:
        await client.close()
