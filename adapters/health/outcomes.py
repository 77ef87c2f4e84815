"""Decides what an error of the FHIR server means for a notification: later, or never."""

from collections.abc import Mapping
from typing import Final

import httpx

from adapters.health.client import Answered
from adapters.sdk.outcome import Outcome, RefusalCode, Refused, Retry

NEVER: Final[Mapping[str, RefusalCode]] = {
    "invalid": "unreadable",
    "structure": "unreadable",
    "required": "unreadable",
    "value": "unreadable",
    "invariant": "unreadable",
    "code-invalid": "unreadable",
    "extension": "unreadable",
    "too-long": "unreadable",
    "business-rule": "other",
}
"""Codes of an OperationOutcome's issues (http://hl7.org/fhir/R4/valueset-issue-type.html) that sending again doesn't
mend. Every other is trouble of the server or its operators: a wrong password must not refuse a child's news."""

_REJECTED = (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.REQUEST_ENTITY_TOO_LARGE)


def outcome_of(answered: Answered) -> Outcome:
    """The answer to the inbox. Only a resource that the server has looked at and rejects is refused."""
    if not answered.wrote or answered.status not in _REJECTED:
        return Retry(_reason(answered.status), answered.after)
    codes = {NEVER.get(issue) for issue in answered.issues}
    if not codes or None in codes:  # an issue that may pass, or none: a proxy's answer
        return Retry("rejected-for-now", answered.after)
    return Refused("other" if codes == {"other"} else "unreadable")


def _reason(status: int) -> str:
    named = {
        httpx.codes.UNAUTHORIZED: "not-authenticated",
        httpx.codes.FORBIDDEN: "not-allowed",
        httpx.codes.NOT_FOUND: "not-found",
        httpx.codes.GONE: "not-found",
        httpx.codes.CONFLICT: "changed-meanwhile",
        httpx.codes.PRECONDITION_FAILED: "changed-meanwhile",
        httpx.codes.TOO_MANY_REQUESTS: "too-many-requests",
        httpx.codes.SERVICE_UNAVAILABLE: "unavailable",
    }
    return named.get(httpx.codes(status), f"status-{status}") if status in set(httpx.codes) else f"status-{status}"
