"""Decides what a row of the case system says to the other agencies."""

import json

from pydantic import ValidationError

from adapters.sdk.declaration import Draft, NotTranslated
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.social_care.dictionary import Dictionary, Entry, dictionary
from adapters.social_care.native import Row
from adapters.social_care.values import Json

DOCUMENT = "document"

_CODES = {"missing": "missing-field", "extra_forbidden": "field-of-another-variant", "dolen_empty": "empty-list"}
_REMEDIES = {
    "missing": "the contract can't do without this field",
    "extra_forbidden": "this field has no place beside the others that are here",
}


def to_event(row: Row, pseudonyms: Pseudonyms, words: Dictionary | None = None) -> Draft:
    """The event of a row; raises NotTranslated with a path in the case system's own names."""
    words = words or dictionary()
    entry = words.by_kind.get(row.kind)
    if entry is None or not entry.goes_out:
        kinds = ", ".join(kind for kind, each in words.by_kind.items() if each.goes_out)
        raise NotTranslated("unknown-kind", path="kind", remedy=f"use one of {kinds}")
    data = entry.shape.to_event(row.document, DOCUMENT, OwnNumbers(pseudonyms))
    _check(data, entry)
    return Draft(
        type=entry.event_type.name,
        reference=reference(row.kind, row.record_id, row.record_version),
        subject=_subject(row, pseudonyms, data),
        correlationid=_episode(row, pseudonyms),
        time=row.happened_at,
        data=data,
    )


def reference(kind: str, number: str, version: int) -> str:
    """What names a version of a record at the agency."""
    return f"{kind}/{number}/{version}"


class OwnNumbers:
    """The case system's own numbers, and the UUIDs that stand for them."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def person(self, number: str) -> str:
        """The hub's reference of a person."""
        return self._pseudonyms.child(number)

    def record(self, kind: str, number: str, version: int) -> str:
        """The id of the event that a record made: the outbox gives it by the same rule."""
        return self._pseudonyms.event(reference(kind, number, version))

    def native_person(self, reference: str) -> Json:
        """Not asked for: nobody finds the way back."""
        raise NotImplementedError

    def native_record(self, kind: str, event_id: str) -> Json:
        """Not asked for: nobody finds the way back."""
        raise NotImplementedError


def _subject(row: Row, pseudonyms: Pseudonyms, data: Json) -> str:
    if row.hub_subject is not None:
        return row.hub_subject
    if row.person_id is None:
        raise NotTranslated("missing-field", path="person_id", remedy="name the person whom the record is about")
    subject = pseudonyms.child(row.person_id)
    people = [data["child"]] if "child" in data else [item["child"] for item in data.get("children", ())]
    if subject not in (person["reference"] for person in people):
        remedy = "name a person of the document, by the same number as there"
        raise NotTranslated("person-not-in-document", path="person_id", remedy=remedy)
    return subject


def _episode(row: Row, pseudonyms: Pseudonyms) -> str:
    if row.hub_episode is not None:
        return row.hub_episode
    if row.case_id is None:
        raise NotTranslated("missing-field", path="case_id", remedy="name the case that the record belongs to")
    return pseudonyms.episode(row.case_id)


def _check(data: Json, entry: Entry) -> None:
    """Refuse what the contract does not take, in the case system's own names."""
    try:
        entry.data.model_validate_json(json.dumps(data))
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        kind = first["type"]
        raise NotTranslated(
            _CODES.get(kind) or kind.replace("_", "-").removeprefix("dolen-"),
            path=entry.shape.native_path(first["loc"], DOCUMENT),
            remedy=_REMEDIES.get(kind) or first["msg"],
        ) from None
