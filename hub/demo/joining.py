"""Lets agencies join a hub that is at work: their adapters read what comes from now on, and nothing from before."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from adapters.sdk.configuration import InboxSettings
from adapters.sdk.connection import connection
from adapters.sdk.credentials import Credentials
from contracts.topics import outbound_topics
from hub.errors import Unavailable


async def join(agencies: Iterable[Credentials], *, lanes: int) -> None:
    """Put each inbox's group at the ends of its agency's topics; before the adapters start. Raises Unavailable."""
    for credentials in agencies:
        prefix, agency = credentials.topic_prefix, credentials.agency
        places = [TopicPartition(prefix + topic, lane) for topic in outbound_topics(agency) for lane in range(lanes)]
        consumer = AIOKafkaConsumer(
            **connection(credentials, None),
            client_id=f"dolen-demo-{agency}",
            group_id=f"{prefix}{agency}.{InboxSettings().group}",
            enable_auto_commit=False,
        )
        try:
            async with consumer:
                consumer.assign(places)
                await consumer.commit(await consumer.end_offsets(places))
        except (KafkaError, OSError) as failure:
            raise Unavailable(f"Kafka does not take where {agency} begins ({type(failure).__name__})") from None
