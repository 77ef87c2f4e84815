"""The page that finds notifications: by ids, parties, type, time and outcome; never by a name."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.access import Act
from contracts.registry import REGISTRY
from hub.console.asking import OUTCOMES, Form, page_size, question
from hub.console.console import Console, Visit
from hub.console.csv_file import csv_answer
from hub.console.pages import page_of, type_title
from hub.console.paths import Language
from hub.outcomes import iso_time
from hub.store.asked import Asked
from hub.store.find import LARGEST_PAGE, Found, find

MOST_EXPORTED = 20_000
"""Rows of one file: a larger question is asked in parts, by time."""

_HEADING = (
    "reached_broker", "coordinates", "outcome", "type", "source", "event_id", "child_reference", "episode", "trace",
    "told", "not_told", "chain_holds", "recipient", "notification", "delivered", "opened", "accepted", "refused",
    "refusal",
)  # fmt: skip


def _form(
    id_: Annotated[str, Query(alias="id")] = "",
    recipient: str = "",
    source: str = "",
    type_: Annotated[str, Query(alias="type")] = "",
    outcome: str = "",
    unopened: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
) -> Form:
    return Form(id_, recipient, source, type_, outcome, unopened, since, until, before)


def router(console: Console) -> APIRouter:
    """The page and its file."""
    routes = APIRouter()

    @routes.get("/{language}/")
    def home(request: Request, language: Language) -> Response:
        console.session(request)
        return RedirectResponse(f"/{language}/now", status_code=303)

    @routes.get("/{language}/find")
    def search(
        request: Request,
        language: Language,
        form: Annotated[Form, Depends(_form)],
        rows: str = "",
    ) -> Response:
        size = page_size(rows)
        with console.visit(request, language, what="find") as visit:
            wanted = question(form, console.parties)
            found = None
            if not wanted.problems:
                found = find(visit.connection, wanted.asked, before=wanted.before, limit=size)
            visit.record(Act.SEARCHED, about=_about(wanted.asked))
        more = found.more if found is not None else None
        return page_of(
            request,
            visit,
            "find.html",
            form=form,
            problems=wanted.problems,
            found=found.rows if found is not None else (),
            answers=wanted.asked.recipient is not None,
            looked=found is not None,
            older=_link(language, form, str(more), rows) if more is not None else "",
            newest=_link(language, form, "", rows) if form.before else "",
            csv=f"/{language}/find.csv?{_query(form, '')}",
            agencies=console.parties.agencies,
            types=sorted(((type_title(name, language), name) for name in REGISTRY), key=lambda pair: pair[0].lower()),
            outcomes=OUTCOMES,
        )

    @routes.get("/{language}/find.csv")
    def export(request: Request, language: Language, form: Annotated[Form, Depends(_form)]) -> Response:
        wanted = question(form, console.parties)
        with console.visit(request, language, what="find") as visit:
            found = [] if wanted.problems else list(_all(visit, wanted.asked))
            visit.record(Act.EXPORTED, about=_about(wanted.asked))
        return csv_answer("notifications", _HEADING, map(_row, found))

    return routes


def _all(visit: Visit, asked: Asked) -> Iterator[Found]:
    before, left = None, MOST_EXPORTED
    while left > 0:
        page = find(visit.connection, asked, before=before, limit=min(LARGEST_PAGE, left))
        yield from page.rows
        left -= len(page.rows)
        if page.more is None:
            return
        before = page.more


def _row(found: Found) -> Sequence[object]:
    answers = found.answers
    return (
        iso_time(found.at_ms),
        found.coordinates,
        found.outcome,
        found.type,
        found.source,
        found.event_id,
        found.subject,
        found.correlation_id,
        found.trace_id,
        found.told,
        found.not_told,
        found.chain_holds,
        *(
            ("",) * 7
            if answers is None
            else (
                answers.recipient,
                answers.delivery,
                *map(_time, (answers.delivered_ms, answers.opened_ms, answers.accepted_ms, answers.refused_ms)),
                answers.refusal,
            )
        ),
    )


def _time(at_ms: int | None) -> str:
    return "" if at_ms is None else iso_time(at_ms)


def _about(asked: Asked) -> str:
    """What was looked for, as an access record may say it: an id or a party, which are no names."""
    return asked.id.text if asked.id is not None else asked.recipient or asked.source or ""


def _link(language: str, form: Form, before: str, rows: str) -> str:
    more: dict[str, Any] = {"rows": rows} if rows else {}
    return f"/{language}/find?{_query(form, before, **more)}"


def _query(form: Form, before: str, **more: Any) -> str:
    given = {**asdict(form), "before": before, **more}
    return urlencode({name: value for name, value in given.items() if value})
