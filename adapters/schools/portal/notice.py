"""One notification: what it says, what is expected, whom to call; and what a reader does with it."""

from typing import Any

from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.schools.portal.inbox import line
from adapters.schools.portal.pages import page_of
from adapters.schools.portal.paths import Language, Ref, path_of
from adapters.schools.portal.portal import Portal, Visit
from adapters.schools.roles import Role
from adapters.schools.store import answering, notices, pointers, shown
from adapters.schools.words.facts import Teller
from adapters.schools.words.guidance import guidance
from adapters.schools.words.history import pointed
from adapters.schools.words.history import told as steps_told
from contracts.access import Act
from contracts.delivery import Delivery, view_of
from contracts.registry import REGISTRY
from contracts.text import Prose

_PROSE: TypeAdapter[str] = TypeAdapter(Prose)


def router(portal: Portal) -> APIRouter:
    """The page, its print view, and its three buttons."""
    routes = APIRouter()

    @routes.get("/{language}/notices/{ref}")
    async def view(request: Request, language: Language, ref: Ref) -> Response:
        return await _shown(request, portal, language, ref, Act.VIEWED)

    @routes.get("/{language}/notices/{ref}/print")
    async def print_view(request: Request, language: Language, ref: Ref) -> Response:
        return await _shown(request, portal, language, ref, Act.PRINTED)

    @routes.post("/{language}/notices/{ref}/accept")
    async def accept(request: Request, language: Language, ref: Ref) -> Response:
        async with portal.visit(request, language) as visit:
            await portal.form(request, visit)
            found = await _found(visit, ref, "notification.accept")
            await answering.accept(visit.connection, visit.reader, found, visit.at)
            await visit.record(Act.CHANGED, "notification.accept", party=_for(visit, found), about=found.id)
        return _back(language, ref)

    @routes.post("/{language}/notices/{ref}/ask")
    async def ask(request: Request, language: Language, ref: Ref) -> Response:
        async with portal.visit(request, language) as visit:
            fields = await portal.form(request, visit)
            found = await _found(visit, ref, "notification.ask")
            words, written_in = _question(fields, language)
            if words is not None:
                await answering.ask(visit.connection, visit.reader, found, visit.at, words=words, language=written_in)
                await visit.record(Act.CHANGED, "notification.ask", party=_for(visit, found), about=found.id)
        if words is None:
            return await _shown(request, portal, language, ref, Act.VIEWED, problem="question", status=422)
        return _back(language, ref)

    @routes.get("/{language}/notices/{ref}/not-ours")
    async def sure(request: Request, language: Language, ref: Ref) -> Response:
        async with portal.visit(request, language) as visit:
            found = await _found(visit, ref, "notification.not-ours")
            await visit.record(Act.VIEWED, "notification.not-ours", party=_for(visit, found), about=found.id)
        names = _names(visit, found)
        return page_of(request, visit, "not_ours.html", ref=ref, names=names, line=line(visit, found), problem="")

    @routes.post("/{language}/notices/{ref}/not-ours")
    async def not_ours(request: Request, language: Language, ref: Ref) -> Response:
        async with portal.visit(request, language) as visit:
            fields = await portal.form(request, visit)
            found = await _found(visit, ref, "notification.not-ours")
            chosen = _places(fields, len(found.names))
            if visit.reader.role_at(found.party) in (None, Role.DESK):
                await visit.refuse("notification.not-ours", about=found.id)
            if chosen:
                await answering.disown(
                    visit.connection, visit.reader, found, visit.at, places=chosen, passing=portal.passing
                )
                await visit.record(Act.CHANGED, "notification.not-ours", party=found.party, about=found.id)
            left = await shown.find(visit.connection, visit.reader, ref)
        if not chosen:
            names = _names(visit, found)
            return page_of(
                request, visit, "not_ours.html", status=422, ref=ref, names=names, line=line(visit, found),
                problem="choose",
            )  # fmt: skip
        if left is not None:
            return _back(language, ref)
        return page_of(request, visit, "passed_on.html", back=path_of(language, found.party))

    return routes


async def _shown(
    request: Request, portal: Portal, language: str, ref: str, act: Act, *, problem: str = "", status: int = 200
) -> Response:
    async with portal.visit(request, language) as visit:
        found = await _found(visit, ref, "notification")
        await shown.see(visit.connection, visit.reader, found, visit.at)
        found = await _found(visit, ref, "notification")
        thread = await shown.thread(visit.connection, visit.reader, found.id, found.party)
        history = await notices.history(visit.connection, found.id)
        told = (await pointers.told(visit.connection, [found.id])).get(found.id, [])
        await visit.record(act, "notification", party=_for(visit, found), about=found.id)
    delivery = delivery_of(found)
    role = shown.role_for(visit.reader, found)
    return page_of(
        request,
        visit,
        "print.html" if act is Act.PRINTED else "notice.html",
        status=status,
        ref=ref,
        line=line(visit, found),
        place=visit.place(found.party),
        back=path_of(language, found.desk if role is Role.DESK else found.party),
        telling=Teller(visit.say, portal.places, shown.hidden_from(visit.reader, found)).tell(delivery),
        guidance=guidance(found.type, view=delivery.view),
        raise_nothing=getattr(delivery.data, "handling", None) == "be-aware-do-not-raise",
        happened=visit.say.moment(found.happened_at),
        thread=[line(visit, other) for other in thread],
        history=steps_told(history, visit.say),
        told=pointed(told, visit.say),
        is_desk=role is Role.DESK,
        printed=visit.say.moment(visit.at),
        problem=problem,
    )


async def _found(visit: Visit, ref: str, what: str) -> Any:
    found = await shown.find(visit.connection, visit.reader, ref)
    if found is None:
        await visit.refuse(what, about=await shown.known(visit.connection, ref) or ref)
    return found


def delivery_of(found: Any) -> Delivery:
    """A stored notification, read again by the view of its type."""
    return view_of(REGISTRY[found.type].model).model_validate_json(found.body)


def _names(visit: Visit, found: Any) -> list[tuple[int, str]]:
    """The children that the reader is told of, by their place."""
    hidden = shown.hidden_from(visit.reader, found)
    return [(place, name) for place, name in enumerate(found.names) if place not in hidden]


def _for(visit: Visit, found: Any) -> str:
    """The party that the reader acts for."""
    party: str = found.party if visit.reader.role_at(found.party) else found.desk
    return party


def _back(language: str, ref: str) -> Response:
    return RedirectResponse(f"/{language}/notices/{ref}", status_code=303)


def _question(fields: dict[str, Any], language: str) -> tuple[str | None, str]:
    """What was asked, and in which language it was written; None where nothing was, or it can't be sent."""
    written_in = fields.get("written_in", [language])[0]
    text = str(fields.get("words", [""])[0]).strip().replace("\r\n", "\n")
    try:
        return _PROSE.validate_python(text), written_in if written_in in ("cy", "en") else language
    except ValidationError:
        return None, language


def _places(fields: dict[str, Any], children: int) -> frozenset[int]:
    chosen = {int(value) for value in fields.get("place", []) if str(value).isdecimal() and len(str(value)) < 3}
    return frozenset(place for place in chosen if place < max(children, 1))
