"""An adapter on real Kafka with a hub beside it: an event to its receipt, a notification to the sender's answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.sdk.configuration import load_configuration
from adapters.sdk.credentials import credentials_path
from adapters.sdk.runtime import Running, assemble
from tests.adapter_parts import FakeEdge, declaration, draft
from tests.rig import Rig

pytestmark = pytest.mark.connected


def _configured(rig: Rig, agency: str) -> Path:
    folder = rig.state / agency
    folder.mkdir()
    path = folder / "adapter.toml"
    path.write_text(
        f"""
adapter = "fake"
credentials = "{credentials_path(rig.state, agency)}"
store = "sqlite:///adapter.db"
pseudonym_key = "key"
"""
    )
    return path


@asynccontextmanager
async def _running(rig: Rig, agency: str) -> AsyncIterator[tuple[Running, FakeEdge]]:
    edge = FakeEdge()
    running = assemble(load_configuration(_configured(rig, agency)), declaration(edge))
    stop = asyncio.Event()
    with running.store:
        task = asyncio.create_task(running.run(stop))
        try:
            yield running, edge
        finally:
            stop.set()
            await task


async def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


def test_an_event_goes_from_outbox_to_inbox_and_the_answer_comes_back(rig: Rig) -> None:
    rig.start()

    async def run() -> None:
        async with (
            _running(rig, "south-wales-police") as (police, at_police),
            _running(rig, "cardiff-social-services") as (_, at_social_services),
        ):
            taken = await police.outbox.put(draft())
            await _until(lambda: police.store.look(police.outbox.counts).waiting == 0)
            await _until(lambda: len(at_social_services.given) == 1)
            assert at_social_services.given[0].delivery.origin == taken.event_id
            await _until(lambda: any("delivered" in given.delivery.type for given in at_police.given))
            await police.heartbeats.beat()
            assert police.rounds.ago().keys() == {"sending", "delivering"}

    asyncio.run(run())
