"""One notification: every hop with its time, who was told and who was not and why, its answers, and its proof."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.topics import PAYLOAD_RETENTION_MS
from hub.console.chain_check import Check, check_chain
from hub.console.console import Console, NotThere, Visit
from hub.console.drawing import axis_of, bars
from hub.console.pages import page_of
from hub.console.paths import AnyId, Language
from hub.console.trails import trail_of
from hub.dead_letter import DeadLetter
from hub.errors import Unavailable
from hub.ledger import DecisionEntry
from hub.observe.labels import Language as LabelLanguage
from hub.observe.steps import steps
from hub.observe.trail import Recorded, Trail, inbound
from hub.observe.waterfall import span
from hub.outcomes import Outcome
from hub.store.asked import Id, IdForm, id_of
from hub.store.letters import letter
from hub.store.notification import notifications


def router(console: Console) -> APIRouter:
    """The page."""
    routes = APIRouter()

    @routes.get("/{language}/notifications/{asked:path}")
    async def view(
        request: Request, language: Language, asked: AnyId, check: Annotated[str, Query(max_length=10)] = ""
    ) -> Response:
        visit, trails, letters = await run_in_threadpool(_read, console, request, language, asked)
        if len(trails) > 1:
            return page_of(request, visit, "several.html", asked=asked, trails=trails, inbound=inbound)
        (trail,) = trails
        checked, away = await _checked(console, trail) if check else ([], False)
        return page_of(request, visit, "notification.html", **_shown(visit, trail, letters, checked), kafka_away=away)

    @routes.get("/{language}/notifications")
    def nothing_asked(request: Request, language: Language) -> Response:
        console.session(request)
        return RedirectResponse(f"/{language}/find", status_code=303)

    return routes


def _read(
    console: Console, request: Request, language: str, asked: str
) -> tuple[Visit, list[Trail], dict[str, DeadLetter]]:
    """What the tables hold of an id; the view is recorded by the id that was asked for. Raises NotThere."""
    with console.visit(request, language, what="notification") as visit:
        named = id_of(asked)
        found = notifications(visit.connection, named) if named is not None else []
        trails = [trail_of(notification, console.names) for notification in found]
        if named is not None:
            visit.record(about=named.text)
        letters = {}
        for record in (record for trail in trails for record in trail.records):
            if record.entry.outcome in (Outcome.REJECTED, Outcome.CONFLICT):
                at = inbound(record.entry)
                kept = letter(visit.connection, Id(IdForm.RECORD, at))
                if kept is not None:
                    letters[at] = kept
    if not trails:
        raise NotThere
    return visit, trails, letters


async def _checked(console: Console, trail: Trail) -> tuple[list[Check], bool]:
    records = [*trail.records, *(answer.recorded for answer in trail.answers)]
    try:
        return await check_chain(console.kafka, records), False
    except Unavailable:
        return [], True


def _shown(visit: Visit, trail: Trail, letters: dict[str, DeadLetter], checked: list[Check]) -> dict[str, Any]:
    words = LabelLanguage(visit.language)
    entry = trail.main.entry
    url = visit.console.own.trace_url
    taken = list(bars(trail, steps(trail, words)))
    return {
        "trail": trail,
        "entry": entry,
        "proven": entry.signer is not None,
        "trace_url": url.replace("{trace_id}", entry.trace.trace_id) if url else "",
        "bars": taken,
        "axis": axis_of(trail),
        "span": lambda milliseconds: span(milliseconds, words),
        "label": lambda step: step.label.say(words),
        "decided": sorted(entry.decisions, key=lambda decision: not decision.told),
        "answers_to": trail.answers_to,
        "last_answer": lambda decision: _last_answer(trail, decision),
        "records": [*trail.records, *(answer.recorded for answer in trail.answers)],
        "repeats": sum(record.entry.outcome == Outcome.DUPLICATE for record in trail.records),
        "broken": [record for record in _all(trail) if not record.chain_holds],
        "checked": {check.at: check for check in checked},
        "inbound": inbound,
        "letters": letters,
        "answers_expired": visit.at_ms - entry.at.time_ms > PAYLOAD_RETENTION_MS,
    }


def _all(trail: Trail) -> list[Recorded]:
    return [*trail.records, *(answer.recorded for answer in trail.answers)]


def _last_answer(trail: Trail, decision: DecisionEntry) -> dict[str, int | str | None]:
    """When each kind of answer arrived first, as lists show it."""
    first: dict[str, int] = {}
    refusal = None
    for answer in trail.answers_to(decision):
        first.setdefault(answer.kind.value, answer.recorded.entry.at.time_ms)
        refusal = answer.reason if answer.kind.value == "refused" else refusal
    return {
        "delivered_ms": first.get("delivered"),
        "opened_ms": first.get("opened"),
        "accepted_ms": first.get("accepted-by"),
        "refused_ms": first.get("refused"),
        "refusal": refusal,
    }
