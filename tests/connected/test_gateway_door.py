"""Two agencies behind one door in one process: each event reaches the hub as its own agency's."""

import asyncio
import hashlib
import json
import sys
import time
from pathlib import Path

import httpx
import pytest

from adapters.sdk.credentials import credentials_path
from contracts.topics import Family
from hub.local.ports import free_ports
from tests.rig import Rig
from tests.unit.adapters_gateway.gateway_parts import SECRETS, STRUCTURED, event

pytestmark = pytest.mark.connected


def _file(rig: Rig, folder: Path, agency: str) -> Path:
    path = folder / f"{agency}.toml"
    hashed = hashlib.sha256(SECRETS[agency].encode()).hexdigest()
    path.write_text(
        f"""
adapter = "gateway"
credentials = "{credentials_path(rig.state, agency)}"
store = "sqlite:///{agency}.db"
pseudonym_key = "{agency}.key"

[gateway]
door = "{folder}/door.toml"
clients = [{{ id = "{agency}-cases", secret_sha256 = "{hashed}" }}]
"""
    )
    return path


def test_agencies_that_share_a_door_share_nothing_behind_it(rig: Rig, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    (tmp_path / "door.toml").write_text(
        f'listen = "127.0.0.1:{port}"\nissuer = "https://door.example"\nsigning_key = "door.key"\n'
    )
    files = [_file(rig, tmp_path, agency) for agency in SECRETS]
    rig.start()

    async def run() -> None:
        dolen = (sys.executable, "-m", "hub")
        process = await asyncio.create_subprocess_exec(*dolen, "run", "adapter", *map(str, files), env=rig.environment)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                await _open(client)
                for agency in SECRETS:
                    await _give_and_see_accepted(client, agency)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 60) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    asyncio.run(run())
    topic = rig.names.inbound[tuple(Family).index(Family.CIRCUMSTANCES)]
    lanes = asyncio.run(rig._by_lane(topic))
    sources = sorted(json.loads(record.value)["source"] for records in lanes.values() for record in records)
    assert sources == ["/agencies/pont-y-plant", "/agencies/wales-probation"]


async def _open(client: httpx.AsyncClient) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            (await client.get("/v1/health")).raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < until, "the door does not open"
            await asyncio.sleep(0.1)


async def _give_and_see_accepted(client: httpx.AsyncClient, agency: str) -> None:
    grant = {"grant_type": "client_credentials"}
    token = (await client.post("/v1/token", data=grant, auth=(f"{agency}-cases", SECRETS[agency]))).json()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    own = event() | {"source": f"/agencies/{agency}"}
    given = await client.post("/v1/events", content=json.dumps(own).encode(), headers=headers | STRUCTURED)
    assert given.status_code == 202, given.text
    until = time.monotonic() + 120
    while (state := (await client.get(given.headers["location"], headers=headers)).json()["state"]) != "accepted":
        assert state in ("waiting", "sent")
        assert time.monotonic() < until, state
        await asyncio.sleep(0.3)
