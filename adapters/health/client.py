"""Speaks FHIR's REST with one server: search, read, history, conditional create and conditional update."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from adapters.health.auth import NoToken, Token, ssl_context
from adapters.health.element import Element
from adapters.health.native import MAX_RESOURCE_BYTES, parsed
from adapters.health.settings import Settings
from adapters.sdk.declaration import NotTranslated
from adapters.sdk.errors import AdapterError

FHIR_JSON = "application/fhir+json"


class Unreachable(AdapterError):
    """The server can't be asked now; nobody knows whether it did what was asked."""


class NotReadable(AdapterError):
    """The server's answer is not what FHIR says, or too large: what is behind it may be read another way."""


class Answered(AdapterError):
    """The server answered with an error; says its status and the codes of its OperationOutcome, never its text."""

    def __init__(self, status: int, issues: tuple[str, ...], after: timedelta | None, *, wrote: bool) -> None:
        """`issues` are the codes of the OperationOutcome, `after` what Retry-After says; `wrote`: not only asked."""
        super().__init__(f"the FHIR server answered {status} ({', '.join(issues) or 'no OperationOutcome'})")
        self.status = status
        self.issues = issues
        self.after = after
        self.wrote = wrote


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search."""

    bundle: Mapping[str, Any] = field(repr=False)
    next: str | None
    at: datetime
    """The server's clock as it answered."""


@dataclass(frozen=True, slots=True)
class Versioned:
    """A resource as the server has it."""

    resource: Mapping[str, Any] = field(repr=False)
    etag: str | None


class FhirClient:
    """One FHIR server; use it as an async context manager.

    Redirects are not followed, compressed answers not asked for, and no more is read of an answer than is allowed.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds, for the token."""
        self._settings = settings
        self._token = Token(settings.oauth, clock=clock) if settings.oauth is not None else None
        self._http = httpx.AsyncClient(
            verify=ssl_context(settings),
            timeout=settings.timeout_s,
            follow_redirects=False,
            trust_env=False,  # a proxy of the environment would see children's data
            headers={"accept": FHIR_JSON, "accept-encoding": "identity", "user-agent": "dolen-health"},
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def search(self, kind: str, parameters: Mapping[str, str]) -> Page:
        """The first page. Searched by POST: what is in a URL is in every log on the way."""
        response = await self._ask("POST", f"{kind}/_search", form=parameters)
        return self._page(response)

    async def page(self, link: str) -> Page:
        """A further page, by the link of the one before; raises NotReadable where it leads elsewhere."""
        url = httpx.URL(urljoin(self._settings.base, link))
        own = httpx.URL(self._settings.base)
        if (url.scheme, url.host, url.port) != (own.scheme, own.host, own.port) or url.userinfo:
            raise NotReadable("a `next` link leads to another server; it is not followed: see the server's base URL")
        return self._page(await self._ask("GET", str(url)))

    async def read(self, literal: str) -> Versioned | None:
        """A resource by `Type/id` or `Type/id/_history/version`; None where it is not, or no more."""
        try:
            response = await self._ask("GET", literal)
        except Answered as answered:
            if answered.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
                return None
            raise
        return Versioned(_resource(response.body), response.headers.get("etag"))

    async def history(self, literal: str) -> list[Mapping[str, Any]]:
        """The versions of a resource, newest first, as far as one page shows them."""
        response = await self._ask("GET", f"{literal}/_history?_count=50")
        bundle = Element(_resource(response.body), "Bundle")
        return [found.value for entry in bundle.each("entry") if (found := entry.child("resource")) is not None]

    async def create(self, resource: Mapping[str, Any], *, unless: str) -> None:
        """Create a resource unless there is one with the identifier `system|value`; returns once one is there.

        A 200 alone shows nothing, since any proxy can say it: what it says is there is looked for.
        """
        kind = str(resource["resourceType"])
        try:
            response = await self._ask("POST", kind, body=resource, headers={"if-none-exist": f"identifier={unless}"})
        except Answered as answered:
            if answered.status != httpx.codes.PRECONDITION_FAILED:  # several match: there is one, and more
                raise
        else:
            if response.status == httpx.codes.CREATED and f"/{kind}/" in response.headers.get("location", ""):
                return
        if not await self._has(kind, unless):
            raise NotReadable(f"the server says that it has a {kind}, and it isn't there; see that base_url is right")

    async def update(self, held: Versioned, resource: Mapping[str, Any]) -> bool:
        """Put a resource in the place of the version that was read; False: another was put there meanwhile."""
        literal = f"{resource['resourceType']}/{resource['id']}"
        headers = {} if held.etag is None else {"if-match": held.etag}
        try:
            response = await self._ask("PUT", literal, body=resource, headers=headers)
        except Answered as answered:
            if answered.status in (httpx.codes.PRECONDITION_FAILED, httpx.codes.CONFLICT):
                return False
            raise
        if "etag" not in response.headers:
            raise NotReadable("the server names no version of what was put; see that base_url is right")
        return True

    async def _has(self, kind: str, unless: str) -> bool:
        system, _, value = unless.rpartition("|")
        page = await self.search(kind, {"identifier": unless, "_count": "1"})
        for entry in Element(page.bundle, "Bundle").each("entry"):
            resource = entry.child("resource")
            for identifier in resource.each("identifier") if resource is not None else ():
                if (identifier.text("system"), identifier.text("value")) == (system, value):
                    return True
        return False

    async def capabilities(self) -> Mapping[str, Any]:
        """The server's CapabilityStatement."""
        return _resource((await self._ask("GET", "metadata")).body)

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "_Response":
        sent = dict(headers or {})
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        if content is not None:
            sent |= {"content-type": f"{FHIR_JSON}; charset=utf-8", "prefer": "return=minimal"}
        target = urljoin(self._settings.base, url)
        refused: str | None = None
        try:
            while True:
                if self._token is not None:
                    token = await self._token.current(self._http, refused=refused)
                    sent["authorization"] = f"Bearer {token}"
                async with self._http.stream(method, target, content=content, data=form, headers=sent) as response:
                    answer = await self._read(response)
                if answer.status != httpx.codes.UNAUTHORIZED or self._token is None or refused is not None:
                    break
                refused = token
        except NoToken as reason:
            raise Unreachable(str(reason)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as failure:  # their messages may hold the URL
            raise Unreachable(f"the FHIR server can't be asked ({type(failure).__name__}); see base_url") from None
        if httpx.codes.is_success(answer.status):
            return answer
        if httpx.codes.is_redirect(answer.status):
            raise NotReadable("the FHIR server redirects, which is not followed: set base_url to where it is")
        raise Answered(answer.status, _issues(answer), _retry_after(answer), wrote=body is not None)

    async def _read(self, response: httpx.Response) -> "_Response":
        limit = self._settings.max_body_bytes
        if response.headers.get("content-encoding", "identity") != "identity":
            raise NotReadable("the answer is compressed though that was not asked for: it could grow without limit")
        if int(response.headers.get("content-length", "0") or 0) > limit:
            raise NotReadable(f"the answer is larger than {limit} bytes (max_body_bytes)")
        ends = time.monotonic() + 3 * self._settings.timeout_s
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise NotReadable(f"the answer is larger than {limit} bytes (max_body_bytes)")
            if time.monotonic() > ends:
                raise Unreachable("the answer comes too slowly")
        charset = response.charset_encoding
        if httpx.codes.is_success(response.status_code) and charset is not None and charset.lower() != "utf-8":
            raise NotReadable("the answer is not in UTF-8, which FHIR JSON has to be")
        return _Response(response.status_code, bytes(body), response.headers)

    def _page(self, response: "_Response") -> Page:
        bundle = _resource(response.body, most=self._settings.max_body_bytes)
        if (bundle.get("resourceType"), bundle.get("type")) != ("Bundle", "searchset"):
            raise NotReadable("a search is not answered with a Bundle of type searchset; see that base_url is right")
        try:
            links = {link.text("relation"): link.text("url") for link in Element(bundle, "Bundle").each("link")}
        except NotTranslated as wrong:
            raise NotReadable(str(wrong)) from None
        return Page(bundle, links.get("next"), _clock(response))


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes = field(repr=False)
    headers: httpx.Headers


def _resource(body: bytes, *, most: int = MAX_RESOURCE_BYTES) -> Mapping[str, Any]:
    try:
        return parsed(body, most=most)
    except NotTranslated as wrong:
        raise NotReadable(f"the server's answer: {wrong}") from None


def _issues(answer: _Response) -> tuple[str, ...]:
    try:
        outcome = Element(parsed(answer.body), "OperationOutcome")
        if outcome.text("resourceType") != "OperationOutcome":
            return ()
        return tuple(filter(None, (issue.text("code") for issue in outcome.each("issue"))))
    except NotTranslated:
        return ()


def _retry_after(answer: _Response) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    written = answer.headers.get("retry-after", "")
    if written.isdigit():
        return timedelta(seconds=int(written[:6]))
    try:
        return max(timedelta(0), parsedate_to_datetime(written) - _clock(answer))
    except (ValueError, TypeError):
        return None


def _clock(answer: _Response) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return datetime.now(UTC)
