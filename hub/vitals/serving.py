"""Serves a process's figures and health beside its work, which nothing here can end or hold up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from hub.http_server import listen, serve
from hub.settings import MetricsSettings
from hub.vitals.pages import Vitals, pages

log = structlog.get_logger("dolen.vitals")

LOOK_EVERY_S = 5.0
MOST_AT_ONCE = 50
"""Requests; more are told to come again."""


@contextlib.asynccontextmanager
async def vitals_served(
    settings: MetricsSettings,
    make: Callable[[], Vitals],
    registry: CollectorRegistry | None = None,
    *,
    look_every_s: float = LOOK_EVERY_S,
) -> AsyncIterator[None]:
    """Serve while the body runs what `make` gives, beside what is counted in `registry`; nothing where no port is set.

    Raises `StartRefused` where the port is another's.
    """
    if settings.port is None:
        yield
        return
    vitals, registry = make(), registry or CollectorRegistry()
    registry.register(vitals)
    ProcessCollector(registry=registry)
    stop = asyncio.Event()
    with listen(settings.host, settings.port, setting="DOLEN_METRICS__PORT") as listening:
        host, port = listening.getsockname()[:2]
        log.info("vitals.serves", address=f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics")
        serving = asyncio.create_task(serve(pages(registry, vitals), listening, stop, most_at_once=MOST_AT_ONCE))
        looking = asyncio.create_task(_looking(vitals, look_every_s))
        try:
            yield
        finally:
            stop.set()
            looking.cancel()
            await asyncio.gather(serving, looking, return_exceptions=True)


async def _looking(vitals: Vitals, every_s: float) -> None:
    while True:
        try:
            await vitals.look()
        except Exception as failure:  # whatever it is, it is the watching that fails: that shows by its age
            log.error("vitals.failed", error=type(failure).__name__)
        await asyncio.sleep(every_s)
