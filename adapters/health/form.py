"""Decides what the answers of a QuestionnaireResponse say in the hub's words, and how such answers are written.

A form is a FHIR Questionnaire (`forms/`, to be imported into the health board's own system). The names in its linkIds
are those of the event type's fields, so one table serves every message.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from adapters.health.element import Element
from adapters.health.mapping import MAPPING, OWN_CODES, word

FORMS = Path(__file__).parent / "forms"
URL = "urn:dolen:form:"
LANGUAGES = {"cy", "en"}


@dataclass(frozen=True, slots=True)
class Question:
    """One item of a form."""

    link: str
    kind: str
    """Its type in the Questionnaire: `text` is a statement with its language, `string` is plain."""
    repeats: bool
    parts: Mapping[str, "Question"]
    """Of a group: by the last name in their linkIds."""

    @property
    def name(self) -> str:
        """The field's name."""
        return self.link.rpartition(".")[2]

    @property
    def field(self) -> str:
        """The field's path below the child or the whole, as code systems and the mapping file name it."""
        return self.link.removeprefix("children.").removeprefix("child.")


@cache
def form(name: str) -> Mapping[str, Question]:
    """The questions of a form of the folder `forms`, by name."""
    return _questions(json.loads((FORMS / f"{name}.json").read_text(encoding="utf-8")))


def answers(response: Element, name: str) -> dict[str, Any]:
    """What a QuestionnaireResponse says, as fields of `data`; raises NotTranslated.

    A reference is given as its Element, for whoever knows the resources around.
    """
    asked, _, version = (response.text("questionnaire") or "").partition("|")
    if asked != URL + name or version not in ("", "1"):
        raise response.wrong("another-form", "questionnaire", f"fill in {URL}{name}|1 of the adapter's folder `forms`")
    if response.text("status") not in ("completed", "amended"):
        raise response.wrong("form-not-completed", "status", "complete the form: completed or amended")
    return _answered(response, form(name), language=response.text("language") or MAPPING.text.default_language)


def items(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The items of a QuestionnaireResponse that say the same: what `answers` reads back."""
    return list(_items(data, form(name)))


def _questions(holder: Mapping[str, Any]) -> dict[str, Question]:
    made = (
        Question(item["linkId"], item["type"], item.get("repeats", False), _questions(item))
        for item in holder.get("item", [])
    )
    return {question.name: question for question in made}


def _answered(holder: Element, questions: Mapping[str, Question], *, language: str) -> dict[str, Any]:
    by_link = {question.link: question for question in questions.values()}
    found: dict[str, Any] = {}
    for item in holder.each("item"):
        question = by_link.get(item.text("linkId") or "")
        if question is None:
            raise item.wrong("unknown-question", "linkId", "use the linkIds of the form: an answer must not get lost")
        values = list(_values(item, question, language))
        if question.repeats:
            found.setdefault(question.name, []).extend(values)
        elif len(values) > 1 or (values and question.name in found):
            raise item.wrong("answered-twice", remedy="answer once: the question does not repeat")
        elif values:
            found[question.name] = values[0]
    return found


def _values(item: Element, question: Question, language: str) -> Iterator[Any]:
    if question.kind == "group":
        yield _answered(item, question.parts, language=language)
        return
    for answer in item.each("answer"):
        read, name = _READ[question.kind]
        if not answer.has(name):
            raise answer.wrong("wrong-kind-of-answer", remedy=f"answer with {name}")
        yield read(answer, name, question, language)


def _plain(answer: Element, name: str, question: Question, language: str) -> Any:
    return answer.value[name]


def _statement(answer: Element, name: str, question: Question, language: str) -> dict[str, str | None]:
    around = answer.child(f"_{name}")
    said = around.extension(MAPPING.extensions.language) if around is not None else None
    tag = ((said.text("valueCode") if said is not None else None) or language).partition("-")[0]
    if tag not in LANGUAGES:
        raise answer.wrong("other-language", remedy="practitioners write in cy or en: state which")
    return {"text": answer.text(name), "language": tag}


def _choice(answer: Element, name: str, question: Question, language: str) -> str:
    coding = answer.child(name)
    if coding is None:
        raise answer.wrong("wrong-kind-of-answer", remedy=f"answer with {name}")
    return word(question.field, coding)


def _reference(answer: Element, name: str, question: Question, language: str) -> Element:
    reference = answer.child(name)
    if reference is None:
        raise answer.wrong("wrong-kind-of-answer", remedy=f"answer with {name}")
    return reference


_READ: Mapping[str, tuple[Callable[[Element, str, Question, str], Any], str]] = {
    "string": (_plain, "valueString"),
    "text": (_statement, "valueString"),
    "boolean": (_plain, "valueBoolean"),
    "integer": (_plain, "valueInteger"),
    "date": (_plain, "valueDate"),
    "dateTime": (_plain, "valueDateTime"),
    "choice": (_choice, "valueCoding"),
    "reference": (_reference, "valueReference"),
}


def _items(data: Mapping[str, Any], questions: Mapping[str, Question]) -> Iterator[dict[str, Any]]:
    for name, question in questions.items():
        value = data.get(name)
        if value is None:
            continue
        values = value if question.repeats else [value]
        if question.kind == "group":
            yield from ({"linkId": question.link, "item": list(_items(part, question.parts))} for part in values)
        elif values:
            yield {"linkId": question.link, "answer": [_answer(value, question) for value in values]}


def _answer(value: Any, question: Question) -> dict[str, Any]:
    _, name = _READ[question.kind]
    if question.kind == "text":
        said = {"url": MAPPING.extensions.language, "valueCode": value["language"]}
        return {name: value["text"], f"_{name}": {"extension": [said]}}
    if question.kind == "choice":
        return {name: {"system": OWN_CODES + question.field, "code": value}}
    return {name: value}
