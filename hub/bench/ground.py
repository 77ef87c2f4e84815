"""Where a measurement takes place: topics, users and a state directory of its own beside the real hub's."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic

from hub.bench.copy import as_administrator
from hub.provision import provision_network
from hub.settings import Settings, load_settings

HUB = ("hub", "run", "hub")
"""The hub itself, as `throughput.start` wants a process."""


@contextlib.asynccontextmanager
async def own_topics(settings: Settings, *, also: Sequence[str] = ()) -> AsyncIterator[Settings]:
    """Settings of a hub beside the real one, as the administrator; `also` names topics that no hub has.

    All of it is removed afterwards.
    """
    prefix = f"bench-{secrets.token_hex(3)}."
    with tempfile.TemporaryDirectory(prefix="dolen-bench-") as directory:
        state = Path(directory)
        shutil.copy(settings.state_dir / "dolen.toml", state)
        own = load_settings(state_dir=state, network=settings.network.resolve(), topic_prefix=prefix)
        await asyncio.to_thread(provision_network, own)
        own = as_administrator(own)
        admin = AdminClient(own.kafka_admin())
        await _settled(admin.create_topics([NewTopic(prefix + name, own.lanes, 1) for name in also]) if also else {})
        try:
            yield own
        finally:
            topics = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
            await _settled(admin.delete_topics(topics))


async def _settled(asked: Mapping[str, Any]) -> None:
    for answer in asked.values():
        await asyncio.to_thread(answer.result)
