"""A health board's FHIR server: its people write resources there, and find what they are told as resources."""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import httpx

from adapters.health.far import resources
from adapters.health.standin.server import BASE
from adapters.health.told import DELIVERY
from hub.demo.far.place import Place
from hub.demo.far.system import Said
from hub.errors import DolenError

PAGE = 500


class FhirServer:
    """The adapter's stand-in for a server, as a process of its own."""

    def __init__(self, place: Place, port: int) -> None:
        self.place = place
        self.port = port
        self._base = f"https://127.0.0.1:{port}{BASE}"

    @property
    def command(self) -> Sequence[str]:
        """The server's own process."""
        return ("-m", "adapters.health.standin", str(self.place.folder), "--port", str(self.port))

    def prepare(self) -> None:
        """Nothing but the adapter's file: the server makes its certificate itself."""
        own = {
            "base_url": self._base,
            "mark_file": str(self.place.folder / "mark"),
            "ca_file": str(self.place.folder / "ca.pem"),
        }
        # The story happened in the past, and is written down now.
        self.place.write(own | {"since": "2020-01-01T00:00:00Z", "poll_s": 0.3, "overlap_s": 5})

    def admit(self, patient: dict[str, Any]) -> None:
        """Somebody is a patient of the board's."""
        self._put(patient)

    def say(self, event: Said) -> str:
        """Write a resource and what it refers to; an answer refers to what the hub wrote."""
        focal, *others = resources(event)
        if "inResponseTo" in focal:
            focal["inResponseTo"] = [{"reference": f"Communication/{self._told(event['data']['delivery'])}"}]
        else:
            for other in others:
                self._put(other)
        version = self._put(focal)["meta"]["versionId"]
        return f"{focal['resourceType']}/{focal['id']}/_history/{version}"

    def look(self) -> None:
        """Nothing: resources come by themselves."""

    def has(self) -> Sequence[str]:
        """What the Communications at the server say they were made from."""
        return [
            identifier["value"]
            for resource in self._all("Communication")
            for identifier in resource.get("identifier", ())
            if identifier["system"] == DELIVERY
        ]

    def _told(self, delivery: str) -> str:
        found = self._ask("GET", "/Communication", params={"identifier": f"{DELIVERY}|{delivery}"})["entry"]
        return str(found[0]["resource"]["id"])

    def _all(self, kind: str) -> Iterator[dict[str, Any]]:
        where: str | None = f"/{kind}?_count={PAGE}&_sort=_lastUpdated"
        while where is not None:
            bundle = self._ask("GET", where)
            yield from (entry["resource"] for entry in bundle.get("entry", ()))
            where = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)

    def _put(self, resource: dict[str, Any]) -> dict[str, Any]:
        where = f"/{resource['resourceType']}/{resource['id']}"
        self._ask("PUT", where, content=json.dumps(resource), headers={"content-type": "application/fhir+json"})
        return self._ask("GET", where)

    def _ask(self, method: str, where: str, **more: Any) -> dict[str, Any]:
        answer = self._client.request(method, where, **more)
        if answer.is_error:
            raise DolenError(
                f"the FHIR server does not take what the story writes: {method} answers {answer.status_code}"
            )
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    @cached_property
    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._base, verify=str(self.place.folder / "ca.pem"), timeout=60)
