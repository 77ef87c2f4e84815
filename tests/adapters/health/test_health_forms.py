"""The forms ask for what their event types need, no more and no less, in both languages; the models are R4's."""

import json
from collections.abc import Iterator, Mapping
from enum import EnumMeta
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.servicerequest import ServiceRequest

from adapters.health.form import FORMS, Question, form
from adapters.health.mapping import MAPPING
from adapters.health.r4 import check
from adapters.sdk.declaration import NotTranslated
from contracts.classification import contracts_in
from contracts.registry import REGISTRY

ELSEWHERE = {
    # In the resource around the form, or worked out.
    "responsible_authority", "referrer", "observed_at", "asked_by", "previous_reference", "reporter.practitioner",
    "reporter.organisation", "children.ethnicity", "children.health.gp_practice",
    # In the Patient.
    *(f"{child}.{name}" for child in ("child", "children.child") for name in (
        "reference", "shielded", "authority_person_id", "names", "date_of_birth", "mother", "nhs_number", "upn",
        "home_address", "temporary_address", "language",
    )),
}  # fmt: skip
"""Fields that no form asks for."""
OF_THE_FORM = {
    "child.patient",
    "children.child.patient",
    "child.pregnancy",
    "children.child.pregnancy",
    "previous_record",
}
"""Questions that are no field."""

MESSAGES = [message for message in MAPPING.message if message.form != "answer"]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.name))
def test_a_form_asks_for_each_field_of_its_type_that_stands_nowhere_else(message: Any) -> None:
    asked = {question.link: question for question in _all(form(message.form))}
    fields = dict(_fields(_data(message.type)))
    assert set(fields) - set(asked) == {name for name in ELSEWHERE if name in fields}
    assert set(asked) - set(fields) == {name for name in OF_THE_FORM if name in asked}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.name))
def test_a_choice_offers_the_codes_of_its_field(message: Any) -> None:
    fields, offered = dict(_fields(_data(message.type))), dict(_options(message.form))
    for link, codes in offered.items():
        assert codes == fields[link], link


@pytest.mark.parametrize("path", sorted(FORMS.glob("*.json")), ids=lambda path: str(path.stem))
def test_a_form_is_a_questionnaire_of_r4_in_both_languages(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    Questionnaire.model_validate(document)
    for item in [document, *_items(document)]:
        around = item["_title"] if "_title" in item else item["_text"]
        (translation,) = around["extension"]
        assert translation["url"] == MAPPING.extensions.translation
        assert translation["extension"][0] == {"url": "lang", "valueCode": "cy"}
        assert translation["extension"][1]["valueString"]


def test_fhir_resources_lets_a_wrong_code_pass_and_this_adapter_does_not() -> None:
    request = {"resourceType": "ServiceRequest", "status": "nonsense", "intent": "order", "subject": {"display": "x"}}
    ServiceRequest.model_validate(request)  # a version that refuses it makes `BOUND` in r4.py needless
    with pytest.raises(NotTranslated, match=r"ServiceRequest\.status: code-not-in-fhir-r4"):
        check(request)


def test_fhir_resources_fails_at_a_contained_resource_of_no_type_and_that_is_said() -> None:
    request = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"display": "x"},
        "contained": [{"resourceType": "Quastionnaire", "id": "a"}],
    }  # fmt: skip
    with pytest.raises(KeyError):
        ServiceRequest.model_validate(request)
    with pytest.raises(NotTranslated, match="not-fhir-r4"):
        check(request)


def _data(type_name: str) -> Any:
    return REGISTRY[type_name].model.model_fields["data"].annotation


def _all(questions: Mapping[str, Question]) -> Iterator[Question]:
    for question in questions.values():
        yield question
        yield from _all(question.parts)


def _fields(model: Any, above: str = "") -> Iterator[tuple[str, set[str]]]:
    """Path and codes of each field; a statement is one field, and what stands elsewhere as a whole has no parts."""
    for name, info in model.model_fields.items():
        path = f"{above}{name}"
        parts = [part for part in contracts_in(info.annotation) if part.__name__ != "Statement"]
        known = dict([found for part in parts for found in _fields(part, f"{path}.")]) if path not in ELSEWHERE else {}
        for part in parts if known else ():
            for inner, codes in _fields(part, f"{path}."):
                known[inner] = known.get(inner, set()) | codes
        yield path, set(_codes(info.annotation))
        yield from known.items()


def _codes(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, EnumMeta):
        yield from (str(member.value) for member in annotation)  # type: ignore[var-annotated]
    elif get_origin(annotation) is Annotated:
        yield from _codes(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType, tuple):
        for argument in get_args(annotation):
            yield from _codes(argument)


def _items(holder: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in holder.get("item", []):
        yield item
        yield from _items(item)


def _options(name: str) -> Iterator[tuple[str, set[str]]]:
    document = json.loads((FORMS / f"{name}.json").read_text(encoding="utf-8"))
    for item in _items(document):
        if item["type"] == "choice":
            yield item["linkId"], {option["valueCoding"]["code"] for option in item["answerOption"]}
