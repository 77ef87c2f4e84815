"""Makes a page from a template: what every page has, and the links between its two languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from contracts.registry import REGISTRY
from hub.console.console import Console, Visit
from hub.console.words.catalogue import Speech, speech
from hub.console.words.names import ACTS, FAMILIES, ROLES
from hub.store.agencies import NOBODY

STATIC = Path(__file__).parent / "static"

_environment = Environment(
    loader=PackageLoader("hub.console", "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request, console: Console, template: str, *, language: str, status: int = 200, **more: Any
) -> Response:
    """A page for somebody who is not signed in, or that needs no reader."""
    return _page(request, console, template, speech(language), {"visit": None, **more}, status)


def page_of(request: Request, visit: Visit, template: str, *, status: int = 200, **more: Any) -> Response:
    """A page of a reader's; made after the visit is committed."""
    return _page(request, visit.console, template, visit.say, {"visit": visit, **more}, status)


def fragment(console: Console, template: str, *, language: str, **more: Any) -> str:
    """A part of a page, as live updates send it."""
    return _render(template, console, speech(language), more)


def type_title(event_type: str | None, language: str) -> str:
    """What an event type is called; empty for what is none of ours."""
    kind = REGISTRY.get(event_type or "")
    if kind is None:
        return ""
    return kind.title_cy if language == "cy" else kind.title_en


def coded(text: str) -> Markup:
    """A text of ours, whose `commands` are set as code."""
    parts = (
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


def twin_language(language: str) -> str:
    """The other of the two."""
    return "en" if language == "cy" else "cy"


def twin_of(request: Request, language: str) -> str:
    """The same page in the other language, with the same question."""
    other = twin_language(language)
    path = request.url.path
    rest = path.removeprefix(f"/{language}")
    twin = f"/{other}{rest}" if rest != path else f"/{other}/"
    return f"{twin}?{request.url.query}" if request.url.query and request.method == "GET" else twin


def _page(
    request: Request, console: Console, template: str, say: Speech, more: Mapping[str, Any], status: int
) -> Response:
    here = {"twin": twin_of(request, say.language), "path": request.url.path, **more}
    text = _render(template, console, say, here)
    return HTMLResponse(text, status_code=status, headers={"Content-Language": say.language})


def _render(template: str, console: Console, say: Speech, more: Mapping[str, Any]) -> str:
    return _environment.get_template(template).render(
        _=say,
        say=say,
        ngettext=say.many,
        coded=coded,
        language=say.language,
        development=console.own.development,
        named=lambda party: _named(console, say, party),
        act_name=lambda act: say(ACTS[act]) if act in ACTS else act,
        family_name=lambda family: say(FAMILIES[family]) if family in FAMILIES else family,
        role_name=lambda role: say(ROLES[role]),
        type_title=lambda event_type: type_title(event_type, say.language),
        **more,
    )


def _named(console: Console, say: Speech, party: str) -> str:
    if party.startswith(NOBODY):
        return say("nobody: no %(relation)s is known", relation=party.removeprefix(NOBODY))
    return console.parties.name(party, say.language)
