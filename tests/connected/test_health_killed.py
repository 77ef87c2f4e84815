"""The health adapter is killed at work at both ends; the server plays the health board over TLS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from adapters.health.standin.server import StandIn
from adapters.health.standin.serving import serving
from adapters.health.standin.store import Store as Resources
from adapters.health.told import DELIVERY
from contracts.identity import delivery_id
from contracts.parties import agency_uri
from tests.adapters_rig import EXAMPLE, Campaign, Told
from tests.rig import Rig

pytestmark = pytest.mark.connected

REGISTERED = EXAMPLE.with_name("wales.child-protection.register-changes.registered.v1.json")


class Server:
    """The health board's FHIR server."""

    adapter, agency = "health", "cardiff-and-vale-health"

    def __init__(self, resources: Resources, base: str, ca_file: Path) -> None:
        self.resources = resources
        self.settings = "\n".join(
            (
                f'base_url = "{base}"',
                "since = 2026-01-01T00:00:00Z",
                f'mark_file = "{ca_file.parent / "mark"}"',
                f'ca_file = "{ca_file}"',
                "poll_s = 0.1",
                "page_size = 20",
                "overlap_s = 20",
            )
        )

    def give(self, name: str, content: bytes) -> None:
        focal, *others = [entry["resource"] for entry in json.loads(content)["entry"]]
        for resource in others:
            if self.resources.current(resource["resourceType"], resource["id"]) is None:
                self.resources.put(resource)
        self.resources.put(focal)

    def has(self) -> list[str]:
        return list(self._deliveries("Communication"))

    def flags(self) -> list[str]:
        return list(self._deliveries("Flag"))

    def _deliveries(self, kind: str) -> Iterator[str]:
        for resource in self.resources.all(kind):
            for identifier in resource.get("identifier", []):
                if identifier["system"] == DELIVERY:
                    yield identifier["value"]


class WithFlags(Campaign):
    """Every other event that the health board is told of places a name on the register."""

    def _told(self, children: int, each: int) -> list[Told]:
        told = super()._told(children, each)
        for number, one in enumerate(told):
            if number // children % 2:
                told[number] = self._registered(one)
        return told

    def _registered(self, one: Told) -> Told:
        moved: dict[str, Any] = json.loads(one.value)
        event: dict[str, Any] = json.loads(REGISTERED.read_text())
        event |= {name: moved[name] for name in ("source", "id", "sequence", "subject", "correlationid")}
        event["data"]["child"]["reference"] = one.child
        value = json.dumps(event, ensure_ascii=False).encode()
        told = delivery_id(event["source"], event["id"], agency_uri(self.system.agency))
        return Told(one.child, one.event_id, told, value)


def test_kills_at_both_ends_leave_every_report_every_flag_and_every_message_once(rig: Rig, tmp_path: Path) -> None:
    authority, ca_file, certificate = trustme.CA(), tmp_path / "ca.pem", tmp_path / "server.pem"
    authority.cert_pem.write_to_path(ca_file)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    resources = Resources()
    resources.put(
        {
            "resourceType": "Patient",
            "id": "mali",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
            "birthDate": "2017-05-14",
        }
    )
    with serving(StandIn(resources), certificate) as base:
        system = Server(resources, base, ca_file)
        with WithFlags(rig, system, children=10, each=10) as campaign:
            campaign.run(timeout_s=300)
            wanted = [one.delivery for one in campaign.told if b".registered.v1" in one.value]
            assert sorted(system.flags()) == sorted(wanted)
