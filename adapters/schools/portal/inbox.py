"""The first pages of a reader: the list of schools and desks, and a school's inbox, unread first."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.schools.portal.pages import page_of
from adapters.schools.portal.paths import Language, SchoolNumber, path_of
from adapters.schools.portal.portal import Portal, Visit
from adapters.schools.portal.signing_in import home_of
from adapters.schools.store import shown
from adapters.schools.store.shown import PAGE, Before
from contracts.access import Act
from contracts.parties import school_uri


def router(portal: Portal) -> APIRouter:
    """The pages."""
    routes = APIRouter()

    @routes.get("/{language}/")
    async def home(request: Request, language: Language) -> Response:
        async with portal.visit(request, language) as visit:
            parties = visit.reader.parties
            kept = visit.reader.language or visit.place(parties[0]).language
        return RedirectResponse(home_of(portal, kept, parties), status_code=303)

    @routes.get("/{language}/places")
    async def places(request: Request, language: Language) -> Response:
        async with portal.visit(request, language) as visit:
            counts = await shown.counts(visit.connection, visit.reader)
            await visit.record(Act.VIEWED, "places", party=visit.reader.parties[0])
        listed = [
            (visit.place(party).name(language), path_of(language, party), counts.get(party, 0), visit.title(party))
            for party in visit.reader.parties
        ]
        return page_of(request, visit, "places.html", places=sorted(listed))

    @routes.get("/{language}/schools/{number}")
    async def inbox(
        request: Request, language: Language, number: SchoolNumber, before: Annotated[str, Query(max_length=120)] = ""
    ) -> Response:
        party = school_uri(number)
        async with portal.visit(request, language) as visit:
            if party not in visit.reader.schools:
                await visit.refuse("inbox", about=party)
            from_here = _read(before)
            unopened = await shown.unopened(visit.connection, visit.reader, party) if from_here is None else []
            opened = await shown.opened(visit.connection, visit.reader, party, from_here)
            await visit.record(Act.VIEWED, "inbox", party=party)
        return page_of(
            request,
            visit,
            "inbox.html",
            place=visit.place(party),
            party=party,
            unopened=[line(visit, found) for found in unopened],
            opened=[line(visit, found) for found in opened[:PAGE]],
            older=_written(opened[PAGE - 1]) if len(opened) > PAGE else "",
            first=from_here is None,
        )

    return routes


def line(visit: Visit, found: Any) -> dict[str, Any]:
    """One notification in a list."""
    hidden = shown.hidden_from(visit.reader, found)
    return {
        "path": f"/{visit.language}/notices/{found.ref}",
        "names": [name for place, name in enumerate(found.names) if name and place not in hidden],
        "title": title_of(found.type, visit.language),
        "source": visit.portal.places.name(found.source, visit.language),
        "party": visit.place(found.party).name(visit.language),
        "received": visit.say.short(found.received_at),
        "received_at": found.received_at.isoformat(),
        "due": visit.say.moment(found.due_at),
        "due_at": found.due_at.isoformat(),
        "late": found.opened_at is None and found.due_at <= visit.at,
        "opened": found.opened_at is not None,
        "accepted": found.accepted_at is not None,
        "accepted_by": getattr(found, "accepted_by_name", None) or "",
        "refused": found.refused_at is not None,
        "at_desk": found.desk_at is not None,
        "because": found.desk_because or "",
        "desk_opened": found.desk_opened_at is not None,
        "out_of_hours": found.out_of_hours_at is not None,
        "nobody_left": found.desk_at is not None
        and found.desk_opened_at is None
        and found.opened_at is None
        and found.out_of_hours_at is None
        and found.next_step_at is None,
    }


def title_of(event_type: str, language: str) -> str:
    """What an event type is called."""
    from contracts.registry import REGISTRY

    kind = REGISTRY[event_type]
    return kind.title_cy if language == "cy" else kind.title_en


def _written(found: Any) -> str:
    return base64.urlsafe_b64encode(f"{found.received_at.isoformat()} {found.ref}".encode()).decode()


def _read(before: str) -> Before | None:
    """Where the list goes on; nonsense begins it anew."""
    try:
        at, _, ref = base64.urlsafe_b64decode(before.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(at)
    except (binascii.Error, ValueError):
        return None
    return Before(moment, ref) if moment.tzinfo is not None and ref.isalnum() else None
