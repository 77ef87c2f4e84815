"""The pages that a process serves to Prometheus and to whoever restarts it: `/metrics`, `/live`, `/ready`, `/progress`.

`/live`: the process answers. `/ready`: it can do its work now; else something that it needs is away, and a restart does
not help. `/progress`: what it has to do gets done; else it stands, and a restart may help. No page asks a server: what
was last seen is told, so that a page never hangs and many probes cost nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_FRESH = {"cache-control": "no-store"}


class Vitals(Protocol):
    """What a process knows of itself; a collector for a registry of Prometheus's client library."""

    def collect(self) -> Iterable[Metric]:
        """The figures of this moment."""
        ...

    async def look(self) -> None:
        """Ask its servers; keeps what they say."""
        ...

    def unready(self) -> Sequence[str]:
        """Why it can't do its work now, in plain words with ids and codes only; empty where it can."""
        ...

    def standing(self) -> Sequence[str]:
        """What stands still though it has something to do; empty where all gets on."""
        ...


def pages(registry: CollectorRegistry, vitals: Vitals) -> Starlette:
    """The application."""

    async def metrics(request: Request) -> Response:
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={**_FRESH, "content-type": media_type})

    async def live(request: Request) -> Response:
        return _verdict("live", "", ())

    async def ready(request: Request) -> Response:
        return _verdict("ready", "The process can't do its work now", vitals.unready())

    async def progress(request: Request) -> Response:
        return _verdict("getting on", "Something stands still though it has something to do", vitals.standing())

    endpoints = {"/metrics": metrics, "/live": live, "/ready": ready, "/progress": progress}
    return Starlette(routes=[Route(path, endpoint) for path, endpoint in endpoints.items()])


def _verdict(well: str, title: str, reasons: Sequence[str]) -> Response:
    """200, or 503 as a problem document (RFC 9457)."""
    if not reasons:
        return JSONResponse({"status": well}, headers=_FRESH)
    problem = {"title": title, "status": 503, "detail": "; ".join(reasons), "reasons": list(reasons)}
    return JSONResponse(problem, 503, headers=_FRESH, media_type="application/problem+json")
