"""Classes of information: every field has one, and what must not be seen by all is not seen by all."""

import pytest

from contracts.classification import Leaf, leaves
from contracts.event_type import EventType
from contracts.registry import REGISTRY
from contracts.sharing import Sharing


def leaves_of(event_type: EventType) -> list[Leaf]:
    data = event_type.model.model_fields["data"].annotation
    assert isinstance(data, type)
    return list(leaves(data))


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_every_field_of_every_event_has_a_class(event_type: EventType) -> None:
    assert [leaf.path for leaf in leaves_of(event_type) if leaf.sharing is None] == []


def test_every_class_is_some_fields_class() -> None:
    used = {leaf.sharing for event_type in REGISTRY.values() for leaf in leaves_of(event_type)}
    assert used == set(Sharing)


@pytest.mark.parametrize(
    ("field", "sharing"),
    [
        ("nhs_number", Sharing.NHS_NUMBER),
        ("upn", Sharing.UPN),
        ("home_address", Sharing.ADDRESS),
        ("new_address", Sharing.ADDRESS),
        ("reporter", Sharing.REPORTER),
        ("referrer", Sharing.REPORTER),
        ("siblings", Sharing.SIBLINGS),
        ("child_voice", Sharing.VOICE),
        ("concern", Sharing.NARRATIVE),
        ("police_references", Sharing.POLICE_REFERENCE),
        ("encompass_reference", Sharing.ENCOMPASS_REFERENCE),
        ("names", Sharing.IDENTITY),
    ],
)
def test_a_field_has_its_own_class_wherever_it_stands(field: str, sharing: Sharing) -> None:
    found = {
        leaf.sharing for event_type in REGISTRY.values() for leaf in leaves_of(event_type) if leaf.path[-1] == field
    }
    assert found == {sharing}


def test_what_everybody_sees_is_references_and_codes_alone() -> None:
    seen = {
        leaf.path[-1]
        for event_type in REGISTRY.values()
        for leaf in leaves_of(event_type)
        if leaf.sharing is Sharing.CASE and ".receipts." not in event_type.name
    }
    assert seen == {
        "responsible_authority", "participants", "conflicts_of_interest", "reference", "shielded",
        "authority_person_id", "referral", "convened", "discussion", "enquiry", "scheduled", "conference",
        "to_authority", "previous_reference", "handling", "categories_may_be_shared_with_school",
    }  # fmt: skip


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_all_that_concerns_a_child_hangs_below_the_child_item(event_type: EventType) -> None:
    """So that a list can be cut to one school's own pupils and hides their siblings."""
    of_the_child = {Sharing.IDENTITY, Sharing.NHS_NUMBER, Sharing.UPN, Sharing.VOICE, Sharing.HEALTH, Sharing.SIBLINGS}
    for leaf in leaves_of(event_type):
        if leaf.sharing in of_the_child and event_type.name.split(".")[3] != "identifier-changed":
            assert leaf.path[0] in ("child", "children"), leaf.path
