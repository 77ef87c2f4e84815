"""Reports what an operator of the hub did or looked at on `access.v1`, signed with the hub's key: first, then the act.

The projector's process chains the reports into `hub.access.v1`.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer
from pydantic import ValidationError

from contracts.access import AccessRecord, Act
from contracts.headers import SIGNATURE, sign
from contracts.parties import HUB
from hub.errors import NotAllowed, Unavailable
from hub.keyring import SigningKey
from hub.names import Names
from hub.settings import Settings

TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts: the stable id that the identity provider gives, never a name, and the role that allows it."""

    id: str
    role: str


class AccessReports:
    """Writes reports; one is on its topic when `say` returns. Any thread may call it."""

    def __init__(
        self, settings: Settings, *, key: SigningKey, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        """`key` is `hub.access_log.hub_key`'s."""
        self._topic = Names(settings.topic_prefix).access_reports
        self._key = key
        self._now_ms = now_ms
        self._one_at_a_time = threading.Lock()  # another's flush would hear of this report
        self._producer = Producer(
            {
                **settings.kafka_admin(),
                "log_level": 0,
                "enable.idempotence": True,
                "linger.ms": 0,
                "delivery.timeout.ms": int(TIMEOUT_S * 1000),
            }
        )

    def say(self, by: Operator, act: Act, what: str, *, about: str = "", why: str | None = None) -> None:
        """Report one act. Raises `Unavailable` where Kafka doesn't take it: then the act is not to be done.

        Raises `NotAllowed` where a part has not its form, as a reason of more than one line.
        """
        value = _value(by, act, what, about=about, why=why, at_ms=self._now_ms())
        told: list[Any] = []
        with self._one_at_a_time:
            self._producer.produce(
                self._topic,
                key=by.id.encode(),
                value=value,
                headers=signed(value, self._key),
                on_delivery=lambda error, _: told.append(error),
            )
            self._producer.flush(TIMEOUT_S + 5)
        if not told or told[0] is not None:
            why_not = told[0].name() if told else "no answer"
            raise Unavailable(f"Kafka doesn't take the report of an act, so the act is not done ({why_not})")


def access_record(
    at_ms: int, *, by: str, role: str, act: Act, what: str, about: str = "", why: str | None = None
) -> AccessRecord:
    """One record of the hub's operators, with an id of its own."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return AccessRecord(
        id=str(uuid.uuid4()), at=at, by=by, role=role, for_party=HUB, act=act, what=what, about=about, why=why
    )


def signed(value: bytes, key: SigningKey) -> list[tuple[str, bytes]]:
    """The headers of a report; `key` is `hub.access_log.hub_key`'s."""
    return [(SIGNATURE, sign(value, key_id=key.key_id, secret=key.secret))]


def _value(by: Operator, act: Act, what: str, *, about: str, why: str | None, at_ms: int) -> bytes:
    try:
        record = access_record(at_ms, by=by.id, role=by.role, act=act, what=what, about=about, why=why)
    except ValidationError as wrong:
        fields = sorted({str(error["loc"][0]) for error in wrong.errors(include_input=False) if error["loc"]})
        raise NotAllowed("no-form", ", ".join(fields)) from None
    return record.model_dump_json().encode()
