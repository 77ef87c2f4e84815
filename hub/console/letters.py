"""The pages of dead letters: by reason and sender, one letter's faults, and its payload for a reason that is kept."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from contracts.access import Act
from contracts.faults import FaultCode
from contracts.parties import agency_of
from contracts.topics import DAY_MS, PAYLOAD_RETENTION_MS
from hub.attest import MOST_REDRIVES
from hub.console.asking import page_size
from hub.console.console import Console, NotThere, Visit
from hub.console.csv_file import csv_answer
from hub.console.faults import explained, title_of
from hub.console.pages import page_of
from hub.console.paths import AnyId, Language
from hub.console.payload import Payload, read_payload
from hub.console.reasons import reason_of
from hub.console.rights import Right
from hub.console.stands import stands_of
from hub.dead_letter import DeadLetter
from hub.errors import Unavailable
from hub.outcomes import iso_time
from hub.redrive.desk import MOST_LETTERS
from hub.store.asked import IdForm, id_of
from hub.store.find import LARGEST_PAGE, Cursor
from hub.store.letters import count_letters, find_letters, letter
from hub.store.redrives import LetterStanding

_HEADING = ("reached_broker", "letter", "outcome", "codes", "paths", "source", "signer", "type", "event_id")


def router(console: Console) -> APIRouter:
    """The list, its file, one letter, and its payload."""
    routes = APIRouter()

    @routes.get("/{language}/dead-letters")
    def every(
        request: Request, language: Language, code: str = "", sender: str = "", rows: str = "", before: str = ""
    ) -> Response:
        known, party = _code(code), _sender(console, sender)
        size = min(page_size(rows), MOST_LETTERS)
        with console.visit(request, language, what="dead-letters") as visit:
            found = find_letters(visit.connection, code=known, sender=party, before=Cursor.parse(before), limit=size)
            stands = stands_of(visit.connection, found.rows)
            counts = count_letters(visit.connection, since_ms=visit.at_ms - PAYLOAD_RETENTION_MS)
            visit.record()
        filters = {name: value for name, value in (("code", known), ("sender", party)) if value}
        query = filters | ({"rows": str(size)} if rows else {})
        older = urlencode({**query, "before": str(found.more)}) if found.more else ""
        return page_of(
            request,
            visit,
            "letters.html",
            letters=found.rows,
            stands=stands,
            counts=counts,
            code=known or "",
            sender=party or "",
            title_of=lambda code: title_of(code, language),
            older=f"/{language}/dead-letters?{older}" if older else "",
            newest=f"/{language}/dead-letters?{urlencode(query)}" if before else "",
            most=MOST_LETTERS,
            many=f"/{language}/dead-letters?{urlencode(filters | {'rows': str(MOST_LETTERS)})}" if found.more else "",
            csv=f"/{language}/dead-letters.csv?{urlencode(filters)}",
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
            seen = _seen(visit, asked)
            visit.record(about=seen.letter.letter_id)
        return page_of(request, visit, "letter.html", **_shown(visit, seen))

    @routes.post("/{language}/dead-letters/{asked:path}")
    async def payload(
        request: Request,
        language: Language,
        asked: AnyId,
        csrf: Annotated[str, Form()] = "",
        why: Annotated[str, Form()] = "",
    ) -> Response:
        visit, seen, reason = await run_in_threadpool(_for_reason, console, request, language, asked, csrf, why)
        if reason is None:
            shown = _shown(visit, seen, problem=True, why=why[:200])
            return page_of(request, visit, "letter.html", status=422, **shown)
        read: Payload | None = None
        try:
            read = await read_payload(console.kafka, seen.letter)
        except Unavailable:
            return page_of(request, visit, "letter.html", status=503, **_shown(visit, seen, away=True, why=reason))
        return page_of(request, visit, "letter.html", **_shown(visit, seen, payload=read, why=reason))

    return routes


def _for_reason(
    console: Console, request: Request, language: str, asked: str, csrf: str, why: str
) -> tuple[Visit, "_Seen", str | None]:
    """Keep the reason before anything is read; None where it is none, and then nothing is shown. Raises NotThere."""
    with console.visit(request, language, Right.READ_PAYLOAD, what="dead-letter.payload") as visit:
        visit.check(csrf)
        seen = _seen(visit, asked)
        reason = reason_of(why)
        if reason is not None:
            visit.record(about=seen.letter.letter_id, why=reason)
    return visit, seen, reason


@dataclass(frozen=True, slots=True)
class _Seen:
    letter: DeadLetter
    stands: LetterStanding


def _seen(visit: Visit, asked: str) -> _Seen:
    named = id_of(asked)
    found = letter(visit.connection, named) if named is not None and named.form is IdForm.RECORD else None
    if found is None:
        raise NotThere
    return _Seen(found, stands_of(visit.connection, [found])[found.letter_id])


def _shown(
    visit: Visit,
    seen: _Seen,
    *,
    payload: Payload | None = None,
    problem: bool = False,
    away: bool = False,
    why: str = "",
) -> dict[str, Any]:
    found = seen.letter
    until = found.at.time_ms + PAYLOAD_RETENTION_MS
    return {
        "letter": found,
        "stands": seen.stands,
        "most_times": MOST_REDRIVES,
        "faults": explained(found.faults, visit.language),
        "until_ms": until,
        "expired": until <= visit.at_ms,
        "soon": 0 < until - visit.at_ms < 5 * DAY_MS,
        "payload": payload,
        "problem": problem,
        "away": away,
        "why": why,
    }


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
