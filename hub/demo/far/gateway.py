"""An agency with no Kafka: it gives and fetches CloudEvents over HTTPS, at a door that several agencies share."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import httpx

from adapters.gateway.far import record
from adapters.gateway.secret import hash_of, new_secret
from hub.demo.far.place import Place
from hub.demo.far.system import Said
from hub.errors import DolenError

NOT_AUTHENTICATED = 401
_DEEDS = {"opened": "opened", "accepted-by": "accepted", "refused": "refused"}
_WHATEVER_BECAME_OF_IT = "state=waiting&state=fetched&state=opened&state=accepted&state=refused"
_SAYS = ("role", "team", "reason", "explanation")


def write_door(file: Path, port: int) -> None:
    """One address for all agencies behind it, on this machine alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'listen = "127.0.0.1:{port}"\nissuer = "http://127.0.0.1:{port}"\nsigning_key = "door.key"\n'
        "requests_a_second = 1000\nburst = 10000\n",
        encoding="utf-8",
    )


class Client:
    """The agency's own system."""

    def __init__(self, place: Place, door: Path, port: int) -> None:
        self.place = place
        self._door = door
        self._at = f"http://127.0.0.1:{port}"
        self._secret = new_secret()
        self._has: list[str] = []
        self._after = 0
        self._fetching = Lock()

    def prepare(self) -> None:
        """Nothing but the adapter's file."""
        client = {"id": f"{self.place.agency}-cases", "secret_sha256": hash_of(self._secret)}
        self.place.write({"door": str(self._door), "clients": [client]})

    def say(self, event: Said) -> str:
        """Give an event; an answer is given where the notification is."""
        kind = event["type"].split(".")[-2]
        if event["type"].split(".")[2] != "receipts":
            _, content = record(event)
            headers = {"content-type": "application/cloudevents+json"}
            self._asked(lambda client: client.post("/v1/events", content=content, headers=headers))
            return str(event["id"])
        delivery = event["data"]["delivery"]
        said = {name: event["data"][name] for name in _SAYS if name in event["data"]}
        self._asked(lambda client: client.post(f"/v1/inbox/{delivery}/{_DEEDS[kind]}", json=said))
        return f"{kind} {delivery}"

    def look(self) -> None:
        """Fetch what is new."""
        with self._fetching:
            while self._fetched_a_page():
                pass

    def has(self) -> Sequence[str]:
        """What was fetched."""
        return self._has

    def _fetched_a_page(self) -> bool:
        where = f"/v1/inbox?after={self._after}&{_WHATEVER_BECAME_OF_IT}"
        page = self._asked(lambda client: client.get(where)).json()
        for line in page["notifications"]:
            self._has.append(self._fetched(line["id"]))
            self._after = line["number"]
        return bool(page["more"])

    def _fetched(self, delivery: str) -> str:
        return str(self._asked(lambda client: client.get(f"/v1/inbox/{delivery}")).json()["id"])

    def _asked(self, ask: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        answer = ask(self._client)
        if answer.status_code == NOT_AUTHENTICATED:
            who = (f"{self.place.agency}-cases", self._secret)
            granted = self._client.post("/v1/token", data={"grant_type": "client_credentials"}, auth=who)
            token: dict[str, Any] = granted.raise_for_status().json()
            self._client.headers["authorization"] = f"Bearer {token['access_token']}"
            answer = ask(self._client)
        if answer.is_error:
            raise DolenError(
                f"the gateway does not take what {self.place.agency} says: it answers {answer.status_code}"
            )
        return answer

    @cached_property
    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._at, timeout=30)
