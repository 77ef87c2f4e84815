"""The categories of abuse under which a child's name is registered in Wales: one or more of five."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.lists import OneTo
from contracts.rules import Rule, broken


class Category(StrEnum):
    """Working Together volume 5 and the Wales Safeguarding Procedures; England's list has no `financial`."""

    PHYSICAL = "physical"
    SEXUAL = "sexual"
    EMOTIONAL_PSYCHOLOGICAL = "emotional-psychological"
    FINANCIAL = "financial"
    NEGLECT = "neglect"


def _check_no_repeats(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    if len(set(categories)) != len(categories):
        raise broken(Rule.CATEGORY_TWICE)
    return categories


Categories = Annotated[
    tuple[Category, ...],
    Field(json_schema_extra={"uniqueItems": True}),
    OneTo(5),
    AfterValidator(_check_no_repeats),
]
"""A set of one to five; a tuple, so that it is written in the order in which it was given."""
