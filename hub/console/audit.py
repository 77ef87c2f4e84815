"""The page of access records: who looked at what, when and why; for auditors."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.access import Act
from hub.console.asking import day_ms
from hub.console.console import Console
from hub.console.csv_file import csv_answer
from hub.console.pages import page_of
from hub.console.paths import Language
from hub.console.rights import Right
from hub.outcomes import iso_time
from hub.store.accesses import find_accesses
from hub.store.find import LARGEST_PAGE, Cursor

_HEADING = ("at", "reader", "role", "for_party", "act", "what", "about", "why", "fault", "chain_holds")


Form = dict[str, str]


def _form(reader: str = "", about: str = "", act: str = "", since: str = "", until: str = "") -> Form:
    return {"reader": reader, "about": about, "act": act, "since": since, "until": until}


def router(console: Console) -> APIRouter:
    """The page and its file."""
    routes = APIRouter()

    @routes.get("/{language}/audit")
    def records(
        request: Request,
        language: Language,
        form: Annotated[Form, Depends(_form)],
        before: str = "",
    ) -> Response:
        with console.visit(request, language, Right.AUDIT, what="audit") as visit:
            found = find_accesses(visit.connection, **_asked(form), before=Cursor.parse(before))
            visit.record(Act.SEARCHED)
        query = {name: value for name, value in form.items() if value}
        older = urlencode({**query, "before": str(found.more)}) if found.more else ""
        return page_of(
            request,
            visit,
            "audit.html",
            form=form,
            found=found.rows,
            acts=[each.value for each in Act],
            older=f"/{language}/audit?{older}" if older else "",
            newest=f"/{language}/audit?{urlencode(query)}" if before else "",
            csv=f"/{language}/audit.csv?{urlencode(query)}",
        )

    @routes.get("/{language}/audit.csv")
    def export(
        request: Request,
        language: Language,
        form: Annotated[Form, Depends(_form)],
    ) -> Response:
        with console.visit(request, language, Right.AUDIT, what="audit") as visit:
            found = find_accesses(visit.connection, **_asked(form), limit=LARGEST_PAGE).rows
            visit.record(Act.EXPORTED)
        rows = ([iso_time(each.at_ms), *(getattr(each, name) for name in _HEADING[1:])] for each in found)
        return csv_answer("accesses", _HEADING, rows)

    return routes


def _asked(form: Form) -> dict[str, Any]:
    """What a form asks for; text that PostgreSQL can't hold fits nothing."""
    plain = {name: form[name].strip().replace("\0", "\ufffd")[:200] or None for name in ("reader", "about", "act")}
    return {**plain, "since_ms": day_ms(form["since"]), "until_ms": day_ms(form["until"])}
