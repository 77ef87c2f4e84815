"""The page of the books: whether everything that came in has one outcome, and what came back from whom."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from contracts.access import Act
from hub.console.console import Console
from hub.console.csv_file import csv_answer
from hub.console.live import add_live_page
from hub.console.paths import Language
from hub.store.balance import balance
from hub.store.lanes import odd_records

_HEADING = (
    "recipient",
    "considered",
    "told",
    "not_told",
    "delivered",
    "opened",
    "accepted_by",
    "refused",
    "unanswered",
)


def router(console: Console) -> APIRouter:
    """The page, its stream and its file."""
    routes = APIRouter()

    add_live_page(routes, console, "balance", _shown)

    @routes.get("/{language}/balance.csv")
    def export(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="balance") as visit:
            found = _shown(console, visit.connection)["books"]
            visit.record(Act.EXPORTED)
        rows = ([getattr(each, name) for name in _HEADING] for each in found.recipients)
        return csv_answer("balance", _HEADING, rows)

    return routes


def _shown(console: Console, connection: Connection) -> dict[str, Any]:
    at, names = console.clock(), console.names
    return {
        "at_ms": at,
        "books": balance(connection, ledger=names.ledger, dead_letters=names.dead_letters, now_ms=at),
        "odd": odd_records(connection),
    }
