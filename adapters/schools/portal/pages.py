"""Makes a page from a template: what every page has, and the links between its two languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from adapters.schools.portal.portal import Portal, Visit
from adapters.schools.words.catalogue import Speech, speech

STATIC = Path(__file__).parent / "static"

_TWIN = {"cy": "en", "en": "cy"}

_environment = Environment(
    loader=PackageLoader("adapters.schools.portal", "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, portal: Portal, template: str, *, language: str, status: int = 200, **more: Any) -> Response:
    """A page for somebody who is not signed in."""
    return _page(request, portal, template, speech(language), {"visit": None, **more}, status)


def page_of(request: Request, visit: Visit, template: str, *, status: int = 200, **more: Any) -> Response:
    """A page of a reader's; made after the visit is committed."""
    return _page(request, visit.portal, template, visit.say, {"visit": visit, **more}, status)


def _page(
    request: Request, portal: Portal, template: str, say: Speech, more: Mapping[str, Any], status: int
) -> Response:
    text = _environment.get_template(template).render(
        _=say,
        say=say,
        ngettext=say.many,
        language=say.language,
        twin=twin_of(request.url.path, say.language),
        development=portal.settings.development,
        **more,
    )
    return HTMLResponse(text, status_code=status, headers={"Content-Language": say.language})


def twin_of(path: str, language: str) -> str:
    """The same page in the other language."""
    other = _TWIN[language]
    rest = path.removeprefix(f"/{language}")
    return f"/{other}{rest}" if rest != path else f"/{other}/"
