"""The gateway is killed at work at both ends, and the balance is exact."""

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hub.local.ports import free_ports
from tests.adapters_rig import Campaign
from tests.rig import Rig

pytestmark = pytest.mark.connected

SECRET = "dolen-secret-of-the-charity"


class CaseSystem:
    """A charity's system: it gives an event until it is told 202, and fetches what its inbox lists."""

    adapter, agency = "gateway", "pont-y-plant"

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        door = folder / "door.toml"
        door.write_text(
            f'listen = "127.0.0.1:{port}"\nissuer = "https://door.example"\nsigning_key = "door.key"\n'
            "requests_a_second = 1000\nburst = 10000\n"
        )
        hashed = hashlib.sha256(SECRET.encode()).hexdigest()
        self.settings = f'door = "{door}"\nclients = [{{ id = "cases", secret_sha256 = "{hashed}" }}]'
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self._got: list[str] = []
        self._after = 0

    def give(self, name: str, content: bytes) -> None:
        headers = {"content-type": "application/cloudevents+json"}
        until = time.monotonic() + 300
        while True:
            try:
                answer = self._asked(lambda client: client.post("/v1/events", content=content, headers=headers))
            except httpx.TransportError:
                assert time.monotonic() < until, "the gateway does not come back"
                time.sleep(0.05)
            else:
                assert answer.status_code == 202, answer.text
                return

    def has(self) -> list[str]:
        """Fetches what is new, as far as the gateway answers; what came before is known."""
        with contextlib.suppress(httpx.TransportError):
            while self._fetched_a_page():
                pass
        return self._got

    def _fetched_a_page(self) -> bool:
        query = {"after": self._after, "state": ["waiting", "fetched"]}
        page = self._asked(lambda client: client.get("/v1/inbox", params=query)).raise_for_status().json()
        for line in page["notifications"]:
            where = f"/v1/inbox/{line['id']}"
            fetched = self._asked(lambda client, where=where: client.get(where)).raise_for_status()
            self._got.append(fetched.json()["id"])
            self._after = line["number"]
        return bool(page["more"])

    def _asked(self, ask: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        answer = ask(self._client)
        if answer.status_code != 401:
            return answer
        grant = {"grant_type": "client_credentials"}
        token = self._client.post("/v1/token", data=grant, auth=("cases", SECRET)).raise_for_status().json()
        self._client.headers["authorization"] = f"Bearer {token['access_token']}"
        return self._asked(ask)


def test_kills_at_both_ends_leave_the_balance_exact(rig: Rig, tmp_path: Path) -> None:
    with Campaign(rig, CaseSystem(tmp_path)) as campaign:
        campaign.run()
