"""Plays a health board's FHIR endpoint over HTTPS: search, paging, versions, conditional create and update, OAuth."""

import base64
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.health.r4 import MODELS, check
from adapters.health.standin.search import CONTROLS, Pairs, WrongSearch, matches, ordered
from adapters.health.standin.store import Resource, Store
from adapters.sdk.declaration import NotTranslated

BASE = "/fhir/R4"
FHIR_JSON = "application/fhir+json; charset=utf-8"

Before = Callable[[Request], Awaitable[Response | None]]
"""What a test puts before the server: its answer stands in the place of the server's own."""
After = Callable[[Request, Response], Awaitable[Response]]
"""What a test puts behind it: the server has done what was asked, and this is answered."""


class StandIn:
    """One endpoint over a store."""

    def __init__(
        self,
        store: Store,
        *,
        clients: Mapping[str, str] | None = None,
        conditional: bool = True,
        before: Before | None = None,
    ) -> None:
        """`clients` are OAuth clients and their secrets: with them every request needs a token."""
        self.store = store
        self.before = before
        self.after: After | None = None
        self.conditional = conditional
        self.asked: list[str] = []
        """Method and URL of each request."""
        self.tokens: set[str] = set()
        self.assertions: list[str] = []
        """Signed assertions that tokens were asked for with; who wants to, checks them."""
        self.clients = clients
        self._pages: dict[str, tuple[str, Pairs, int]] = {}

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/token", self._token, methods=["POST"]),
            Route(f"{BASE}/metadata", self._guarded(self._metadata)),
            Route(f"{BASE}/_pages/{{token}}", self._guarded(self._next)),
            Route(f"{BASE}/{{kind}}/_search", self._guarded(self._search), methods=["POST"]),
            Route(f"{BASE}/{{kind}}", self._guarded(self._search), methods=["GET"]),
            Route(f"{BASE}/{{kind}}", self._guarded(self._create), methods=["POST"]),
            Route(f"{BASE}/{{kind}}/{{name}}", self._guarded(self._read), methods=["GET"]),
            Route(f"{BASE}/{{kind}}/{{name}}", self._guarded(self._update), methods=["PUT"]),
            Route(f"{BASE}/{{kind}}/{{name}}/_history", self._guarded(self._history)),
            Route(f"{BASE}/{{kind}}/{{name}}/_history/{{version}}", self._guarded(self._version)),
        ]
        return Starlette(routes=routes)

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url}")
            if self.before is not None and (instead := await self.before(request)) is not None:
                return instead
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self.clients is not None and bearer not in self.tokens:
                return outcome(401, "login")
            try:
                answer = await handler(request)
            except WrongSearch as wrong:
                answer = outcome(400, "not-supported", str(wrong))
            return answer if self.after is None else await self.after(request, answer)

        return guarded

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        self.asked.append(f"POST {request.url}")
        if form.get("grant_type") != "client_credentials" or not self._knows(request, form):
            return Response(json.dumps({"error": "invalid_client"}), 401, media_type="application/json")
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        granted = {"access_token": token, "token_type": "Bearer", "expires_in": 300}
        return Response(json.dumps(granted), media_type="application/json")

    def _knows(self, request: Request, form: Mapping[str, Any]) -> bool:
        scheme, _, written = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            client, _, secret = base64.b64decode(written).decode().partition(":")
            return (self.clients or {}).get(client) == secret
        self.assertions.append(str(form.get("client_assertion", "")))
        return "client_assertion" in form

    async def _metadata(self, request: Request) -> Response:
        able = [
            {
                "type": kind,
                "versioning": "versioned-update",
                "conditionalCreate": self.conditional,
                "readHistory": True,
                "interaction": [{"code": code} for code in ("read", "vread", "update", "create", "search-type")],
            }
            for kind in MODELS
        ]
        statement = {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": self.store.clock().isoformat(timespec="seconds"),
            "kind": "instance",
            "implementation": {"description": "A stand-in for a health board's server", "url": _base(request)},
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [{"mode": "server", "resource": able}],
        }
        return self._answer(statement)

    async def _search(self, request: Request) -> Response:
        pairs: list[tuple[str, str]] = list(request.query_params.multi_items())
        if request.method == "POST":
            pairs += parse_qsl((await request.body()).decode(), keep_blank_values=True)
        return self._page(request, request.path_params["kind"], pairs, 0)

    async def _next(self, request: Request) -> Response:
        held = self._pages.get(request.path_params["token"])
        return outcome(410, "not-found") if held is None else self._page(request, *held)

    def _page(self, request: Request, kind: str, pairs: Pairs, offset: int) -> Response:
        """One page of what the search finds now: a change between two pages moves what is behind it."""
        controls = {name: value for name, value in pairs if name in CONTROLS}
        count = int(controls.get("_count", "50"))
        with self.store.lock:
            found = [one for one in self.store.all(kind) if matches(one, pairs)]
            shown = ordered(found, controls.get("_sort", "_lastUpdated"))[offset : offset + count]
            entries = [_entry(request, one, "match", controls.get("_elements")) for one in shown]
            if "_elements" not in controls:
                entries += [_entry(request, one, "include") for one in self._included(shown, controls.get("_include"))]
        links = [{"relation": "self", "url": f"{_base(request)}{kind}?{urlencode(pairs)}"}]
        if offset + count < len(found):
            token = secrets.token_urlsafe(12)
            self._pages[token] = (kind, pairs, offset + count)
            links.append({"relation": "next", "url": f"{_base(request)}_pages/{token}"})
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links, "entry": entries}
        return self._answer({name: value for name, value in bundle.items() if value != []})

    def _included(self, found: list[Any], include: str | None) -> list[Resource]:
        if include is None or not include.endswith(":subject"):
            return []
        literals = dict.fromkeys(str(one.get("subject", {}).get("reference", "")) for one in found)
        subjects = (self.store.current(*literal.split("/")) for literal in literals if literal.count("/") == 1)
        return [subject for subject in subjects if subject is not None]

    async def _read(self, request: Request) -> Response:
        held = self.store.current(request.path_params["kind"], request.path_params["name"])
        return outcome(404, "not-found") if held is None else self._answer(held, version=held)

    async def _version(self, request: Request) -> Response:
        wanted = request.path_params["version"]
        for held in self.store.versions(request.path_params["kind"], request.path_params["name"]):
            if held["meta"]["versionId"] == wanted:
                return self._answer(held, version=held)
        return outcome(404, "not-found")

    async def _history(self, request: Request) -> Response:
        versions = self.store.versions(request.path_params["kind"], request.path_params["name"])
        if not versions:
            return outcome(404, "not-found")
        entries = [{"resource": held} for held in reversed(versions)]
        return self._answer({"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries})

    async def _create(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        resource = await _body(request, kind)
        if isinstance(resource, Response):
            return resource
        unless = request.headers.get("if-none-exist")
        with self.store.lock:
            if unless is not None and self.conditional:
                there = [one for one in self.store.all(kind) if matches(one, parse_qsl(unless))]
                if len(there) > 1:
                    return outcome(412, "multiple-matches")
                if there:
                    return self._answer(None, version=there[0], request=request)
            resource.pop("id", None)  # the server gives it
            held = self.store.put(resource)
        return self._answer(None, status=201, version=held, request=request)

    async def _update(self, request: Request) -> Response:
        kind, name = request.path_params["kind"], request.path_params["name"]
        resource = await _body(request, kind)
        if isinstance(resource, Response):
            return resource
        if resource.get("id") != name:
            return outcome(400, "invalid", "id")
        with self.store.lock:
            held = self.store.current(kind, name)
            match = request.headers.get("if-match")
            if match is not None and (held is None or match != _etag(held)):
                return outcome(412, "conflict")
            put = self.store.put(resource)
        return self._answer(None, status=201 if held is None else 200, version=put, request=request)

    def _answer(
        self, body: Any, *, status: int = 200, version: Resource | None = None, request: Request | None = None
    ) -> Response:
        headers = {"date": format_datetime(self.store.clock(), usegmt=True)}
        if version is not None:
            headers["etag"] = _etag(version)
            if request is not None:
                at = f"{version['resourceType']}/{version['id']}/_history/{version['meta']['versionId']}"
                headers["location"] = f"{_base(request)}{at}"
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        return Response(content, status, headers=headers, media_type=FHIR_JSON)


def outcome(status: int, code: str, path: str = "", *, headers: Mapping[str, str] | None = None) -> Response:
    """An error, as an OperationOutcome."""
    issue = {"severity": "error", "code": code} | ({"expression": [path]} if path else {})
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return Response(json.dumps(body), status, headers=dict(headers or {}), media_type=FHIR_JSON)


async def _body(request: Request, kind: str) -> Resource | Response:
    try:
        resource = json.loads(await request.body())
        check(resource)
    except NotTranslated as wrong:
        return outcome(422, "invalid", wrong.path)
    except (ValueError, TypeError):
        return outcome(400, "structure")
    return resource if resource["resourceType"] == kind else outcome(400, "invalid", "resourceType")


def _entry(request: Request, resource: Mapping[str, Any], mode: str, elements: str | None = None) -> dict[str, Any]:
    shown = dict(resource)
    if elements is not None:
        wanted = {"resourceType", "id", "meta", *elements.split(",")}
        shown = {name: value for name, value in shown.items() if name in wanted}
    url = f"{_base(request)}{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": shown, "search": {"mode": mode}}


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{BASE}/"


def _etag(resource: Resource) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'
