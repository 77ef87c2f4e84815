"""Events of every type with other children, parties, schools and consents than the examples have."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tests.unit.policy_cases import (
    CARDIFF,
    CHARITY,
    EDUCATION,
    EVERYBODY,
    FAR_SCHOOL,
    HEALTH,
    OTHER_SCHOOL,
    POLICE,
    PUBLISHED,
    SCHOOL,
    VALE,
    at_school,
    document,
)

EDUCATIONS: list[dict[str, Any]] = [
    at_school(SCHOOL),
    at_school(OTHER_SCHOOL),
    at_school(FAR_SCHOOL),
    {"status": "home-educated"},
    {"status": "below-school-age"},
    {"status": "unknown", "school": None},
]
SENDERS = (CARDIFF, VALE, POLICE, HEALTH, EDUCATION, CHARITY, SCHOOL)
MOMENTS = [datetime(year, 6, 1, tzinfo=UTC) for year in (2020, 2026, 2031)]


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An example event with other children, parties, schools and consents."""
    name = draw(st.sampled_from(PUBLISHED)).removeprefix("wales.child-protection.").removesuffix(".v1")
    event = document(name)
    data = event["data"]
    event["source"] = draw(st.sampled_from(SENDERS))
    for field in ("participants", "core_group"):
        if field in data:
            data[field] = draw(st.permutations(list(dict.fromkeys([*data[field], *draw(parties())]))))
    if "responsible_authority" in data:
        data["conflicts_of_interest"] = draw(parties())
        data["responsible_authority"] = draw(st.sampled_from([CARDIFF, VALE])).removeprefix("/agencies/")
    if "referrer" in data:
        data["referrer"] = draw(st.sampled_from([*SENDERS, FAR_SCHOOL, "/agencies/velindre-trust"]))
    if "possible_crime" in data:
        data["possible_crime"] = draw(st.booleans())
    items = data.get("children", [data])
    for item in items:
        vary(draw, item)
    if len(items) > 1 and draw(st.booleans()):
        kept = [item for item in items if item["child"]["reference"] == event["subject"]]
        data["children"] = kept
    return event


def parties() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*EVERYBODY, FAR_SCHOOL]), max_size=4, unique=True)


def vary(draw: st.DrawFn, item: dict[str, Any]) -> None:
    child = item.get("child")
    if child is None:
        return
    if draw(st.booleans()):
        child["shielded"] = draw(st.booleans())
    if child.get("education") is not None:
        child["education"] = draw(st.sampled_from(EDUCATIONS))
    for field in ("temporary_address", "upn", "home_address", "coordinator"):
        if draw(st.booleans()):
            (child if field in child else item).pop(field, None)
    if draw(st.booleans()):
        item["categories_may_be_shared_with_school"] = draw(st.booleans())
