"""The whole way on real servers: police to hub to a school's page, and three receipts back into the trace."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from adapters.sdk.credentials import credentials_path
from contracts.access import AccessRecord
from contracts.topics import ACCESS_REPORTS
from tests.rig import Rig
from tests.schools_ground import ENGLISH, EXAMPLES, Browser, Ground

pytestmark = pytest.mark.connected


def _configured(rig: Rig, schools: Ground) -> Path:
    path = rig.state / "schools.toml"
    path.write_text(
        f"""
adapter = "schools"
credentials = "{credentials_path(rig.state, "schools")}"
store = "{schools.url}"
store_schema = "sdk_{rig.settings.topic_prefix.rstrip(".")}"
pseudonym_key = "pseudonyms"

[schools]
database_url = "{schools.url}"
credentials = "{credentials_path(rig.state, "schools")}"
address = "http://127.0.0.1:{schools.port}"
port = {schools.port}
secret_file = "{rig.state / "portal.secret"}"
development = true
"""
    )
    return path


@contextlib.contextmanager
def _running(config: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "hub", "run", "adapter", str(config)])
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not true():
        assert time.monotonic() < until
        time.sleep(0.2)


def _dolen(rig: Rig, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub", *arguments],
        env=rig.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_notification_reaches_a_designated_person_and_its_three_receipts_are_in_the_trace(
    rig: Rig, schools: Ground
) -> None:
    rig.start()
    config = _configured(rig, schools)
    _dolen(rig, "schools", "person", "add", str(config), "--subject", "dsp", "--name", "Sam Enghraifft",
           "--at", "6812003", "--role", "dsp")  # fmt: skip
    event = json.loads((EXAMPLES / "wales.child-protection.notices.domestic-abuse-incident.v1.json").read_text())
    now = datetime.now(UTC)
    event |= {"time": now.isoformat(timespec="seconds")}
    event["data"]["incident_at"] = (now - timedelta(hours=1)).isoformat(timespec="seconds")
    sent = rig.state / "event.json"
    sent.write_text(json.dumps(event))
    with _running(config):
        _dolen(rig, "publish", str(sent), "--as", "south-wales-police")
        notices = "SELECT ref FROM schools.notices WHERE party = :party"
        _until(lambda: bool(schools.rows(notices, party=ENGLISH)))
        (kept,) = schools.rows(notices, party=ENGLISH)
        with Browser.signed_in(schools.settings.address, "dsp") as browser:
            assert "Mal Enghraifft" in browser.get(f"/en/notices/{kept.ref}").text
            browser.post(f"/en/notices/{kept.ref}/accept")

        def steps() -> str:
            return _dolen(rig, "trace", event["id"])

        _until(lambda: all(step in steps() for step in ("delivered", "opened", "taken on by a team")))
        waiting = "SELECT seq FROM schools.access_reports WHERE sent_at IS NULL"
        _until(lambda: schools.rows(waiting) == [])
    reports = _reports(rig)
    assert reports == schools.accesses()
    assert {(report.by, report.what) for report in reports} >= {("dsp", "notification"), ("dsp", "notification.accept")}


def _reports(rig: Rig) -> list[AccessRecord]:
    """What is on the topic, in order, signed or not: the projector checks that."""
    import asyncio

    async def read() -> list[AccessRecord]:
        consumer = AIOKafkaConsumer(
            rig.settings.topic_prefix + ACCESS_REPORTS, **rig.root.kafka_client(), auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            found = []
            for partition, end in ends.items():
                while end > await consumer.position(partition):
                    for records in (await consumer.getmany(partition, timeout_ms=500)).values():
                        found += records
            assert all(any(name == "dolen-signature" for name, _ in record.headers) for record in found)
            return [AccessRecord.model_validate_json(record.value) for record in found]
        finally:
            await consumer.stop()

    return asyncio.run(read())
