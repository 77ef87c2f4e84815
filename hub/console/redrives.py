"""The pages of re-drives: tried first, asked for with a reason, agreed to by a second person, carried out."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access_report import Operator
from hub.attest import MOST_REDRIVES
from hub.console.console import Console, NotThere, Visit
from hub.console.desk import at_desk, come, not_done, sending, trial_of
from hub.console.faults import explained
from hub.console.live import stream
from hub.console.pages import fragment, page_of, twin_language
from hub.console.paths import Language, RedriveId
from hub.console.reasons import reason_of
from hub.console.rights import Right, acting_as
from hub.console.stands import stands_of
from hub.errors import NotAllowed
from hub.record import Coordinates
from hub.redrive.desk import Desk
from hub.redrive.trial import Trial
from hub.redrive.words import VERDICTS
from hub.store.asked import IdForm, id_of
from hub.store.database import reading
from hub.store.redrives import Redrive, RedriveState, Standing, find_redrives, redrive

_HELD = (Standing.ASKED, Standing.SENT)
"""Standings in which a letter can't be set aside."""

Typed = Annotated[str, Form()]
Letters = Annotated[list[str], Form(default_factory=list)]
Chosen = Sequence[Coordinates]


def router(console: Console) -> APIRouter:
    """The list, one re-drive, what changes while it is carried out, and each act."""
    routes = APIRouter()

    @routes.get("/{language}/redrives")
    def every(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="redrives") as visit:
            found = find_redrives(visit.connection)
            visit.record()
        return page_of(request, visit, "redrives.html", redrives=found)

    @routes.post("/{language}/redrives/try")
    def trial(
        request: Request, language: Language, letter: Letters, listed: Letters, csrf: Typed = "", every: Typed = ""
    ) -> Response:
        visit = come(console, request, language, Right.PUT_RIGHT, "dead-letter.dry-run", csrf)

        def act(desk: Desk, by: Operator, chosen: Chosen) -> Response:
            return _tried(request, visit, desk.try_out(chosen, by))

        return _with_chosen(request, visit, listed if every else letter, act)

    @routes.post("/{language}/redrives")
    def ask(request: Request, language: Language, letter: Letters, csrf: Typed = "", why: Typed = "") -> Response:
        visit = come(console, request, language, Right.PUT_RIGHT, "dead-letter.redrive", csrf)
        reason = reason_of(why)

        def act(desk: Desk, by: Operator, chosen: Chosen) -> Response:
            if reason is None:
                return _tried(request, visit, desk.try_out(chosen, by), problem="send", why=why)
            made, trials = desk.ask(chosen, by, why=reason)
            if made is None:
                return _tried(request, visit, trials, status=409, why=reason)
            if made.state is RedriveState.APPROVED:
                desk.carry_out(made.id, by)
            return _to(language, made.id, left_out=len(trials) - len(made.letters))

        return _with_chosen(request, visit, letter, act)

    @routes.post("/{language}/redrives/aside")
    def aside(request: Request, language: Language, letter: Letters, csrf: Typed = "", why: Typed = "") -> Response:
        visit = come(console, request, language, Right.PUT_RIGHT, "dead-letter.set-aside", csrf)
        reason = reason_of(why)

        def act(desk: Desk, by: Operator, chosen: Chosen) -> Response:
            if reason is None:
                return _tried(request, visit, desk.try_out(chosen, by), problem="aside", why=why)
            desk.set_aside(chosen, by, why=reason)
            where = f"/{chosen[0]}" if len(chosen) == 1 else ""
            return RedirectResponse(f"/{language}/dead-letters{where}", status_code=303)

        return _with_chosen(request, visit, letter, act)

    @routes.get("/{language}/redrives/{redrive_id}")
    def one(request: Request, language: Language, redrive_id: RedriveId, left: str = "") -> Response:
        with console.visit(request, language, what="redrive") as visit:
            found = _redrive(visit.connection, redrive_id)
            visit.record(about=redrive_id)
        return _shown(
            request, visit, found, left_out=int(left) if left.isascii() and left.isdigit() and len(left) < 4 else 0
        )

    @routes.get("/{language}/redrives/{redrive_id}/live")
    def renewed(request: Request, language: Language, redrive_id: RedriveId) -> Response:
        console.session(request, touch=False)

        def now() -> Redrive:
            with reading(console.database) as connection:
                return _redrive(connection, redrive_id)

        def draw() -> str:
            found = now()
            return fragment(console, "redrive_live.html", language=language, **_progress(console, found))

        now()  # where there is none, that is said before the stream begins
        return stream(console, request, draw)

    @routes.post("/{language}/redrives/{redrive_id}/approve")
    def approve(
        request: Request, language: Language, redrive_id: RedriveId, csrf: Typed = "", why: Typed = ""
    ) -> Response:
        visit = come(console, request, language, Right.APPROVE, "dead-letter.redrive-approved", csrf)
        return _decide(request, visit, redrive_id, why, yes=True)

    @routes.post("/{language}/redrives/{redrive_id}/decline")
    def decline(
        request: Request, language: Language, redrive_id: RedriveId, csrf: Typed = "", why: Typed = ""
    ) -> Response:
        visit = come(console, request, language, Right.APPROVE, "dead-letter.redrive-declined", csrf)
        return _decide(request, visit, redrive_id, why, yes=False)

    @routes.post("/{language}/redrives/{redrive_id}/resume")
    def resume(request: Request, language: Language, redrive_id: RedriveId, csrf: Typed = "") -> Response:
        visit = come(console, request, language, Right.PUT_RIGHT, "dead-letter.redrive-resumed", csrf)
        with reading(console.database) as connection:
            found = _redrive(connection, redrive_id)
        return _to(language, redrive_id, then=sending(visit) if found.state is RedriveState.APPROVED else None)

    return routes


def _with_chosen(
    request: Request, visit: Visit, typed: Sequence[str], act: Callable[[Desk, Operator, Chosen], Response]
) -> Response:
    """Act at the desk on the letters that were chosen; where none was, that is said."""
    chosen = _places(typed)
    if not chosen:
        return not_done(request, visit, status=422, said=visit.say("No letter was chosen."))
    return at_desk(request, visit, lambda desk, by: act(desk, by, chosen))


def _decide(request: Request, visit: Visit, redrive_id: str, why: str, *, yes: bool) -> Response:
    reason = reason_of(why)

    def act(desk: Desk, by: Operator) -> Response:
        if reason is None:
            with reading(visit.console.database) as connection:
                found = _redrive(connection, redrive_id)
            return _shown(request, visit, found, status=422, why=why)
        (desk.approve if yes else desk.decline)(redrive_id, by, why=reason)
        return _to(visit.language, redrive_id, then=sending(visit) if yes else None)

    return at_desk(request, visit, act)


def _to(
    language: str, redrive_id: str, *, left_out: int = 0, then: Callable[[str], None] | None = None
) -> RedirectResponse:
    to = f"/{language}/redrives/{redrive_id}{f'?left={left_out}' if left_out else ''}"
    background = BackgroundTask(then, redrive_id) if then is not None else None
    return RedirectResponse(to, status_code=303, background=background)


def _tried(
    request: Request,
    visit: Visit,
    trials: Sequence[Trial],
    *,
    problem: str = "",
    why: str = "",
    status: int = 200,
) -> Response:
    """What sending on would come to; `problem` is the form whose reason is none."""
    with reading(visit.console.database) as connection:
        stands = stands_of(connection, [trial.letter for trial in trials])
    return page_of(
        request,
        visit,
        "trial.html",
        status=422 if problem else status,
        twin=f"/{twin_language(visit.language)}/dead-letters",
        **_trials(visit, trials),
        stands=stands,
        free=[trial for trial in trials if stands[trial.letter.letter_id].standing not in _HELD],
        taken=status == 409,
        problem=problem,
        why=why[:200],
    )


def _trials(visit: Visit, trials: Sequence[Trial]) -> dict[str, Any]:
    return {
        "trials": trials,
        "going": [trial for trial in trials if trial.goes],
        "verdict": lambda code: visit.say.label(VERDICTS[code]),
        "faults_of": lambda trial: explained(trial.faults, visit.language),
        "most_times": MOST_REDRIVES,
        "per_s": visit.console.settings.redrive_per_s,
    }


def _shown(
    request: Request, visit: Visit, found: Redrive, *, left_out: int = 0, status: int = 200, why: str = ""
) -> Response:
    """One re-drive; who may decide on it sees what it would come to now."""
    role = acting_as(visit.reader.roles, Right.APPROVE)
    decides = role is not None and found.state is RedriveState.ASKED and found.asked_by != visit.reader.subject
    trials: Sequence[Trial] | None = None
    if role is not None and decides:
        trials = trial_of(visit.console, found, Operator(visit.reader.subject, role))
    return page_of(
        request,
        visit,
        "redrive.html",
        status=status,
        twin=f"/{twin_language(visit.language)}/redrives/{found.id}",
        **_progress(visit.console, found),
        **_trials(visit, trials or ()),
        stands={},
        decides=decides,
        known=trials is not None,
        left_out=left_out,
        problem=status == 422,
        why=why[:200],
    )


def _progress(console: Console, found: Redrive) -> dict[str, Any]:
    return {
        "redrive": found,
        "sent": sum(each.state == "sent" for each in found.letters),
        "waiting": sum(each.state == "waiting" for each in found.letters),
        "at_ms": console.clock(),
        "why_not": VERDICTS,
    }


def _redrive(connection: Connection, redrive_id: str) -> Redrive:
    try:
        return redrive(connection, redrive_id)
    except NotAllowed:
        raise NotThere from None


def _places(typed: Sequence[str]) -> list[Coordinates]:
    """Letters by their ids, each once; raises NotThere where one is none."""
    found = [id_of(text) for text in typed]
    if any(each is None or each.form is not IdForm.RECORD for each in found):
        raise NotThere
    parts = [each.text.rsplit("/", 2) for each in found if each is not None]
    return list(dict.fromkeys(Coordinates(topic, int(lane), int(offset)) for topic, lane, offset in parts))
