"""Welsh and English as equals: no text of the portal lacks either, and no field of a notification lacks a label."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import adapters.schools
from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.places import Places
from adapters.schools.words.catalogue import CATALOGUE, speech
from adapters.schools.words.codes import CODES
from adapters.schools.words.facts import Teller
from adapters.schools.words.guidance import guidance
from adapters.schools.words.history import BECAUSE, DID
from adapters.schools.words.labels import LABELS, NOT_SHOWN
from contracts.classification import contracts_in, sharing_of
from contracts.directory import Directory
from contracts.kinds import Kind
from contracts.registry import REGISTRY
from contracts.sharing import Sharing
from contracts.topics import Family
from hub.policy_file import Policy
from tests.schools_ground import ENGLISH, encompass, told

FOLDER = Path(adapters.schools.__file__).parent
PLACES = Places(Directory.packaged(), {})
TO_SCHOOLS = {
    "school-of-child",
    "new-school",
    "previous-school",
    "participants",
    "core-group",
    "copy-holders",
    "referrer",
}


def texts() -> set[str | tuple[str, ...]]:
    """Every text that a template or a module says."""
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
    keywords: Any = {"_": None, "N_": None, "say": None, "ngettext": (1, 2)}
    return {found[2] for found in extract_from_dir(FOLDER, methods, {}, keywords=keywords)}


def catalogue() -> Any:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="cy")


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", text))


def test_no_text_lacks_welsh() -> None:
    welsh = catalogue()
    missing = []
    for text in texts():
        message = welsh.get(text)
        said = message.string if message is not None else ""
        if message is None or message.fuzzy or not said or (isinstance(said, tuple) and not all(said)):
            missing.append(text)
    assert missing == []


def test_the_catalogue_has_nothing_that_is_said_nowhere() -> None:
    said = {text if isinstance(text, str) else text[0] for text in texts()}
    assert [m.id for m in catalogue() if m.id and (m.id if isinstance(m.id, str) else m.id[0]) not in said] == []


def test_both_languages_have_the_same_gaps_to_fill() -> None:
    for message in catalogue():
        english = message.id if isinstance(message.id, str) else message.id[0]
        for welsh in message.string if isinstance(message.string, tuple) else (message.string,):
            assert not english or placeholders(english) == placeholders(welsh), english


def test_templates_say_nothing_outside_the_catalogue() -> None:
    written = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}|<style.*?</style>|<[^>]*>", re.DOTALL)
    for template in (FOLDER / "portal" / "templates").glob("*.html"):
        if template.name == "welcome.html":  # both languages stand in it
            continue
        left = re.sub(r"&\w+;", "", written.sub(" ", template.read_text(encoding="utf-8")))
        assert set(re.findall(r"[^\W\d_]{2,}", left)) <= {"Dolen"}, template.name


def test_every_kind_of_step_and_reason_has_words() -> None:
    assert set(DID) == set(Did)
    assert set(BECAUSE) == set(Because)


def types_for_schools() -> Iterator[str]:
    policy = Policy.load(Directory.packaged())
    for name, kind in REGISTRY.items():
        rules = policy.types[name].rules if name in policy.types else ()
        if kind.family is not Family.RECEIPTS and any(rule.relation.name in TO_SCHOOLS for rule in rules):
            yield name


SHOWN = {
    sharing
    for view in Policy.load(Directory.packaged()).views.values()
    if Kind.SCHOOLS in view.kinds
    for sharing in view.shows
}
"""Classes of information that some view for schools shows."""


def fields(model: Any, within: Sharing | None = None) -> Iterator[tuple[str, Any]]:
    """Each field that a school may be shown, at any depth, with its annotation where it has no parts."""
    hints = get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        sharing = within or sharing_of(field)
        if sharing is not None and sharing not in SHOWN:
            continue
        parts = list(contracts_in(field.annotation))
        yield name, (None if parts else hints[name])
        for part in parts:
            yield from fields(part, sharing)


def codes(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (member.value for member in annotation)
    else:
        for argument in get_args(annotation):
            yield from codes(argument)


@pytest.mark.parametrize("name", sorted(types_for_schools()))
def test_every_field_that_a_school_may_be_shown_has_a_label(name: str) -> None:
    data = get_type_hints(REGISTRY[name].model)["data"]
    for field, annotation in fields(data):
        assert (field in LABELS) != (field in NOT_SHOWN), field
        if annotation is not None and field in LABELS:
            assert [code for code in codes(annotation) if f"{field}:{code}" not in CODES and code not in CODES] == []


@pytest.mark.parametrize("name", sorted(types_for_schools()))
def test_every_type_that_a_school_is_sent_says_what_is_expected(name: str) -> None:
    said = guidance(name)
    assert len(said.expected) >= 2
    for sentence in (*said.expected, *said.avoid):
        assert speech("cy")(sentence) != sentence


def test_an_encompass_notice_says_not_to_raise_it() -> None:
    said = " ".join(guidance("wales.child-protection.notices.domestic-abuse-incident.v1").avoid)
    assert "with the child" in said
    assert "with a parent" in said


@pytest.mark.parametrize("language", ["cy", "en"])
def test_what_people_wrote_is_shown_as_written_and_marked_with_its_own_language(language: str) -> None:
    telling = Teller(speech(language), PLACES).tell(encompass())
    written = {}

    def collect(facts: Any) -> None:
        for fact in facts:
            if fact.language:
                written[fact.value] = fact.language
            collect(fact.parts)

    for child in telling.children:
        collect(child.said)
    assert written == {
        "Dw i ddim eisiau mynd adref heno.": "cy",
        "Police attended a verbal argument between adults. The child was upstairs and awake.": "en",
    }


def test_ids_and_opaque_references_are_not_shown() -> None:
    for short in ("register-changes.registered", "conferences.held", "enquiries.concluded", "referrals.decided"):
        telling = Teller(speech("en"), PLACES).tell(told(short, ENGLISH, view="school"))
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", repr(telling)), short


def test_no_code_is_shown_raw() -> None:
    for short in ("conferences.scheduled", "conferences.held", "enquiries.started", "circumstances.child-moved"):
        telling = Teller(speech("cy"), PLACES).tell(told(short, ENGLISH, view="school"))
        assert not re.search(r"'[a-z]+(-[a-z]+)+'", repr(telling)), short
