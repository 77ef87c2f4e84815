"""Takes a page's reader to the desk of dead letters: what is not done there, and why, is a page too."""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from hub.access_report import Operator
from hub.console.console import Console, NotThere, Visit
from hub.console.pages import page_of, twin_language
from hub.console.rights import Right
from hub.errors import NotAllowed, StartRefused, Unavailable
from hub.redrive.desk import Desk, make_desk
from hub.redrive.trial import Trial
from hub.redrive.words import NOT_ALLOWED
from hub.store.redrives import Redrive

log = structlog.get_logger("dolen.console")

Act = Callable[[Desk, Operator], Response]

_NOTHING = ("no-such-redrive", "no-such-letter")
"""Rules of `NotAllowed` that say there is no such thing."""


def come(console: Console, request: Request, language: str, right: Right, what: str, csrf: str) -> Visit:
    """A visit that acts: the desk reports the act itself."""
    with console.visit(request, language, right, what=what) as visit:
        visit.check(csrf)
    return visit


def at_desk(request: Request, visit: Visit, act: Act) -> Response:
    """Act at a desk of one's own; what is not done is explained on a page."""
    console, by = visit.console, Operator(visit.reader.subject, visit.role)
    try:
        with make_desk(console.settings, console.database) as desk:
            return act(desk, by)
    except NotAllowed as refused:
        if refused.rule in _NOTHING:
            raise NotThere from None
        said = visit.say.label(NOT_ALLOWED[refused.rule], about=refused.about)
        return not_done(request, visit, status=409, said=said)
    except (StartRefused, Unavailable) as away:
        log.warning("console.desk_away", reason=str(away))
        return not_done(request, visit, status=503)


def not_done(request: Request, visit: Visit, *, status: int, said: str = "") -> Response:
    """A page that says why something was not done; without `said`, that a server is away."""
    twin = f"/{twin_language(visit.language)}/redrives"
    return page_of(request, visit, "not_done.html", status=status, said=said, twin=twin)


def sending(visit: Visit) -> Callable[[str], None]:
    """Carries a re-drive out once the page is on its way: at the limited rate, it takes as long as it takes."""
    console, by = visit.console, Operator(visit.reader.subject, visit.role)

    def send(redrive_id: str) -> None:
        try:
            with make_desk(console.settings, console.database) as desk:
                desk.carry_out(redrive_id, by)
        except (NotAllowed, StartRefused, Unavailable, SQLAlchemyError) as broken_off:
            reason = type(broken_off).__name__ if isinstance(broken_off, SQLAlchemyError) else str(broken_off)
            log.warning("console.redrive_broken_off", redrive=redrive_id, reason=reason)

    return send


def trial_of(console: Console, found: Redrive, by: Operator) -> Sequence[Trial] | None:
    """What a re-drive would come to now; None where it can't be told."""
    try:
        with make_desk(console.settings, console.database) as desk:
            return desk.try_out([each.at for each in found.letters], by, own=found.id)
    except (StartRefused, Unavailable) as away:
        log.warning("console.desk_away", reason=str(away))
        return None
