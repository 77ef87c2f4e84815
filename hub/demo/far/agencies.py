"""Decides which system each agency of the demo has, and starts and ends them with their adapters."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from pydantic_core import from_json

from adapters.health.person import patient_of
from contracts.parties import SCHOOLS, agency_of
from hub.demo.far.gateway import Client, write_door
from hub.demo.far.health import FhirServer
from hub.demo.far.place import Place, sqlite
from hub.demo.far.police import RecordsSystem
from hub.demo.far.schools import Portal
from hub.demo.far.social_care import CaseSystem
from hub.demo.far.system import System
from hub.demo.process import Service
from hub.local.ports import free_ports
from hub.simulate.story import CARDIFF, CHARITY, FITZALAN, HEALTH, POLICE, PROBATION, STANWELL, TREGANNA, VALE, Chapter

EDUCATION = ("/agencies/cardiff-education", "/agencies/vale-of-glamorgan-education")
AT_THE_GATEWAY = (CHARITY, PROBATION, *EDUCATION)

TREGANNAS, FITZALANS, EVERY_OTHERS, DESKS = "nia.enghraifft", "rhys.dychmygol", "awel.ddychmygol", "desg.addysg"
"""`sub` of invented people at the development provider."""


class Agencies:
    """All agencies of the network: system, adapter and store of each."""

    def __init__(self, state: Path, network: Path, *, server: str, schools: Sequence[str]) -> None:
        """`server` is the URL of a PostgreSQL administrator, `schools` the parties that take part."""
        self._state, self._network = state, network
        self._door = state / "agencies-systems" / "door.toml"
        fhir, self._door_port, portal = free_ports(3)
        others = [school for school in schools if school not in (TREGANNA, FITZALAN, STANWELL)]
        self.portal = Portal(
            self._place("schools", SCHOOLS),
            server,
            portal,
            staff={
                TREGANNAS: ("Nia Enghraifft", (TREGANNA,)),
                FITZALANS: ("Rhys Dychmygol", (FITZALAN,)),
                EVERY_OTHERS: ("Awel Ddychmygol", others),  # nobody at Stanwell: the story needs it so
                DESKS: ("Desg Ddychmygol", EDUCATION),
            },
            called=FITZALAN,
        )
        self.fhir = FhirServer(self._place("health", agency_of(HEALTH)), fhir)
        systems: list[System] = [
            RecordsSystem(self._place("police", agency_of(POLICE))),
            *(CaseSystem(self._place("social_care", agency_of(one)), server) for one in (CARDIFF, VALE)),
            self.fhir,
            *(Client(self._place("gateway", agency_of(one)), self._door, self._door_port) for one in AT_THE_GATEWAY),
            self.portal,
        ]
        self.systems: Mapping[str, System] = {system.place.agency: system for system in systems}
        """By agency."""
        server_of_health = Service(
            "fhir-server", self.fhir.command, state=state, network=network, ready=lambda log: b"FHIR stand-in" in log
        )
        self.services: Sequence[Service] = (server_of_health, *self._adapters())

    def prepare(self) -> None:
        """Make what the systems need, and start the one that is a process of its own."""
        write_door(self._door, self._door_port)
        self.services[0].start()
        for system in self.systems.values():
            system.prepare()

    def start(self) -> None:
        """Start the adapters, and wait until every one works."""
        server_of_health, *adapters = self.services
        server_of_health.until_ready()  # with its certificate, which the adapter reads once
        for adapter in adapters:
            adapter.start()
        for adapter in adapters:
            adapter.until_ready()

    def admit(self, first: Chapter) -> None:
        """The children of the first scene are known to the health board already."""
        event = from_json(first.event.model_dump_json(exclude_none=True))
        for item in event["data"]["children"]:
            self.fhir.admit(patient_of(item["child"], f"known-{item['child']['reference']}"[:64]))

    def look(self) -> None:
        """Let every system do what it does by itself."""
        for system in self.systems.values():
            system.look()

    def stop(self) -> None:
        """End all that was started."""
        for service in self.services:
            service.ask_to_stop()
        for service in self.services:
            service.stop()
        for system in self.systems.values():
            system.place.close()

    def _place(self, adapter: str, agency: str) -> Place:
        folder = self._state / "agencies-systems" / agency
        return Place(adapter, agency, folder, self._state, sqlite(folder))

    def _adapters(self) -> Iterator[Service]:
        """One process for each kind of adapter: the agencies behind the gateway's door have to share theirs."""
        places = [system.place for system in self.systems.values()]
        for adapter, group in groupby(places, key=lambda place: place.adapter):
            files = [str(place.file) for place in group]
            words = ("-m", "hub", "run", "adapter", *files)
            yield Service(adapter, words, state=self._state, network=self._network, ready=_Ready(adapter, len(files)))


class _Ready:
    """An adapter is ready when each of its agencies runs, and its pages are served where it has some."""

    _SERVED: Mapping[str, bytes] = {"gateway": b'"gateway.opens"', "schools": b'"portal.serves"'}

    def __init__(self, adapter: str, agencies: int) -> None:
        self._agencies = agencies
        self._served = self._SERVED.get(adapter, b"")

    def __call__(self, log: bytes) -> bool:
        return log.count(b'"adapter.runs"') >= self._agencies and self._served in log
