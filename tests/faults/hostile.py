"""A corpus of records that no honest client would send: every one has to be refused, with a dead letter each.

Three parts: good events of a simulated network spoilt in every way that the hub has a code for; good events broken in
their bytes and rightly signed, so that nothing but its content can be what refuses one; and records broken around one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random

from contracts.envelope import MAX_EVENT_BYTES
from contracts.headers import SIGNATURE
from hub.attest import REDRIVE
from hub.bench.load import Load, Loaded
from hub.settings import Settings
from hub.simulate.generator import Mix, Plan, simulate
from hub.simulate.planned import Keys, Planned, signed
from hub.simulate.spoil import KINDS, Spoiler
from hub.simulate.stage import Stage, load_stage

OF_EACH_KIND = 11
CHILDREN = 3
OPTIONAL = {"datacontenttype", "traceparent", "tracestate"}
"""What an envelope may leave out."""
HUGE = 10 * 1024 * 1024
Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Hostile:
    """One record."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def corpus(settings: Settings, *, seed: int, without: str) -> list[Hostile]:
    """At least 500 records, none of them for the topic `without`: that is the load's."""
    stage = load_stage(settings)
    plan = Plan(
        seed=seed,
        start=datetime.now(UTC) - timedelta(days=3),
        prefix=settings.topic_prefix,
        mix=Mix(repeats=0, conflicts=0, bad=0),
    )
    simulated = islice(simulate(stage.world, plan, keys=stage.keys), 400)
    good = [record for record in simulated if record.topic != without and "receipts" not in record.topic]
    rng = Random(seed)
    records = [*_spoilt(good, stage, settings, rng), *_broken(good, stage.keys), *_around(good[0], stage.keys)]
    return [record for record in records if record.topic != without]


def _spoilt(good: list[Planned], stage: Stage, settings: Settings, rng: Random) -> Iterator[Hostile]:
    spoiler = Spoiler(keys=stage.keys, network=stage.network, rng=rng, prefix=settings.topic_prefix)
    for kind in KINDS:
        found = 0
        for record in islice(cycle(good), 4 * len(good)):
            bad = spoiler.spoil(record, kind)
            if bad is not None:
                yield Hostile(bad.topic, bad.key, bad.value, [*bad.headers])
                found += 1
            if found == OF_EACH_KIND:
                break


def _broken(good: list[Planned], keys: Keys) -> Iterator[Hostile]:
    """Rightly signed bytes that are no event."""
    some = good[:: len(good) // CHILDREN][:CHILDREN]  # so that several lanes have their share
    for number, values in enumerate(zip(*(_values(record.value or b"") for record in some), strict=False)):
        record, value = some[number % CHILDREN], values[number % CHILDREN]
        yield Hostile(record.topic, record.key, value, [*keys.headers(record.agency, value)])


def _values(good: bytes) -> Iterator[bytes]:
    text = json.dumps(json.loads(good), ensure_ascii=False, separators=(",", ":"))
    whole = text.encode()
    for cut in range(1, 60):
        yield whole[: len(whole) * cut // 60]
    yield from _numbers(text)
    yield from _deep(text)
    yield from _large(whole)
    yield from _not_json(text, whole)
    yield from _not_text(whole)
    yield from _keys(text)


def _numbers(text: str) -> Iterator[bytes]:
    start = text.index('"sequence":') + len('"sequence":')
    end = text.index(",", start)
    million = "9" * 1_000_000
    for number in (
        *(million, f"-{million}", f"1e{million}", f"0.{million}", "1" + "0" * 400, "1e400", "-1e400", "1e-400"),
        *("NaN", "Infinity", "-Infinity", "nan", "+1", "01", "1.", ".5", "0x10", "1e", "1_000", "--1", "-", "١"),
        *("-1", "0.5", "true", "null", '"1"', "[1]", "{}", str(2**63), str(2**64), str(2**1024), ""),
    ):
        yield f"{text[:start]}{number}{text[end:]}".encode()


def _deep(text: str) -> Iterator[bytes]:
    for depth in (150, 5_000, 100_000):
        for opened, closed in (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")):
            value = opened * depth + "1" + closed * depth
            yield value.encode()
            yield (opened * depth).encode()
            yield text.replace('"data":{', f'"data":{{"deep":{value},', 1).encode()


def _large(whole: bytes) -> Iterator[bytes]:
    for size in (MAX_EVENT_BYTES + 1, MAX_EVENT_BYTES + 2, 2 * MAX_EVENT_BYTES, HUGE):
        yield whole + b" " * (size - len(whole))
        yield b" " * (size - len(whole)) + whole
    yield b'{"a":"' + b"x" * HUGE + b'"}'
    yield b"[" + b"{}," * 80_000 + b"{}]"
    yield b"{" + b",".join(b'"%d":0' % number for number in range(20_000)) + b"}"


def _not_json(text: str, whole: bytes) -> Iterator[bytes]:
    yield from (b"", b" ", b"\0", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[[]]", b"{]", b"}{", b'{"', b"'a'")
    yield from (whole + whole, whole + b"x", whole + b"\0", b"x" + whole, b"[" + whole + b"]", whole[:-1] + b",}")
    yield from (text.replace('"', "'").encode(), text.replace(":", "=").encode(), text.replace(",", ";", 1).encode())
    yield from (f"/* */{text}".encode(), f"{text}// ".encode(), text.replace('"id"', "id", 1).encode())
    yield json.dumps(text).encode()
    yield from (b"<event/>", b"---\nid: 1\n", b"\x00\x00\x00\x00\x01" + whole, b"Obj\x01" + whole)  # XML, YAML, Avro


def _not_text(whole: bytes) -> Iterator[bytes]:
    yield from (whole.decode().encode(code) for code in ("utf-16", "utf-16-be", "utf-32", "utf-8-sig"))
    middle = whole.index(b'"data":{') + len(b'"data":{"')
    for bad in (
        *(b"\xff", b"\xfe", b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf"),
        *(b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\0", b"\x01", b"\x1f", b"\n"),
        *(b"\\ud800", b"\\udfff", b"\\ud800\\ud800", b"\\u0000", b"\\u12", b"\\x41", b"\\", b"\\u{41}", b"\\U00000041"),
        *("‮".encode(), "\ufeff".encode(), "é".encode(), b"a" * 70_000),
    ):
        yield whole[:middle] + bad + whole[middle:]
        yield whole.replace(b'"id":"', b'"id":"' + bad, 1)


def _keys(text: str) -> Iterator[bytes]:
    document = json.loads(text)
    for name in document:
        lacking = {key: value for key, value in document.items() if key != name}
        if name not in OPTIONAL:
            yield json.dumps(lacking).encode()
            yield json.dumps({**document, name: None}).encode()
        yield json.dumps({**document, name: [document[name]]}).encode()
        yield (json.dumps(document)[:-1] + f",{json.dumps(name)}:{json.dumps(document[name])}}}").encode()
    for name in ("", "ID", "id ", "iD", "__proto__", "constructor", "$ref", "data_base64", "\\u0069d"):
        yield (text[:-1] + f',"{name}":1}}').encode()


def _around(good: Planned, keys: Keys) -> Iterator[Hostile]:
    """A good event in a bad record."""
    key, value = good.key, good.value or b""
    right = dict(keys.headers(good.agency, value))[SIGNATURE]

    def record(*, key: bytes | None = key, value: bytes | None = value, headers: Headers) -> Hostile:
        return Hostile(good.topic, key, value, headers)

    for tombstone in (None, b"", b"k", key):
        yield record(key=tombstone, value=None, headers=[])
        yield record(key=tombstone, value=None, headers=[*signed(keys.current[good.agency], None)])
    for other in (None, b"", b"k", b"\xff\xfe", b"\0", b"x" * 1_000_000, (key or b"").upper(), (key or b"") + b" "):
        yield record(key=other, headers=[(SIGNATURE, right)])
    _, key_id, mac = right.split(b",")
    for signature in (
        *(None, b"", b",", b"v1", b"v1,,", b"v1," + key_id, b"v2," + key_id + b"," + mac, mac, b"\xff" * 64),
        *(b"V1," + key_id + b"," + mac, right + b" ", b" " + right, right + b"\n", right.upper(), right[:-1]),
        *(b"v1," + key_id + b"," + mac[::-1], b"v1," + b"a" * 5000 + b"," + mac, b"v1,nobody," + mac, right * 2),
        *(b"v1," + key_id + b"," + b"0" * 64, b"v1," + key_id.upper() + b"," + mac, b"v1," + key_id + b"\0," + mac),
    ):
        yield record(headers=[(SIGNATURE, signature)])
    yield record(headers=[(SIGNATURE, right), (SIGNATURE, right)])
    yield record(headers=[(SIGNATURE.upper(), right)])
    yield record(headers=[("reply_to", b"to.elsewhere.v1")])
    signature = (SIGNATURE, right)
    yield record(headers=[signature, *([("h", b"v")] * 65)])
    yield record(headers=[signature, *([("h", b"v")] * 100_000)])
    yield record(headers=[signature, *([("", None)] * 100_000)])
    for attested in (b"v1,1,referrals.v1/0/0," + b"0" * 128, b"v1,9,x/0/0," + b"f" * 128, None, b"", b"\0" * 300):
        yield record(headers=[signature, (REDRIVE, attested)])
    for wrong in (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\x80" * 1000):
        yield record(headers=[signature, ("x", wrong)])
        yield record(headers=[("traceparent", wrong), signature])


def at_the_limit(load: Load) -> Iterator[Loaded]:
    """Good events of the largest size that is taken, and one byte less."""
    for size in (MAX_EVENT_BYTES - 1, MAX_EVENT_BYTES):
        event = load.event()
        value = event.value + b" " * (size - len(event.value))
        yield Loaded(event.event_id, event.key, value, [(SIGNATURE, load.signature(value))])


BAD_HEADER_NAME = """
import asyncio, json, sys
from aiokafka import AIOKafkaProducer
client, topic = json.loads(sys.argv[1]), sys.argv[2]
class Name(str):
    def encode(self, *_): return b"\\xff\\xfe"
    def __len__(self): return 2
async def main():
    async with AIOKafkaProducer(**client) as producer:
        await producer.send_and_wait(topic, b"{}", key=b"k", headers=[(Name("x"), b"v")], partition=0)
asyncio.run(main())
"""
"""Run with aiokafka's Python encoder (AIOKAFKA_NO_EXTENSIONS=1): the compiled one can't be talked into it."""
