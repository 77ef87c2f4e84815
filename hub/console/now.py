"""The page of this moment: what flows, what stands, who is quiet, and what needs a person."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from hub.console.attention import needs
from hub.console.chart import chart
from hub.console.console import Console
from hub.console.lanes import lanes_now
from hub.console.live import add_live_page
from hub.console.standing import Standing, agencies_of
from hub.store.agencies import agencies
from hub.store.balance import balance
from hub.store.flow import flow_by_family, flow_by_minute
from hub.store.lanes import lanes, odd_records

HOUR_MS = 3_600_000


def router(console: Console) -> APIRouter:
    """The page and its stream."""
    routes = APIRouter()

    add_live_page(routes, console, "now", _shown)

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
