"""The pages of agencies: who is alive, quiet or behind, what waits with each, and what stands parked at adapters."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from contracts.access import Act
from contracts.parties import agency_uri
from hub.console.console import Console, NotThere, Visit
from hub.console.csv_file import csv_answer
from hub.console.pages import page_of
from hub.console.paths import AgencyName, Language
from hub.console.standing import Agency, agencies_of, clock_off_ms, standing_of
from hub.store.agencies import agencies

_HEADING = (
    "agency", "standing", "last_heard_ms", "sent", "turned_away", "told", "unanswered", "unopened", "parked",
)  # fmt: skip


def router(console: Console) -> APIRouter:
    """The list, its file, one agency, and what is parked."""
    routes = APIRouter()

    @routes.get("/{language}/agencies")
    def every(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="agencies") as visit:
            found = _agencies(visit)
            visit.record()
        return page_of(request, visit, "agencies.html", agencies=found, at_ms=visit.at_ms)

    @routes.get("/{language}/agencies.csv")
    def export(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="agencies") as visit:
            found = _agencies(visit)
            visit.record(Act.EXPORTED)
        return csv_answer("agencies", _HEADING, map(_row, found))

    @routes.get("/{language}/agencies/{agency}")
    def one(request: Request, language: Language, agency: AgencyName) -> Response:
        with console.visit(request, language, what="agency") as visit:
            found = next((each for each in _agencies(visit) if each.agency == agency), None)
            visit.record(about=agency)
        if found is None:
            raise NotThere
        return page_of(
            request,
            visit,
            "agency.html",
            each=found,
            party=agency_uri(agency),
            at_ms=visit.at_ms,
            clock_off=clock_off_ms,
            standing_of=lambda beat: standing_of(beat, visit.at_ms),
        )

    @routes.get("/{language}/parked")
    def parked(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="parked") as visit:
            standing = [each for each in _agencies(visit) if any(b.parked or b.outbox_refused for b in each.adapters)]
            visit.record()
        return page_of(request, visit, "parked.html", agencies=standing, at_ms=visit.at_ms)

    return routes


def _agencies(visit: Visit) -> list[Agency]:
    return agencies_of(visit.console.parties.agencies, agencies(visit.connection), visit.at_ms)


def _row(each: Agency) -> tuple[object, ...]:
    state = each.state
    if state is None:
        return each.agency, each.standing.value, None, 0, 0, 0, 0, 0, 0
    return (
        each.agency,
        each.standing.value,
        state.last_heard_ms,
        state.sent,
        state.turned_away,
        state.told,
        state.unanswered,
        state.unopened,
        each.parked,
    )
