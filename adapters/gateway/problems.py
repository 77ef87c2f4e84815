"""Decides how a refusal looks: problem+json (RFC 9457), in Welsh or English, with codes and paths and never a value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from adapters.sdk.declaration import NotTranslated
from contracts.faults import EXPLANATIONS, Fault, FaultCode

CONTENT_TYPE = "application/problem+json"

Language = Literal["cy", "en"]


class Trouble(StrEnum):
    """What is wrong with a request, beside the hub's own codes; codes never change their meaning."""

    NOT_AUTHENTICATED = "not-authenticated"
    NOT_YOUR_AGENCY = "not-your-agency"
    NOT_FOUND = "not-found"
    METHOD = "method-not-allowed"
    MEDIA_TYPE = "media-type"
    NOT_AN_EVENT = "not-an-event"
    TOO_LARGE = "too-large"
    CONFLICT = "id-used-for-other-content"
    ANSWERED = "already-answered"
    REQUEST = "request"
    TOO_MANY = "too-many-requests"
    NOT_STORED = "not-stored"
    ISSUER_AWAY = "issuer-away"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class _Said:
    status: HTTPStatus
    title_en: str
    title_cy: str
    remedy_en: str
    remedy_cy: str


_SAID: dict[Trouble, _Said] = {
    Trouble.NOT_AUTHENTICATED: _Said(
        HTTPStatus.UNAUTHORIZED,
        "The request does not say who it is from",
        "Nid yw'r cais yn dweud gan bwy y mae",
        "Ask the token endpoint for a new access token and send it as Authorization: Bearer.",
        "Gofynnwch i'r pwynt tocynnau am docyn mynediad newydd a'i anfon fel Authorization: Bearer.",
    ),
    Trouble.NOT_YOUR_AGENCY: _Said(
        HTTPStatus.FORBIDDEN,
        "The source is not a party of your agency",
        "Nid yw'r ffynhonnell yn perthyn i'ch asiantaeth",
        "Set source to /agencies/<your agency id>; an agency speaks only for itself.",
        "Gosodwch source yn /agencies/<id eich asiantaeth>; drosti'i hun yn unig y mae asiantaeth yn siarad.",
    ),
    Trouble.NOT_FOUND: _Said(
        HTTPStatus.NOT_FOUND,
        "There is nothing of yours here",
        "Nid oes dim o'ch eiddo chi yma",
        "Use an id that your inbox lists or that an event of yours was taken under.",
        "Defnyddiwch id o restr eich blwch derbyn, neu id y cymerwyd digwyddiad gennych dano.",
    ),
    Trouble.METHOD: _Said(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "This can't be done here",
        "Ni ellir gwneud hyn yma",
        "See /openapi.json for what each address takes.",
        "Gweler /openapi.json am yr hyn y mae pob cyfeiriad yn ei gymryd.",
    ),
    Trouble.MEDIA_TYPE: _Said(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The media type is not one of CloudEvents'",
        "Nid yw'r math o gyfrwng yn un o rai CloudEvents",
        "Send application/cloudevents+json, or application/json with ce- headers; one event a request.",
        "Anfonwch application/cloudevents+json, neu application/json gyda phenynnau ce-; un digwyddiad i bob cais.",
    ),
    Trouble.NOT_AN_EVENT: _Said(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The event breaks the rules of its type",
        "Mae'r digwyddiad yn torri rheolau ei fath",
        "Mend what the faults name, and send it again under the same id.",
        "Cywirwch yr hyn y mae'r gwallau yn ei enwi, a'i anfon eto dan yr un id.",
    ),
    Trouble.TOO_LARGE: _Said(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The request is larger than 256 KiB",
        "Mae'r cais yn fwy na 256 KiB",
        "Send a pointer to long documents, not the documents.",
        "Anfonwch bwyntydd at ddogfennau hir, nid y dogfennau eu hunain.",
    ),
    Trouble.CONFLICT: _Said(
        HTTPStatus.CONFLICT,
        "This id was used before for other content",
        "Defnyddiwyd yr id hwn o'r blaen ar gyfer cynnwys arall",
        "Send the new content as a new event with an id of its own; the first stands.",
        "Anfonwch y cynnwys newydd fel digwyddiad newydd â'i id ei hun; mae'r cyntaf yn sefyll.",
    ),
    Trouble.ANSWERED: _Said(
        HTTPStatus.CONFLICT,
        "This notification was answered otherwise before",
        "Atebwyd yr hysbysiad hwn yn wahanol o'r blaen",
        "Leave the first answer, or write to the sender.",
        "Gadewch yr ateb cyntaf, neu ysgrifennwch at yr anfonwr.",
    ),
    Trouble.REQUEST: _Said(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request is not what this address takes",
        "Nid y cais hwn y mae'r cyfeiriad hwn yn ei gymryd",
        "Mend what the faults name; /openapi.json says what each address takes.",
        "Cywirwch yr hyn y mae'r gwallau yn ei enwi; mae /openapi.json yn dweud beth y mae pob cyfeiriad yn ei gymryd.",
    ),
    Trouble.TOO_MANY: _Said(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests",
        "Gormod o geisiadau",
        "Wait as long as Retry-After says.",
        "Arhoswch gyhyd ag y mae Retry-After yn ei ddweud.",
    ),
    Trouble.NOT_STORED: _Said(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "It was not stored",
        "Ni chafodd ei storio",
        "Nothing was taken: send it again under the same id, after a while.",
        "Ni chymerwyd dim: anfonwch ef eto dan yr un id, ymhen ychydig.",
    ),
    Trouble.ISSUER_AWAY: _Said(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The issuer of the access tokens can't be reached",
        "Ni ellir cyrraedd cyhoeddwr y tocynnau mynediad",
        "Nothing was taken: send it again under the same id, after a while.",
        "Ni chymerwyd dim: anfonwch ef eto dan yr un id, ymhen ychydig.",
    ),
    Trouble.UNEXPECTED: _Said(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something is wrong at the gateway",
        "Mae rhywbeth o'i le yn y porth",
        "Send it again under the same id: what was taken before is known.",
        "Anfonwch ef eto dan yr un id: mae'r hyn a gymerwyd o'r blaen yn hysbys.",
    ),
}


class Refused(NotTranslated):
    """A request that is not granted."""

    def __init__(self, trouble: Trouble, *faults: Fault, after_s: float | None = None) -> None:
        """`after_s`: when to come back."""
        code = faults[0].code.lower() if faults else trouble.value
        super().__init__(code, path=faults[0].path if faults else "", remedy=_SAID[trouble].remedy_en)
        self.trouble = trouble
        self.faults = faults
        self.after_s = after_s


class FaultSaid(BaseModel):
    """One thing wrong: a code of the hub's, where, the broken rule's name, and what to do."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: FaultCode
    path: str
    """A field path such as `data.child.nhs_number`; empty for the whole."""
    rule: str
    remedy: str


class Problem(BaseModel):
    """What is wrong (RFC 9457), in Welsh where the request asks for it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """`urn:dolen:problem:<code>`."""
    title: str
    status: int
    detail: str
    """What to do about it."""
    faults: list[FaultSaid]


def problem(request: Request, refused: Refused) -> JSONResponse:
    """The answer to a request that is not granted."""
    language, said = language_of(request.headers.get("accept-language", "")), _SAID[refused.trouble]
    welsh = language == "cy"
    body = Problem(
        type=f"urn:dolen:problem:{refused.trouble.value}",
        title=said.title_cy if welsh else said.title_en,
        status=said.status,
        detail=said.remedy_cy if welsh else said.remedy_en,
        faults=[_said(fault, language) for fault in refused.faults],
    )
    headers = {"content-language": language, "vary": "accept-language"}
    if said.status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if refused.after_s is not None:
        headers["retry-after"] = str(max(1, round(refused.after_s)))
    content: dict[str, Any] = body.model_dump(mode="json")
    return JSONResponse(content, said.status, headers, media_type=CONTENT_TYPE)


def language_of(accepted: str) -> Language:
    """The better liked of the two; English where neither is named."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accepted.split(","):
        tag, _, quality = part.strip().partition(";")
        language = tag.lower().partition("-")[0]
        found = re.fullmatch(r"\s*q=([01](?:\.[0-9]{0,3})?)", quality) if quality else None
        liked = 1.0 if not quality else float(found[1]) if found else 0.0
        if liked > best[0] and (language == "cy" or language == "en"):
            best = (liked, "cy" if language == "cy" else "en")
    return best[1]


def paths_of(errors: Sequence[Any]) -> tuple[Fault, ...]:
    """The faults of Pydantic's errors: codes, paths and rules; a name that the sender made up is not repeated."""
    faults = []
    for error in errors[:100]:
        kind = error["type"]
        steps = [str(step) for step in error["loc"]]
        if kind == "extra_forbidden":
            steps[-1] = "*"
        code = {"missing": FaultCode.FIELD_MISSING, "extra_forbidden": FaultCode.FIELD_UNKNOWN}.get(kind)
        faults.append(Fault(code or FaultCode.FIELD_INVALID, ".".join(steps), kind))
    return tuple(faults)


def _said(fault: Fault, language: Language) -> FaultSaid:
    explanation = EXPLANATIONS[fault.code]
    remedy = explanation.remedy_cy if language == "cy" else explanation.remedy_en
    return FaultSaid(code=fault.code, path=fault.path, rule=fault.rule, remedy=remedy)
