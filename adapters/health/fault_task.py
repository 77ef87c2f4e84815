"""Decides how a health board is shown, in its own system, that a resource could not be sent: a Task that failed."""

from typing import Any, Final

from adapters.health.r4 import check
from adapters.sdk.declaration import NotTranslated

UNTRANSLATED: Final = "urn:dolen:untranslated"
"""Identifier system: the reference of the version that could not be translated."""

_TEXT = (
    "Not sent to the Dolen hub: see the OperationOutcome. Mend the resource, which sends it. / "
    "Heb ei anfon i hyb Dolen: gweler yr OperationOutcome. Cywirwch yr adnodd, a chaiff ei anfon."
)


def fault_task(reference: str, reason: NotTranslated) -> dict[str, Any]:
    """A Task whose focus is the resource, with the fault as a contained OperationOutcome; it holds no value of it."""
    issue: dict[str, Any] = {
        "severity": "error",
        "code": "not-found" if reason.code == "not-found" else "invalid",
        "details": {"coding": [{"system": "urn:dolen:code:fault", "code": reason.code}], "text": reason.remedy},
    }
    if reason.path:
        issue["expression"] = [reason.path]
    task = {
        "resourceType": "Task",
        "contained": [{"resourceType": "OperationOutcome", "id": "fault", "issue": [issue]}],
        "identifier": [{"system": UNTRANSLATED, "value": reference}],
        "status": "failed",
        "statusReason": {"text": _TEXT},
        "intent": "order",
        "focus": {"reference": reference},
        "output": [
            {
                "type": {"coding": [{"system": "urn:dolen:code:task-output", "code": "fault"}]},
                "valueReference": {"reference": "#fault"},
            }
        ],
    }
    check(task)
    return task
