"""The education desk lifts what keeps its schools from a child's notifications: with a reason, which is recorded."""

from typing import Any

from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.schools.portal.inbox import title_of
from adapters.schools.portal.pages import page_of
from adapters.schools.portal.paths import DeskName, Language, path_of
from adapters.schools.portal.portal import Portal, Visit
from adapters.schools.store import lifting
from adapters.schools.store.lifting import Kept
from contracts.access import Act
from contracts.parties import agency_uri, school_uri
from contracts.text import Line

_LINE: TypeAdapter[str] = TypeAdapter(Line)


def router(portal: Portal) -> APIRouter:
    """The list, and the form beside each line of it."""
    routes = APIRouter()

    @routes.get("/{language}/desks/{name}/held-back")
    async def held_back(request: Request, language: Language, name: DeskName) -> Response:
        return await _shown(request, portal, language, name)

    @routes.post("/{language}/desks/{name}/held-back")
    async def lift(request: Request, language: Language, name: DeskName) -> Response:
        party = agency_uri(name)
        async with portal.visit(request, language) as visit:
            fields = await portal.form(request, visit)
            if party not in visit.reader.desks:
                await visit.refuse("held-back.lift", about=party)
            reason = _reason(fields)
            if reason is not None:
                await _lifted(visit, portal, party, fields, reason)
        if reason is None:
            return await _shown(request, portal, language, name, problem=_first(fields, "ref"), status=422)
        return RedirectResponse(f"{path_of(language, party)}/held-back", status_code=303)

    return routes


async def _shown(
    request: Request, portal: Portal, language: str, name: str, *, problem: str = "", status: int = 200
) -> Response:
    party = agency_uri(name)
    async with portal.visit(request, language) as visit:
        if party not in visit.reader.desks:
            await visit.refuse("held-back", about=party)
        found = {kind: await lifting.kept(visit.connection, visit.reader, party, kind) for kind in Kept}
        await visit.record(Act.VIEWED, "held-back", party=party)
    return page_of(
        request,
        visit,
        "held_back.html",
        status=status,
        place=visit.place(party),
        back=path_of(language, party),
        not_ours=[_line(visit, Kept.NOT_OURS, row) for row in found[Kept.NOT_OURS]],
        shut_out=[_line(visit, Kept.CONFLICT, row) for row in found[Kept.CONFLICT]],
        problem=problem,
    )


async def _lifted(visit: Visit, portal: Portal, desk: str, fields: dict[str, Any], reason: str) -> None:
    kind, ref, school = (_first(fields, name) for name in ("kind", "ref", "school"))
    notice = None
    if kind in set(Kept):
        notice = await lifting.lift(
            visit.connection, visit.reader, desk, Kept(kind), ref=ref, party=school_uri(school), at=visit.at,
            passing=portal.passing,
        )  # fmt: skip
    if notice is None:
        await visit.refuse("held-back.lift", about=desk)
    await visit.record(Act.CHANGED, f"{kind}.lift", party=desk, about=notice or "", why=reason)


def _line(visit: Visit, kind: Kept, row: Any) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "ref": row.ref,
        "school": row.party.rpartition("/")[2],
        "school_name": visit.place(row.party).name(visit.language),
        "names": [row.names[place] for place in sorted(row.places) if place < len(row.names) and row.names[place]],
        "title": title_of(row.type, visit.language),
        "path": f"/{visit.language}/notices/{row.ref}" if row.desk_at is not None else "",
        "at": visit.say.short(row.at),
        "moment": row.at.isoformat(),
        "who": getattr(row, "who", None) or "",
    }


def _reason(fields: dict[str, Any]) -> str | None:
    """What the person gave as the reason; None where there is none, or it can't be kept."""
    try:
        return _LINE.validate_python(_first(fields, "reason").strip())
    except ValidationError:
        return None


def _first(fields: dict[str, Any], name: str) -> str:
    return str(fields.get(name, [""])[0])
