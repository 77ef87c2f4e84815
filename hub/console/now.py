"""The page of this moment: what flows, what stands, who is quiet, and what needs a person."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from hub.console.attention import needs
from hub.console.chart import chart
from hub.console.console import Console
from hub.console.lanes import lanes_now
from hub.console.live import live
from hub.console.pages import fragment, page_of
from hub.console.paths import Language
from hub.console.standing import Standing, agencies_of
from hub.store.agencies import agencies
from hub.store.balance import balance
from hub.store.database import reading
from hub.store.flow import flow_by_family, flow_by_minute
from hub.store.lanes import lanes, odd_records

HOUR_MS = 3_600_000


def router(console: Console) -> APIRouter:
    """The page and its stream."""
    routes = APIRouter()

    @routes.get("/{language}/now")
    def now(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="now") as visit:
            shown = _shown(console, visit.connection)
            visit.record()
        return page_of(request, visit, "now.html", **shown)

    @routes.get("/{language}/now/live")
    def stream(request: Request, language: Language) -> Response:
        console.session(request, touch=False)

        def draw() -> str:
            with reading(console.database) as connection:
                shown = _shown(console, connection)
            return fragment(console, "now_live.html", language=language, **shown)

        return live(console, request, draw)

    return routes


def _shown(console: Console, connection: Connection) -> dict[str, Any]:
    at, seen, names = console.clock(), console.kafka.seen, console.names
    since = at - HOUR_MS
    every = agencies_of(console.parties.agencies, agencies(connection), at)
    every_lane = lanes_now(lanes(connection), seen, ledger=names.ledger, lanes=console.settings.lanes, now_ms=at)
    books = balance(connection, ledger=names.ledger, dead_letters=names.dead_letters, now_ms=at)
    families = flow_by_family(connection, since_ms=since)
    return {
        "at_ms": at,
        "families": families,
        "totals": {
            name: sum(getattr(family, name) for family in families)
            for name in ("events", "accepted", "duplicate", "conflict", "rejected", "told", "not_told")
        },
        "chart": chart(flow_by_minute(connection, since_ms=since), at),
        "lanes": every_lane,
        "seen": seen,
        "agencies": every,
        "standings": {standing: sum(each.standing is standing for each in every) for standing in Standing},
        "needs": needs(
            connection,
            books=books,
            odd=odd_records(connection),
            agencies=every,
            lanes=every_lane,
            seen=seen,
            now_ms=at,
        ),
    }
