"""The door over TLS: a certificate is one agency's, agencies share an address, and a taken address ends nothing."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from adapters.gateway.edge import GatewayEdge
from adapters.gateway.outbound import to_native
from adapters.gateway.settings import GatewaySettings
from adapters.sdk.declaration import Notification
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Kept
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from contracts.delivery import Delivery, view_of
from contracts.registry import REGISTRY
from hub.local.ports import free_ports
from tests.unit.adapters_gateway.gateway_parts import CHARITY, PROBATION
from tests.unit.contracts.examples import example


def fingerprint(certificate: trustme.LeafCert) -> str:
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


class Ground:
    """A door's file, certificates, and an edge for each agency."""

    def __init__(self, folder: Path) -> None:
        self.authority, other = trustme.CA(), trustme.CA()
        server = self.authority.issue_cert("127.0.0.1")
        server.cert_chain_pems[0].write_to_path(folder / "server.pem")
        server.private_key_pem.write_to_path(folder / "server.key")
        self.authority.cert_pem.write_to_path(folder / "authorities.pem")
        self.clients = {name: self.authority.issue_cert(f"{name}.example") for name in (CHARITY, PROBATION, "nobody")}
        self.clients["stranger"] = other.issue_cert("stranger.example")
        (self.port,) = free_ports(1)
        self.door = folder / "door.toml"
        self.door.write_text(
            f"""
listen = "127.0.0.1:{self.port}"
certificate = "server.pem"
key = "server.key"
client_authorities = "authorities.pem"
issuer = "https://door.example"
signing_key = "door.key"
"""
        )
        self._folder = folder

    def edge(self, name: str) -> tuple[GatewayEdge, Store, StoredOutbox]:
        pseudonyms = Pseudonyms(name, bytes(range(32)))
        settings = GatewaySettings(door=self.door, certificates=(fingerprint(self.clients[name]),))
        store = Store(f"sqlite:///{self._folder}/{name}.db")
        return GatewayEdge(settings, pseudonyms), store, StoredOutbox(store, pseudonyms)

    def client(self, name: str | None) -> httpx.AsyncClient:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if name is not None:
            self.clients[name].configure_cert(context)
        return httpx.AsyncClient(base_url=f"https://127.0.0.1:{self.port}", verify=context)


@asynccontextmanager
async def standing(ground: Ground) -> AsyncIterator[dict[str, GatewayEdge]]:
    stop = asyncio.Event()
    with ExitStack() as stores:
        edges, tasks = {}, []
        for name in (CHARITY, PROBATION):
            edge, store, outbox = ground.edge(name)
            stores.enter_context(store)
            edges[name] = edge
            tasks.append(asyncio.create_task(edge.collect(outbox, stop)))
        try:
            async with asyncio.timeout(60), ground.client(None) as client:
                while True:
                    try:
                        await client.get("/v1/health")
                        break
                    except httpx.ConnectError:
                        await asyncio.sleep(0.02)
            yield edges
        finally:
            stop.set()
            await asyncio.gather(*tasks)


def delivery(name: str) -> Delivery:
    event = example("conferences.scheduled")
    told = event | {"origin": event["id"], "recipient": f"/agencies/{name}", "view": "third-sector"}
    return view_of(REGISTRY[event["type"]].model).model_validate(told, strict=False)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_a_client_certificate_is_one_agencys_and_sees_that_agencys_inbox(ground: Ground) -> None:
    async def run() -> None:
        async with standing(ground) as edges:
            told = delivery(CHARITY)
            assert await edges[CHARITY].deliver(to_native(told), Notification(told)) == Kept()
            listed = {}
            for name in (CHARITY, PROBATION):
                async with ground.client(name) as client:
                    listed[name] = (await client.get("/v1/inbox")).json()["notifications"]
            assert ([line["id"] for line in listed[CHARITY]], listed[PROBATION]) == ([told.id], [])
            for name in ("nobody", None):
                async with ground.client(name) as client:
                    assert (await client.get("/v1/inbox")).status_code == 401
            async with ground.client("stranger") as client:
                with pytest.raises(httpx.TransportError):
                    await client.get("/v1/inbox")

    asyncio.run(run())


def test_the_door_opens_again_after_the_last_has_gone(ground: Ground) -> None:
    async def run() -> None:
        for _ in range(2):
            async with standing(ground), ground.client(CHARITY) as client:
                assert (await client.get("/v1/inbox")).status_code == 200

    asyncio.run(run())


def test_an_address_that_is_in_use_fails_the_collecting_and_not_the_process(ground: Ground) -> None:
    async def run() -> None:
        edge, store, outbox = ground.edge(CHARITY)
        with store, socket.create_server(("127.0.0.1", ground.port)), pytest.raises(BaseExceptionGroup) as failed:
            await edge.collect(outbox, asyncio.Event())
        assert failed.group_contains(OSError)

    asyncio.run(run())
