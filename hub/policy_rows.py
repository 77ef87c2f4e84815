"""The form of the policy's files: what a row of each table may say."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.kinds import Kind
from contracts.sharing import Sharing

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
AgreementId = Annotated[str, StringConstraints(pattern=r"^(ISP|DDA|JCA)-[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
FieldPath = Annotated[str, StringConstraints(pattern=r"^data(\.[a-z][a-z0-9_]*)+$", max_length=120)]
"""Names of fields from `data` down; a list adds nothing: `data.children.child.names`."""

OF_KIND = "of-kind"
"""What a rule writes instead of a view to give each recipient the view of its kind."""


class Row(BaseModel):
    """One row of one table; a key that isn't listed here is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Basis(Row):
    """A legal basis, with its citation."""

    id: Id
    citation: Text
    title_en: Text
    title_cy: Text


class Agreement(Row):
    """A sharing agreement (WASPI): who has signed it, what it rests on, from when until when it holds."""

    id: AgreementId
    kind: Literal["ISP", "DDA", "JCA"]
    """Information sharing protocol, data disclosure agreement (one way), joint controller agreement."""
    title_en: Text
    title_cy: Text
    parties: Annotated[frozenset[Kind], Field(min_length=2)]
    basis: Annotated[tuple[Id, ...], Field(min_length=1)]
    starts: Annotated[date, Field(alias="from")]
    ends: date
    """The last day on which it holds."""


class View(Row):
    """What a recipient sees of an event."""

    id: Id
    title_en: Text
    title_cy: Text
    kinds: Annotated[frozenset[Kind], Field(alias="for", min_length=1)]
    """Kinds of organisation that may be given it."""
    of_kind: bool = False
    """Whether it is what `view = "of-kind"` gives them."""
    shows: Annotated[frozenset[Sharing], Field(min_length=1)]
    own_roll: bool = False
    """Of an event about several children: a school sees those on its roll, an education desk those that it stands
    in for (on no roll, or their school has a conflict of interest)."""
    hide_when_shielded: frozenset[Sharing] = frozenset()
    """Classes left out when a child of the event is shielded."""
    withhold: tuple[FieldPath, ...] = ()
    """Fields left out though their class is shown."""
    withhold_when_shielded: tuple[FieldPath, ...] = ()
    own: tuple[FieldPath, ...] = ()
    """Lists whose class is not shown, of which a recipient sees its own entries (those whose `party` it is)."""
    agreed: dict[Sharing, str] = {}
    """Classes shown only beside a field of that name which says yes: the chair's consent."""


class RuleRow(Row):
    """Who is told of a type of event, why they may be, and what they see."""

    id: Id
    type: str | tuple[str, ...]
    tell: str
    kinds: Annotated[frozenset[Kind] | None, Field(min_length=1)] = None
    """Of those that `tell` names, these kinds alone."""
    basis: str
    agreement: str
    view: str
    when: FieldPath | None = None
    """Only where this field says yes."""
    unless: tuple[Literal["shielded"], ...] = ()
    withhold: tuple[FieldPath, ...] = ()
    own: tuple[FieldPath, ...] = ()
    why: Text

    @property
    def types(self) -> tuple[str, ...]:
        """The types that it is about, as written."""
        return (self.type,) if isinstance(self.type, str) else self.type


class BasesFile(Row):
    """bases.toml"""

    basis: Annotated[tuple[Basis, ...], Field(min_length=1)]


class AgreementsFile(Row):
    """agreements.toml"""

    agreement: Annotated[tuple[Agreement, ...], Field(min_length=1)]


class ViewsFile(Row):
    """views.toml"""

    view: Annotated[tuple[View, ...], Field(min_length=1)]


class RulesFile(Row):
    """rules/<family>.toml"""

    rule: Annotated[tuple[RuleRow, ...], Field(min_length=1)]
