"""The register of faults, and what several of them do."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redis import Redis as RedisClient

from hub.local import process
from hub.local.server import Server
from tests.faults.campaign import Campaign

Nemesis = Callable[[Any], Awaitable[None]]
"""Given a `Campaign`, or an `Edge` where an adapter is what is hurt."""

NEMESES: dict[str, Nemesis] = {}
SITE_OF: dict[str, str] = {}
"""Where a nemesis can act, by its name: see tests/faults/sites.py."""
SEEN_WITHIN_S = 120.0
"""How long a request of a kind may let itself be waited for: the machine may be busy."""


def named(name: str, *, site: str = "one broker") -> Callable[[Nemesis], Nemesis]:
    """Register a nemesis under the name that plan and table have."""

    def register(nemesis: Nemesis) -> Nemesis:
        NEMESES[name], SITE_OF[name] = nemesis, site
        return nemesis

    return register


def kill(campaign: Campaign, worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL a worker."""
    worker.kill()
    campaign.struck()
    worker.wait()


def send(server: Server, number: signal.Signals) -> None:
    """Signal a server's process, and don't wait."""
    process.send(server.state.processes.get(server.name), number)


async def up(campaign: Campaign, *killed: Server) -> None:
    """Start what was killed; a process that is only just dying would be taken for one that runs."""
    for server in killed:
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(campaign.stack.up)


def redis_of(campaign: Campaign) -> RedisClient:
    """Redis itself, not by the pipe."""
    return RedisClient.from_url(campaign.ground.redis_url, socket_timeout=10)


def stopped(worker: subprocess.Popen[bytes]) -> bool:
    """Whether a worker is held by SIGSTOP."""
    if worker.poll() is not None:
        raise AssertionError(f"the worker ended with {worker.returncode} before it could be stopped")
    return Path(f"/proc/{worker.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"
