"""The education desk's board: what nobody has opened yet, by school and by the time it is due."""

from collections import Counter
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from adapters.schools.portal.inbox import line
from adapters.schools.portal.pages import page_of
from adapters.schools.portal.paths import DeskName, Language
from adapters.schools.portal.portal import Portal, Visit
from adapters.schools.store import boards, pointers
from adapters.schools.words.history import pointed
from contracts.access import Act
from contracts.parties import agency_uri


def router(portal: Portal) -> APIRouter:
    """The page."""
    routes = APIRouter()

    @routes.get("/{language}/desks/{name}")
    async def board(request: Request, language: Language, name: DeskName) -> Response:
        party = agency_uri(name)
        async with portal.visit(request, language) as visit:
            if party not in visit.reader.desks:
                await visit.refuse("board", about=party)
            passed_on = await boards.passed_on(visit.connection, visit.reader, party)
            waiting = await boards.waiting(visit.connection, visit.reader, party)
            off = await boards.systems_off(visit.connection, visit.reader, party)
            told = await pointers.told(visit.connection, [found.id for found in (*passed_on, *waiting)])
            await visit.record(Act.VIEWED, "board", party=party)
        late = Counter(found.party for found in waiting if found.due_at <= visit.at)
        return page_of(
            request,
            visit,
            "board.html",
            place=visit.place(party),
            mine=[line(visit, found) | _told(visit, told, found) for found in passed_on],
            waiting=[_without_names(visit, found) | _told(visit, told, found) for found in waiting],
            off=[(visit.place(each.party).name(language), each.disabled_at) for each in off],
            late=sum(late.values()),
            schools=len({found.party for found in waiting}),
        )

    return routes


def _told(visit: Visit, told: dict[str, list[Any]], found: Any) -> dict[str, Any]:
    """Who was told, and whether the message went: the desk knows whom to call."""
    return {"told": pointed(told.get(found.id, ()), visit.say)}


def _without_names(visit: Visit, found: Any) -> dict[str, Any]:
    """What is still the school's: the desk sees that it waits, not what it says."""
    shown = line(visit, found)
    return shown | {"names": [], "path": ""}
