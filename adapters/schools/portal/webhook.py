"""A school's own system, as its people see it: whether it takes what it is sent, and a button to send it again."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.schools.portal.inbox import title_of
from adapters.schools.portal.pages import page_of
from adapters.schools.portal.paths import Language, SchoolNumber, path_of
from adapters.schools.portal.portal import Portal
from adapters.schools.store import webhooks
from contracts.access import Act
from contracts.parties import school_uri


def router(portal: Portal) -> APIRouter:
    """The page and its button."""
    routes = APIRouter()

    @routes.get("/{language}/schools/{number}/webhook")
    async def webhook(request: Request, language: Language, number: SchoolNumber) -> Response:
        party = school_uri(number)
        async with portal.visit(request, language) as visit:
            if party not in visit.reader.schools:
                await visit.refuse("webhook", about=party)
            hook, calls = await webhooks.of(visit.connection, party)
            await visit.record(Act.VIEWED, "webhook", party=party)
        made = [
            {
                "title": title_of(call.type, language),
                "at": visit.say.short(call.made_at),
                "tries": call.tries,
                "answer": call.answer,
                "taken": call.taken_at is not None,
            }
            for call in calls
        ]
        place, back = visit.place(party), path_of(language, party)
        return page_of(request, visit, "webhook.html", place=place, back=back, hook=hook, calls=made)

    @routes.post("/{language}/schools/{number}/webhook/replay")
    async def replay(request: Request, language: Language, number: SchoolNumber) -> Response:
        party = school_uri(number)
        async with portal.visit(request, language) as visit:
            await portal.form(request, visit)
            if party not in visit.reader.schools:
                await visit.refuse("webhook.replay", about=party)
            await webhooks.replay(visit.connection, party, visit.at)
            await visit.record(Act.CHANGED, "webhook.replay", party=party)
        return RedirectResponse(f"/{language}/schools/{number}/webhook", status_code=303)

    return routes
