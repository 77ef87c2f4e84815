"""Names and numbers that occur nowhere else, in events that are taken and in events that are refused in many ways."""

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer

from contracts.headers import SIGNATURE
from hub.bench.load import Load

NAMES = ("Gwenhwyfarch", "Llwydfrynwen", "Stryd Canerïod", "Zephyrtext")
NHS_NUMBER = "9998887771"
POSTCODE = "CF99 9QZ"


async def send_canaries(load: Load, client: Mapping[str, Any], *, times: int = 1) -> None:
    """Send them all; `client` is what connects somebody who may write the load's topic."""
    async with AIOKafkaProducer(**client, acks="all") as producer:
        for _ in range(times):
            for value, signed in canaries(load):
                key = json.loads(value[: value.index(b',"data"')] + b"}")["subject"].encode()
                headers = [(SIGNATURE, load.signature(value if signed else value + b" "))]
                await producer.send_and_wait(load.topic, value, key=key, headers=headers)


def canaries(load: Load) -> Iterator[tuple[bytes, bool]]:
    """Values, and whether they are rightly signed."""
    document = json.loads(load.event().value)
    child = document["data"]["child"]
    child["names"] = [{"given": NAMES[0], "family": NAMES[1]}]
    child["nhs_number"] = NHS_NUMBER
    child["home_address"] = {"lines": [NAMES[2]], "postcode": POSTCODE}
    document["data"]["explanation"]["text"] = NAMES[3]
    good = _bytes(document)
    yield good, True
    yield good, True
    yield good, False
    yield good[:-3], True
    document["sequence"] += 1
    yield _bytes(document), True
    for path, wrong in _WRONG:
        broken = json.loads(good)
        broken["id"] = str(uuid.uuid4())
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = wrong
        yield _bytes(broken), True


# Not here: a well-formed `source` that names no agency. The ledger keeps it, so that operators see who claims to be.
_WRONG = (
    (("data", "child", "nhs_number"), f"{NHS_NUMBER[:-1]}2"),
    (("data", "child", "sex"), NAMES[0]),
    (("data", "child", NAMES[0]), "a field of that name"),
    (("data", NAMES[1]), {NAMES[2]: NHS_NUMBER}),
    (("data", "child", "home_address", "postcode"), NAMES[3]),
    (("data", "participants"), [f"/agencies/{NAMES[0].lower()}"]),
    (("data", "responsible_authority"), NAMES[1].lower()),
    (("subject",), NAMES[0]),
    (("id",), f"{NAMES[0]} {NAMES[1]}"),
    (("time",), NHS_NUMBER),
    (("type",), f"wales.child-protection.{NAMES[0].lower()}.v1"),
    (("correlationid",), NAMES[3]),
    (("traceparent",), f"00-{NAMES[0]}-01"),
    (("tracestate",), f"a={NAMES[3]}"),
    (("sequence",), NHS_NUMBER),
    (("data", "child", "names", 0, "use"), NAMES[0]),
)


def spellings(*more: str) -> Iterator[str]:
    """As they are, as JSON may escape them, and in Base64 from each of the three places in a group."""
    for canary in (*NAMES, NHS_NUMBER, POSTCODE, *more):
        yield canary
        yield json.dumps(canary)[1:-1]
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + canary.encode()).decode()
            yield coded[4 if shift else 0 : -4]


def _bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
