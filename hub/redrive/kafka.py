"""Reads refused records back from their topics, and sends them there again as the one user that may."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from hub.access import REDRIVE
from hub.errors import Unavailable
from hub.names import Names
from hub.record import Coordinates
from hub.redrive.trial import Kept
from hub.settings import Settings

TIMEOUT_S = 20.0


class InboundReader:
    """Records of inbound topics, one at a time; belongs to one thread."""

    def __init__(self, settings: Settings) -> None:
        names = Names(settings.topic_prefix)
        self._consumer = Consumer(
            {
                **settings.kafka_admin(),
                "log_level": 0,
                # Names a group that it may name; it neither joins it nor commits.
                "group.id": f"{names.group}-redrive",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 10,
            }
        )
        self._known = False

    def read(self, at: Coordinates) -> Kept | None:
        """The record at `at`; None where it is no longer there. Raises `Unavailable`."""
        try:
            if not self._known:
                self._consumer.list_topics(timeout=TIMEOUT_S)  # else the first read of each topic takes a second
                self._known = True
            self._consumer.assign([TopicPartition(at.topic, at.partition, at.offset)])
            message = self._consumer.poll(TIMEOUT_S)
        except KafkaException as failure:
            raise _away(failure.args[0]) from None
        if message is None:
            raise Unavailable(f"Kafka doesn't let {at.topic}/{at.partition} be read within {TIMEOUT_S:.0f} s")
        error = message.error()
        if error is not None:
            if error.code() in (
                KafkaError._PARTITION_EOF,
                KafkaError._AUTO_OFFSET_RESET,
                KafkaError.OFFSET_OUT_OF_RANGE,
            ):
                return None
            raise _away(error)
        return _kept(message) if message.offset() == at.offset else None

    def close(self) -> None:
        """Let the connection go."""
        self._consumer.close()


class InboundSender:
    """Sends records on as the re-drive user; a record is there when `send` returns."""

    def __init__(self, settings: Settings, user: Mapping[str, str] | None) -> None:
        """`user` is what `dolen provision` made under the name of `hub.access.REDRIVE`."""
        own = {"sasl.username": user["username"], "sasl.password": user["password"]} if user is not None else {}
        arguments = settings.kafka_admin()
        self._producer = Producer(
            {
                **arguments,
                **(own if "sasl.username" in arguments else {}),
                "log_level": 0,
                "client.id": REDRIVE,
                "enable.idempotence": True,
                "linger.ms": 0,
                "compression.type": "none",
                "delivery.timeout.ms": int(TIMEOUT_S * 1000),
            }
        )

    def send(self, record: Kept) -> tuple[Coordinates, int]:
        """Send one record to its topic and partition; where it stands now, and its broker time (or `Unavailable`)."""
        told: list[tuple[Any, Any]] = []
        self._producer.produce(
            record.topic,
            partition=record.partition,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            on_delivery=lambda error, message: told.append((error, message)),
        )
        self._producer.flush(TIMEOUT_S + 5)
        if not told or told[0][0] is not None:
            raise _away(told[0][0] if told else None)
        message = told[0][1]
        return Coordinates(message.topic(), message.partition(), message.offset()), int(message.timestamp()[1])


def _kept(message: Any) -> Kept:
    # A header name that is not UTF-8: confluent-kafka 2.16 fails with SystemError (see hub/audit/kafka.py). The lane
    # refuses such a record for good, and so does the trial of this one, which has no signature.
    try:
        headers = tuple(message.headers() or ())
    except SystemError:
        headers = ()
    return Kept(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp=message.timestamp()[1],
        key=message.key(),
        value=message.value(),
        headers=headers,
    )


def _away(error: Any) -> Unavailable:
    return Unavailable(f"Kafka doesn't take or give what is to be sent on ({error.name() if error else 'no answer'})")
