"""Notices that are for one reader: the police tell a school of a domestic abuse incident (Operation Encompass)."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.case import MAX_CHILDREN, AboutChildren, ChildItem, ChildrenEvent
from contracts.event_type import EventType, declared
from contracts.identifiers import PoliceNumber, PoliceReference
from contracts.kinds import POLICE_ALONE
from contracts.lists import OneTo
from contracts.people import ChildVoice
from contracts.sharing import Sharing
from contracts.text import Line, Statement
from contracts.times import Moment


class ChildOfIncident(ChildItem):
    """One child of the household, for that child's own school."""

    involvement: Annotated[Literal["present", "in-the-home", "not-present", "injured"], Sharing.STAGE]
    child_voice: Annotated[ChildVoice, Sharing.VOICE]
    circumstances: Annotated[Statement, Sharing.NARRATIVE]
    """What a school needs to know to look after the child tomorrow, and no more."""


class AttendedIncident(AboutChildren):
    """An incident that police attended; the school is told before the start of the next school day."""

    children: Annotated[tuple[ChildOfIncident, ...], OneTo(MAX_CHILDREN)]
    incident_at: Annotated[Moment, Sharing.STAGE]
    place: Annotated[Line | None, Sharing.ADDRESS] = None
    encompass_reference: Annotated[PoliceNumber, Sharing.ENCOMPASS_REFERENCE]
    police_references: Annotated[tuple[PoliceReference, ...], Field(max_length=10), Sharing.POLICE_REFERENCE] = ()
    handling: Annotated[Literal["be-aware-do-not-raise"], Sharing.CASE]
    """Be aware, be prepared: not to be raised with child or parent."""


class DomesticAbuseIncident(ChildrenEvent):
    """Police attended a domestic abuse incident in a child's household."""

    type: Literal["wales.child-protection.notices.domestic-abuse-incident.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.notices.domestic-abuse-incident.v1"]
    data: AttendedIncident


EVENTS: tuple[EventType, ...] = (
    declared(
        DomesticAbuseIncident,
        publishers=POLICE_ALONE,
        title_en="Domestic abuse incident",
        title_cy="Digwyddiad cam-drin domestig",
        summary="Police tell a child's school of an incident before the next school day (Operation Encompass).",
    ),
)
