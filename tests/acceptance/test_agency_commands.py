"""An agency from the command line: send, see it refused, look at what came."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import NETWORK, Rig
from tests.servers import Servers

pytestmark = pytest.mark.acceptance

EXAMPLE = Path(__file__).parents[2] / "contracts" / "examples" / "wales.child-protection.referrals.submitted.v1.json"


@pytest.fixture
def rig(servers: Servers, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(servers.state_dir, tmp_path / "rig")
    yield rig
    rig.close()


def _dolen(rig: Rig, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {
        **os.environ,
        "DOLEN_STATE_DIR": str(rig.state),
        "DOLEN_NETWORK": str(NETWORK),
        "DOLEN_TOPIC_PREFIX": rig.settings.topic_prefix,
    }
    command = [sys.executable, "-m", "hub", *arguments]
    return subprocess.run(command, env=environment, input=given, capture_output=True, timeout=120, check=False)


def test_an_event_is_sent_and_the_recipients_and_the_sender_see_what_became_of_it(rig: Rig) -> None:
    rig.start()
    sent = _dolen(rig, "publish", str(EXAMPLE), "--as", "south-wales-police", "--json")
    assert sent.returncode == 0, sent.stderr
    placed = json.loads(sent.stdout)
    assert placed["id"] == json.loads(EXAMPLE.read_bytes())["id"]
    shown = _dolen(rig, "tail", "cardiff-social-services", "--follow", "--max", "1", "--json")
    notification = json.loads(shown.stdout)
    assert notification["origin"] == placed["id"]
    assert notification["recipient"] == "/agencies/cardiff-social-services"
    assert "data" not in notification
    receipt = json.loads(_dolen(rig, "tail", "south-wales-police", "--json", "--data").stdout)
    assert receipt["type"].endswith("receipts.accepted.v1")
    assert receipt["data"]["original"]["id"] == placed["id"]


def test_an_event_that_breaks_a_rule_is_not_sent_and_its_values_are_not_shown(rig: Rig) -> None:
    broken = EXAMPLE.read_bytes().replace(b"9990000018", b"9990000019").replace(b"\n", b"")
    sent = _dolen(rig, "publish", "-", "--as", "south-wales-police", given=broken)
    assert sent.returncode == 2
    assert b"nhs_number" in sent.stderr
    assert b"9990000019" not in sent.stderr
    assert b"Mali" not in sent.stderr


def test_unchecked_the_hub_refuses_it_and_says_why(rig: Rig) -> None:
    rig.start()
    broken = EXAMPLE.read_bytes().replace(b"9990000018", b"9990000019").replace(b"\n", b"")
    sent = _dolen(rig, "publish", "-", "--as", "south-wales-police", "--unchecked", given=broken)
    assert sent.returncode == 0, sent.stderr
    shown = _dolen(rig, "tail", "south-wales-police", "--follow", "--max", "1", "--json", "--data")
    receipt = json.loads(shown.stdout)
    assert receipt["type"].endswith("receipts.rejected.v1")
    assert receipt["data"]["faults"][0]["path"] == "data.children.0.child.nhs_number"


def test_many_events_go_one_a_line(rig: Rig) -> None:
    event = json.loads(EXAMPLE.read_bytes())
    lines = [json.dumps(event | {"id": f"00000000-0000-4000-8000-{number:012}"}) for number in range(30)]
    sent = _dolen(rig, "publish", "-", "--as", "south-wales-police", given="\n".join(lines).encode())
    assert sent.returncode == 0, sent.stderr
    assert len(sent.stdout.splitlines()) == 30


def test_a_family_that_is_not_the_agencys_is_refused_by_kafka_itself(rig: Rig) -> None:
    sent = _dolen(rig, "publish", "-", "--as", "schools", "--unchecked", "--family", "conferences", given=b"{}")
    assert sent.returncode == 1
    assert b"TopicAuthorizationFailedError" in sent.stderr


def test_an_agency_that_does_not_take_part_is_told_who_does(rig: Rig) -> None:
    sent = _dolen(rig, "publish", str(EXAMPLE), "--as", "nobody")
    assert sent.returncode == 2
    assert b"south-wales-police" in sent.stderr


def test_a_simulated_network_is_sent_and_says_what_to_expect(rig: Rig) -> None:
    sent = _dolen(rig, "simulate", "--events", "200", "--seed", "5", "--json")
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["expected"] == {"accepted": 174, "duplicate": 20, "conflict": 2, "rejected": 4}
