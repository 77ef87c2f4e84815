"""The page of the policy: the rules in force, which versions decided what, and what a draft would change."""

import asyncio
import threading
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from contracts.access import Act
from contracts.topics import DAY_MS
from hub.app import marks_secret
from hub.console.console import Console, Visit
from hub.console.pages import page_of, type_title
from hub.console.paths import Language
from hub.errors import Unavailable
from hub.observe.labels import DIFFERENCES
from hub.observe.policy_diff import Difference, difference
from hub.policy_file import PACKAGED, Policy
from hub.policy_text import PolicyRefused, PolicyText
from hub.rules import RulesFiles
from hub.store.policies import versions

DAYS = (1, 7, 30)
"""How far back a draft can be held against what agencies sent."""
MOST_READ = 20_000
"""Records read for one page; `dolen policy diff` reads more."""
MOST_SHOWN = 300
"""Differences on one page."""

_one_at_a_time = threading.Lock()
"""Reading archived traffic takes a processor for seconds."""


def router(console: Console) -> APIRouter:
    """The page, and what a draft would change; the policy is read anew for each visit, as it may have changed."""
    routes = APIRouter()

    @routes.get("/{language}/policy")
    def rules(request: Request, language: Language) -> Response:
        with console.visit(request, language, what="policy") as visit:
            shown = _shown(console, visit.connection, language)
            visit.record()
        return page_of(request, visit, "policy.html", **shown)

    @routes.post("/{language}/policy")
    def diff(
        request: Request,
        language: Language,
        files: list[UploadFile] | None = None,
        csrf: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
        days: Annotated[str, Form()] = "",
    ) -> Response:
        with console.visit(request, language, what="policy.diff") as visit:
            visit.check(csrf)
            shown = _shown(console, visit.connection, language)
            visit.record(Act.SEARCHED)
        back = int(days) if days in map(str, DAYS) else DAYS[1]
        shown |= {"name": name, "text": text, "days": back}
        try:
            drafted = _drafted(shown["names"], files or [], name, text)
        except _NotOfThePolicy as wrong:
            return page_of(request, visit, "policy.html", status=422, **shown | {"stranger": str(wrong)[:80]})
        if not drafted:
            return page_of(request, visit, "policy.html", status=422, **shown | {"empty": True})
        return _compared(request, visit, drafted, back, shown)

    return routes


class _NotOfThePolicy(Exception):
    """A file is none of those that the policy has."""


def _drafted(names: list[str], files: list[UploadFile], name: str, text: str) -> dict[str, str]:
    """Texts by the names of the policy's files; raises _NotOfThePolicy. They are held in memory alone."""
    drafted = {}
    for file in files:
        content = file.file.read()
        if file.filename and content:
            drafted[_known(names, file.filename)] = content.decode("utf-8", errors="replace")
    if text.strip():
        drafted[_known(names, name)] = text.replace("\r\n", "\n")
    return drafted


def _known(names: list[str], typed: str) -> str:
    """Which of the policy's files is meant, by its last name: a browser sends no folder."""
    last = PurePosixPath(typed.replace("\\", "/")).name
    for name in names:
        if PurePosixPath(name).name == last:
            return name
    raise _NotOfThePolicy(last)


def _compared(request: Request, visit: Visit, drafted: dict[str, str], days: int, shown: dict[str, Any]) -> Response:
    console = visit.console
    rules = RulesFiles(console.settings, marks_secret=marks_secret(console.settings)).current
    try:
        draft = Policy.load(rules.directory, console.settings.policy_dir, drafted=drafted)
    except PolicyRefused as refused:
        file = refused.file.relative_to(console.settings.policy_dir or PACKAGED).as_posix()
        return page_of(request, visit, "policy.html", status=422, **shown | {"refused": refused, "file": file})
    if not _one_at_a_time.acquire(timeout=1):
        return page_of(request, visit, "policy.html", status=503, **shown | {"busy": True})
    try:
        asked = difference(
            console.settings,
            rules,
            draft,
            since_ms=visit.at_ms - days * DAY_MS,
            now_ms=visit.at_ms,
            most=MOST_READ,
        )
        found = asyncio.run(asked)
    except Unavailable:
        return page_of(request, visit, "policy.html", status=503, **shown | {"away": True})
    finally:
        _one_at_a_time.release()
    return page_of(request, visit, "policy.html", **shown | _difference(visit, found, sorted(drafted)))


def _difference(visit: Visit, found: Difference, drafted: list[str]) -> dict[str, Any]:
    return {
        "found": found,
        "drafted": drafted,
        "changes": found.changes.most_common(MOST_SHOWN),
        "what": lambda change: visit.say.label(DIFFERENCES[change.what]),
    }


def _shown(console: Console, connection: Connection, language: str) -> dict[str, Any]:
    """The rules in force, the versions that decided anything, and a form without a draft."""
    folder = console.settings.policy_dir or PACKAGED
    policy = Policy.load(console.parties.directory, folder)
    return {
        "policy": policy,
        "types": sorted(policy.types, key=lambda name: type_title(name, language).lower()),
        "versions": versions(connection),
        "names": PolicyText(folder).names,
        "all_days": DAYS,
        "most_read": MOST_READ,
        "days": DAYS[1],
        "name": "",
        "text": "",
        "stranger": "",
        "empty": False,
        "busy": False,
        "away": False,
        "refused": None,
        "file": "",
        "found": None,
        "drafted": [],
        "changes": [],
        "what": None,
    }
