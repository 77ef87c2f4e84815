"""Decides whether a resource is FHIR R4, by the models of fhir.resources and the bindings that these don't check.

The package has R5, R4B and STU3. Of the resources read and written here R4B (4.3.0) differs from R4 (4.0.1) in nothing
(http://hl7.org/fhir/R4B/diff.html). Its models refuse unknown elements, wrong types, missing elements and several
values of one choice; they let pass any code where FHIR binds one (`status`) and any target of a reference.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from fhir.resources.R4B.communication import Communication
from fhir.resources.R4B.flag import Flag
from fhir.resources.R4B.group import Group
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.organization import Organization
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.practitioner import Practitioner
from fhir.resources.R4B.practitionerrole import PractitionerRole
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from pydantic import BaseModel, ValidationError

from adapters.sdk.declaration import NotTranslated

MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "Communication": Communication,
    "Flag": Flag,
    "Group": Group,
    "OperationOutcome": OperationOutcome,
    "Organization": Organization,
    "Patient": Patient,
    "Practitioner": Practitioner,
    "PractitionerRole": PractitionerRole,
    "QuestionnaireResponse": QuestionnaireResponse,
    "ServiceRequest": ServiceRequest,
    "Task": Task,
}

_PRIORITY = frozenset({"routine", "urgent", "asap", "stat"})

BOUND: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "Communication": {
        "status": frozenset(
            ["preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown"]
        ),
        "priority": _PRIORITY,
    },
    "Flag": {"status": frozenset({"active", "inactive", "entered-in-error"})},
    "Patient": {"gender": frozenset({"male", "female", "other", "unknown"})},
    "QuestionnaireResponse": {
        "status": frozenset({"in-progress", "completed", "amended", "entered-in-error", "stopped"})
    },
    "ServiceRequest": {
        "status": frozenset(["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"]),
        "priority": _PRIORITY,
        "intent": frozenset(
            [
                *("proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order"),
                *("instance-order", "option"),
            ]
        ),
    },
}
"""Required bindings of R4 to codes that are read or written here."""

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


def check(resource: Mapping[str, Any]) -> None:
    """Raise NotTranslated where a resource is not R4; names the element, never its value."""
    kind = str(resource.get("resourceType"))
    model = MODELS.get(kind)
    if model is None:
        raise NotTranslated("unexpected-resource", remedy="one of the resources of the adapter's README is expected")
    try:
        model.model_validate(resource)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        raise NotTranslated(
            "not-fhir-r4", path=_path(kind, first["loc"]), remedy=f"mend the element: {_rule(str(first['type']))}"
        ) from None
    except Exception as failure:  # of fhir_core's own, as KeyError for a contained resource of no type that there is
        raise NotTranslated(
            "not-fhir-r4", path=kind, remedy=f"fhir.resources can't read it ({type(failure).__name__})"
        ) from None
    for name, codes in BOUND.get(kind, {}).items():
        if name in resource and resource[name] not in codes:
            raise NotTranslated("code-not-in-fhir-r4", path=f"{kind}.{name}", remedy="use a code of FHIR R4's own list")
    if "modifierExtension" in resource:
        # FHIR: who does not know a modifier must not process what it modifies.
        raise NotTranslated(
            "unknown-modifier", path=f"{kind}.modifierExtension", remedy="no modifier is known here: say it otherwise"
        )
    for contained in resource.get("contained") or ():
        if contained.get("resourceType") in MODELS:
            check(contained)


def _path(kind: str, steps: tuple[int | str, ...]) -> str:
    path = kind
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step if _NAME.match(step) else '…'}"
    return path


def _rule(name: str) -> str:
    return {
        "extra_forbidden": "FHIR R4 has no element of this name",
        "missing": "FHIR R4 requires it",
        "model_field_validation.missing": "FHIR R4 requires it",
    }.get(name, "it is not of its type in FHIR R4")
