"""The gateway's addresses: what each takes, what it answers, and what it is documented as."""

import base64
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote_plus

import structlog
from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from adapters.gateway.binding import BINARY, event_of
from adapters.gateway.bodies import Capped, Guarded
from adapters.gateway.counter import Counter
from adapters.gateway.door import Door
from adapters.gateway.mailbox import State
from adapters.gateway.problems import CONTENT_TYPE, FaultSaid, Problem, Refused, Trouble, paths_of, problem
from adapters.sdk.clock import iso
from contracts.envelope import CONTENT_TYPE as STRUCTURED
from contracts.envelope import Uuid
from contracts.faults import FaultCode
from contracts.text import Line, Statement

log = structlog.get_logger("dolen.adapter.gateway")

_ABOUT = """The door to Dolen for agencies with no Kafka of their own: CloudEvents over HTTPS.

Give an event and keep it until the answer is 202; then it is on disk and will reach the hub. Give it again under the
same id whenever you are not sure: the same event is never taken twice. Ask after it to learn what the hub made of it.

Your inbox holds what the other agencies tell you. To fetch a notification tells its sender that a system has it. That
somebody has read it, has taken it on, or can't, is for you to say.

Refusals are problem+json (RFC 9457), in Welsh where Accept-Language asks for it."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class TakenEvent(_Said):
    """The gateway has the event on disk."""

    id: Uuid
    again: bool
    """It had it before, with the same content."""


class EventState(_Said):
    """How far an event has come."""

    id: Uuid
    state: Literal["waiting", "sent", "accepted", "rejected"]
    """Not at the hub yet, at the hub, taken by the hub, or not taken: mend it and give it again under its id."""
    faults: list[FaultSaid]


class Listing(_Said):
    """One notification: nothing of whom it is about."""

    number: int
    """Ask for the next page with `after` set to the last one's."""
    id: Uuid
    type: str
    source: str
    state: State
    gap: bool
    """Earlier events of this sender about this child did not come: not yours to see, or still under way."""
    received_at: str


class Inbox(_Said):
    """A page of the inbox, the oldest first."""

    notifications: list[Listing]
    more: bool


class Opened(_Said):
    """Somebody has read it."""

    role: Line
    """The reader's, for example designated safeguarding lead; no name."""


class Accepted(_Said):
    """A team has taken it on."""

    role: Line
    team: Line


class RefusedBy(_Said):
    """The agency does not take it on."""

    reason: Literal[
        "not-our-child", "child-not-identified", "conflict-of-interest", "not-entitled", "unreadable", "other"
    ]
    explanation: Statement | None = None


class NotificationState(_Said):
    """What became of a notification."""

    id: Uuid
    state: State


class AccessToken(_Said):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


_TROUBLES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in {
        401: "Not authenticated",
        404: "There is nothing of yours here",
        413: "Larger than 256 KiB",
        422: "Not what this address takes",
        429: "Too many requests; Retry-After says when to come back",
        503: "Not stored; give it again",
    }.items()
}
_EVENT_TROUBLES = _TROUBLES | {
    403: {**_TROUBLES[404], "description": "The source is not a party of your agency"},
    409: {**_TROUBLES[404], "description": "The id was used before for other content"},
    415: {**_TROUBLES[404], "description": "Not a media type of CloudEvents"},
}
_TOKEN_TROUBLES: dict[int | str, dict[str, Any]] = {
    400: {"description": "Not a request for a token (RFC 6749, section 5.2)"},
    401: {"description": "Not a client of this door (RFC 6749, section 5.2)"},
    429: _TROUBLES[429],
}
_ANSWER_TROUBLES = _TROUBLES | {409: {**_TROUBLES[404], "description": "It was answered otherwise before"}}
_EVENT_BODY = {
    "requestBody": {
        "required": True,
        "description": "One event, structured or binary (with `ce-` headers), by the JSON Schema of its type. Leave "
        "`sequence` out: the gateway numbers a child's events.",
        "content": {STRUCTURED.decode(): {"schema": {"type": "object"}}, BINARY: {"schema": {"type": "object"}}},
    }
}
_FETCHED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The notification, a CloudEvent", "content": {STRUCTURED.decode(): {}}}
}

Id = Annotated[Uuid, Path(description="A UUID in lower case.")]


def create_app(door: Door | None) -> FastAPI:
    """The application of a door; without one, to be documented."""
    app = FastAPI(
        title="Dolen gateway",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.door = door
    app.include_router(router)
    app.add_middleware(Capped)
    app.add_middleware(Guarded)
    _add_problems(app)
    _describe_problems(app)
    return app


router = APIRouter()
_oauth2 = OAuth2(flows={"clientCredentials": {"tokenUrl": "/v1/token", "scopes": {}}}, auto_error=False)


async def _own_counter(request: Request, _: Annotated[object, Depends(_oauth2)]) -> Counter:
    door: Door = request.app.state.door
    return await door.counter_of(request)


Own = Annotated[Counter, Depends(_own_counter)]


@router.get("/v1/health", tags=["door"])
async def health() -> dict[str, str]:
    """Whether the door is open; says nothing of any agency."""
    return {"state": "open"}


@router.post("/v1/token", tags=["door"], responses=_TOKEN_TROUBLES, response_model=AccessToken)
async def token(request: Request) -> JSONResponse:
    """An access token for client credentials (RFC 6749, section 4.4), where the door issues them itself."""
    door: Door = request.app.state.door
    client, secret = _credentials(request.headers.get("authorization", ""), await request.body())
    issued = door.issue(request, client, secret)
    if issued is None:
        raise _TokenRefused("invalid_client")
    made, seconds = issued
    body = AccessToken(access_token=made, token_type="Bearer", expires_in=seconds)  # noqa: S106 - a kind, no token
    return JSONResponse(body.model_dump(), headers={"cache-control": "no-store"})


@router.post("/v1/events", status_code=202, tags=["events"], responses=_EVENT_TROUBLES, openapi_extra=_EVENT_BODY)
async def give(request: Request, response: Response, own: Own) -> TakenEvent:
    """Give an event: 202 when it is on disk, and not before."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    taken = await own.take(event_of(headers, await request.body()))
    response.headers["location"] = f"/v1/events/{taken.event_id}"
    log.info("gateway.taken", agency=own.agency, event_id=taken.event_id, again=taken.again)
    return TakenEvent(id=taken.event_id, again=taken.again)


@router.get("/v1/events/{event_id}", tags=["events"], responses=_TROUBLES)
async def event_state(event_id: Id, own: Own) -> EventState:
    """What became of an event of yours."""
    found = await own.state_of(event_id)
    faults = [
        FaultSaid(code=FaultCode(one["code"]), path=one["path"], rule=one["rule"], remedy=one["remedy"])
        for one in found.faults
    ]
    return EventState(id=event_id, state=found.state, faults=faults)


@router.get("/v1/inbox", tags=["inbox"], responses=_TROUBLES)
async def inbox(
    own: Own,
    state: Annotated[list[State] | None, Query(description="Only these; without it, what is not finished.")] = None,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Inbox:
    """List notifications, the oldest first."""
    states = state or ["waiting", "fetched", "opened"]
    found = await own.listed(states=states, after=after, limit=limit + 1)
    lines = [
        Listing(
            number=one.number,
            id=one.id,
            type=one.type,
            source=one.source,
            state=one.state,
            gap=one.gap,
            received_at=iso(one.received_at),
        )
        for one in found[:limit]
    ]
    return Inbox(notifications=lines, more=len(found) > limit)


@router.get("/v1/inbox/{id}", tags=["inbox"], responses={**_TROUBLES, **_FETCHED}, response_class=Response)
async def fetch(id: Id, own: Own) -> Response:
    """Fetch a notification; the first time, its sender is told that a system of yours has it."""
    content = await own.fetch(id)
    return Response(content, media_type=STRUCTURED.decode(), headers={"cache-control": "no-store"})


@router.post("/v1/inbox/{id}/opened", tags=["inbox"], responses=_ANSWER_TROUBLES)
async def opened(id: Id, said: Opened, own: Own) -> NotificationState:
    """Say that somebody has read it."""
    return await _answered(own, id, "opened", said)


@router.post("/v1/inbox/{id}/accepted", tags=["inbox"], responses=_ANSWER_TROUBLES)
async def accepted(id: Id, said: Accepted, own: Own) -> NotificationState:
    """Say that a team has taken it on."""
    return await _answered(own, id, "accepted", said)


@router.post("/v1/inbox/{id}/refused", tags=["inbox"], responses=_ANSWER_TROUBLES)
async def refused(id: Id, said: RefusedBy, own: Own) -> NotificationState:
    """Say that you do not take it on, and why; the sender learns it."""
    return await _answered(own, id, "refused", said)


async def _answered(own: Counter, delivery: str, state: State, said: _Said) -> NotificationState:
    reached = await own.answer(delivery, state, said.model_dump(mode="json", exclude_none=True))
    log.info("gateway.answered", agency=own.agency, delivery=delivery, state=reached)
    return NotificationState(id=delivery, state=reached)


class _TokenRefused(Exception):
    """RFC 6749, section 5.2, whose words the clients' libraries know."""

    def __init__(self, error: Literal["invalid_request", "invalid_client", "unsupported_grant_type"]) -> None:
        self.error = error


def _credentials(authorization: str, body: bytes) -> tuple[str, str]:
    """Client id and secret, by HTTP Basic or in the form (RFC 6749, section 2.3.1)."""
    try:
        form = dict(parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=20))
        if form.get("grant_type") != "client_credentials":
            raise _TokenRefused("unsupported_grant_type")
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return form["client_id"], form["client_secret"]
        client, _, secret = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
        return unquote_plus(client), unquote_plus(secret)
    except (ValueError, KeyError):
        raise _TokenRefused("invalid_request") from None


def _describe_problems(app: FastAPI) -> None:
    """FastAPI knows of no problem+json: its document refers to the schema, and here it is."""
    described = app.openapi()
    problem_schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = problem_schema.pop("$defs", {})
    described["components"]["schemas"] |= {**parts, "Problem": problem_schema}


def _add_problems(app: FastAPI) -> None:
    """Every refusal has one form, and none shows what was sent."""

    @app.exception_handler(Refused)
    async def refused(request: Request, failure: Refused) -> JSONResponse:
        return problem(request, failure)

    @app.exception_handler(_TokenRefused)
    async def token_refused(request: Request, failure: _TokenRefused) -> JSONResponse:
        status = 401 if failure.error == "invalid_client" else 400
        headers = {"cache-control": "no-store", **({"www-authenticate": "Basic"} if status == 401 else {})}
        return JSONResponse({"error": failure.error}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def not_as_documented(request: Request, failure: RequestValidationError) -> JSONResponse:
        where = {"path", "query", "body", "header"}
        errors = [
            {"type": error["type"], "loc": error["loc"][1:] if error["loc"][0] in where else error["loc"]}
            for error in failure.errors()
        ]
        if any(error["loc"][0] == "path" for error in failure.errors()):  # no id of ours looks so
            return problem(request, Refused(Trouble.NOT_FOUND))
        return problem(request, Refused(Trouble.REQUEST, *paths_of(errors)))

    @app.exception_handler(HTTPException)
    async def not_here(request: Request, failure: HTTPException) -> JSONResponse:
        known = {404: Trouble.NOT_FOUND, 405: Trouble.METHOD}
        return problem(request, Refused(known.get(failure.status_code, Trouble.REQUEST)))
