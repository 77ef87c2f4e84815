"""The pages of dead letters: by reason and sender, one letter's faults, and its payload for a reason that is kept."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from contracts.access import Act
from contracts.faults import EXPLANATIONS, FaultCode
from contracts.parties import agency_of
from contracts.rules import TEXTS, Rule
from contracts.text import Line
from contracts.topics import DAY_MS, PAYLOAD_RETENTION_MS
from hub.console.console import Console, NotThere, Visit
from hub.console.csv_file import csv_answer
from hub.console.pages import page_of
from hub.console.paths import AnyId, Language
from hub.console.payload import Payload, read_payload
from hub.console.rights import Right
from hub.dead_letter import DeadLetter
from hub.errors import Unavailable
from hub.outcomes import iso_time
from hub.store.asked import IdForm, id_of
from hub.store.find import LARGEST_PAGE, Cursor
from hub.store.letters import count_letters, find_letters, letter

_LINE: TypeAdapter[str] = TypeAdapter(Line)
SHORTEST_REASON = 10
"""Characters: a word is no reason."""
_HEADING = ("reached_broker", "letter", "outcome", "codes", "paths", "source", "signer", "type", "event_id")


@dataclass(frozen=True, slots=True)
class FaultShown:
    """One fault, explained in one language."""

    code: str
    path: str
    title: str
    remedy: str
    rule: str


def router(console: Console) -> APIRouter:
    """The list, its file, one letter, and its payload."""
    routes = APIRouter()

    @routes.get("/{language}/dead-letters")
    def every(request: Request, language: Language, code: str = "", sender: str = "", before: str = "") -> Response:
        known, party = _code(code), _sender(console, sender)
        with console.visit(request, language, what="dead-letters") as visit:
            found = find_letters(visit.connection, code=known, sender=party, before=Cursor.parse(before))
            counts = count_letters(visit.connection, since_ms=visit.at_ms - PAYLOAD_RETENTION_MS)
            visit.record()
        query = {name: value for name, value in (("code", known), ("sender", party)) if value}
        older = urlencode({**query, "before": str(found.more)}) if found.more else ""
        return page_of(
            request,
            visit,
            "letters.html",
            letters=found.rows,
            counts=counts,
            code=known or "",
            sender=party or "",
            title_of=lambda fault: _title(fault, language),
            older=f"/{language}/dead-letters?{older}" if older else "",
            newest=f"/{language}/dead-letters?{urlencode(query)}" if before else "",
            csv=f"/{language}/dead-letters.csv?{urlencode(query)}",
        )

    @routes.get("/{language}/dead-letters.csv")
    def export(request: Request, language: Language, code: str = "", sender: str = "") -> Response:
        known, party = _code(code), _sender(console, sender)
        with console.visit(request, language, what="dead-letters") as visit:
            found = find_letters(visit.connection, code=known, sender=party, limit=LARGEST_PAGE).rows
            visit.record(Act.EXPORTED)
        return csv_answer("dead-letters", _HEADING, map(_row, found))

    @routes.get("/{language}/dead-letters/{asked:path}")
    def one(request: Request, language: Language, asked: AnyId) -> Response:
        with console.visit(request, language, what="dead-letter") as visit:
            found = _letter(visit, asked)
            if found is not None:
                visit.record(about=found.letter_id)
        if found is None:
            raise NotThere
        return page_of(request, visit, "letter.html", **_shown(visit, found))

    @routes.post("/{language}/dead-letters/{asked:path}")
    async def payload(
        request: Request,
        language: Language,
        asked: AnyId,
        csrf: Annotated[str, Form()] = "",
        why: Annotated[str, Form()] = "",
    ) -> Response:
        visit, found, reason = await run_in_threadpool(_for_reason, console, request, language, asked, csrf, why)
        if reason is None:
            shown = _shown(visit, found, problem=True, why=why[:200])
            return page_of(request, visit, "letter.html", status=422, **shown)
        read: Payload | None = None
        try:
            read = await read_payload(console.kafka, found)
        except Unavailable:
            return page_of(request, visit, "letter.html", status=503, **_shown(visit, found, away=True, why=reason))
        return page_of(request, visit, "letter.html", **_shown(visit, found, payload=read, why=reason))

    return routes


def _for_reason(
    console: Console, request: Request, language: str, asked: str, csrf: str, why: str
) -> tuple[Visit, DeadLetter, str | None]:
    """Keep the reason before anything is read; None where it is none, and then nothing is shown. Raises NotThere."""
    with console.visit(request, language, Right.READ_PAYLOAD, what="dead-letter.payload") as visit:
        visit.check(csrf)
        found = _letter(visit, asked)
        reason = _reason(why)
        if found is not None and reason is not None:
            visit.record(about=found.letter_id, why=reason)
    if found is None:
        raise NotThere
    return visit, found, reason


def _letter(visit: Visit, asked: str) -> DeadLetter | None:
    named = id_of(asked)
    return letter(visit.connection, named) if named is not None and named.form is IdForm.RECORD else None


def _shown(
    visit: Visit,
    found: DeadLetter,
    *,
    payload: Payload | None = None,
    problem: bool = False,
    away: bool = False,
    why: str = "",
) -> dict[str, Any]:
    until = found.at.time_ms + PAYLOAD_RETENTION_MS
    return {
        "letter": found,
        "faults": [_fault(fault.code, fault.path, fault.rule, visit.language) for fault in found.faults],
        "until_ms": until,
        "expired": until <= visit.at_ms,
        "soon": 0 < until - visit.at_ms < 5 * DAY_MS,
        "payload": payload,
        "problem": problem,
        "away": away,
        "why": why,
    }


def _fault(code: str, path: str, rule: str, language: str) -> FaultShown:
    welsh = language == "cy"
    known = EXPLANATIONS[FaultCode(code)] if code in set(FaultCode) else None
    text = TEXTS[Rule(rule)] if rule in set(Rule) else None
    return FaultShown(
        code,
        path,
        title="" if known is None else known.title_cy if welsh else known.title_en,
        remedy="" if known is None else known.remedy_cy if welsh else known.remedy_en,
        rule=rule if text is None else text.cy if welsh else text.en,
    )


def _title(code: str, language: str) -> str:
    return _fault(code, "", "", language).title


def _reason(why: str) -> str | None:
    try:
        reason = _LINE.validate_python(why.strip())
    except ValidationError:
        return None
    return reason if len(reason) >= SHORTEST_REASON else None


def _code(text: str) -> str | None:
    """A fault's code; any other text fits no letter."""
    plain = text.strip().upper()
    return (plain if plain in set(FaultCode) else "none") if plain else None


def _sender(console: Console, text: str) -> str | None:
    """An agency's id, as signatures have it; a school stays the party that it is."""
    if not text.strip():
        return None
    party = console.parties.meant(text)
    if party is None:
        return "none"
    return party if party.startswith("/schools/") else agency_of(party)


def _row(found: DeadLetter) -> tuple[object, ...]:
    return (
        iso_time(found.at.time_ms),
        found.letter_id,
        found.outcome,
        " ".join(dict.fromkeys(fault.code for fault in found.faults)),
        " ".join(dict.fromkeys(fault.path for fault in found.faults if fault.path)),
        found.source,
        found.signer,
        found.event_type,
        found.event_id,
    )
