"""Receipts: the hub tells a sender what became of an event, a recipient what became of a notification."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.base import Contract
from contracts.envelope import Event, Uuid
from contracts.event_type import EventType, declared
from contracts.kinds import EVERY_AGENCY, HUB_ALONE
from contracts.lists import OneTo
from contracts.parties import PartyUri
from contracts.sharing import Sharing
from contracts.text import Line, Statement
from contracts.times import Moment

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A reason or rule, by its stable name."""

TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,120}$")]

RecipientOrRelation = Annotated[
    str,
    StringConstraints(
        pattern=r"^(/schools/[0-9]{7}|/agencies/[a-z][a-z0-9]*(-[a-z0-9]+)*|relation:[a-z][a-z0-9-]*)$", max_length=80
    ),
]
"""A party, or `relation:<name>` where the relation named nobody."""

FieldPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*\[\]-]*$", max_length=200)]
"""Field names and indexes, never a value; empty for the whole event."""


class EventIdentity(Contract):
    """The identity of an event."""

    source: Annotated[PartyUri, Sharing.CASE]
    id: Annotated[Uuid, Sharing.CASE]


class RecordCoordinates(Contract):
    """Where a record stands in the broker."""

    topic: Annotated[Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,120}$")], Sharing.CASE]
    partition: Annotated[int, Field(ge=0, le=9999), Sharing.CASE]
    offset: Annotated[int, Field(ge=0), Sharing.CASE]


class Told(Contract):
    """One party that was told."""

    recipient: Annotated[PartyUri, Sharing.CASE]
    delivery: Annotated[Uuid, Sharing.CASE]
    """The id of the notification it was sent."""
    view: Annotated[Code, Sharing.CASE]


class NotTold(Contract):
    """One party that was not told, and why."""

    recipient: Annotated[RecipientOrRelation, Sharing.CASE]
    reason: Annotated[Code, Sharing.CASE]


class AcceptedData(Contract):
    """The event was taken, and who was told."""

    original: EventIdentity
    original_type: Annotated[TypeName, Sharing.CASE]
    record: RecordCoordinates
    told: Annotated[tuple[Told, ...], Field(max_length=200)] = ()
    not_told: Annotated[tuple[NotTold, ...], Field(max_length=200)] = ()


class EventAccepted(Event):
    """The hub took an event."""

    type: Literal["wales.child-protection.receipts.accepted.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.accepted.v1"]
    data: AcceptedData


class DuplicateData(Contract):
    """The event had been taken before; this repeat told nobody."""

    original: EventIdentity
    original_type: Annotated[TypeName, Sharing.CASE]
    record: RecordCoordinates
    first: RecordCoordinates


class EventDuplicate(Event):
    """The hub had an event already."""

    type: Literal["wales.child-protection.receipts.duplicate.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.duplicate.v1"]
    data: DuplicateData


class ReportedFault(Contract):
    """One thing wrong with an event, without the value that is wrong."""

    code: Annotated[Annotated[str, StringConstraints(pattern=r"^HUB-[0-9]{3}$")], Sharing.CASE]
    path: Annotated[FieldPath, Sharing.CASE] = ""
    rule: Annotated[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{0,80}$")], Sharing.CASE] = ""
    remedy: Annotated[Line, Sharing.CASE]


class RejectedData(Contract):
    """The event was not taken; mended, it may be sent again under its id."""

    original: EventIdentity | None = None
    """None where it could not be read."""
    original_type: Annotated[TypeName | None, Sharing.CASE] = None
    record: RecordCoordinates
    authenticated: Annotated[bool, Sharing.CASE]
    """False: somebody without a valid key claimed to be this sender."""
    faults: Annotated[tuple[ReportedFault, ...], OneTo(100)]


class EventRejected(Event):
    """The hub refused an event."""

    type: Literal["wales.child-protection.receipts.rejected.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.rejected.v1"]
    data: RejectedData


class Answer(Contract):
    """What every receipt of a recipient says: which notification it answers."""

    delivery: Annotated[Uuid, Sharing.CASE]
    """The notification's `id`."""
    original: EventIdentity
    """The notification's `source` and `origin`."""
    original_type: Annotated[TypeName, Sharing.CASE]


class DeliveredData(Answer):
    """A machine has it."""

    stored_at: Annotated[Moment, Sharing.CASE]


class NotificationDelivered(Event):
    """A notification is stored in the recipient's system."""

    type: Literal["wales.child-protection.receipts.delivered.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.delivered.v1"]
    data: DeliveredData


class OpenedData(Answer):
    """A person has read it."""

    opened_at: Annotated[Moment, Sharing.CASE]
    role: Annotated[Line, Sharing.CASE]
    """Of the reader, for example designated safeguarding person."""


class NotificationOpened(Event):
    """Somebody opened a notification."""

    type: Literal["wales.child-protection.receipts.opened.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.opened.v1"]
    data: OpenedData


class AcceptedByData(Answer):
    """A team has taken it on."""

    accepted_at: Annotated[Moment, Sharing.CASE]
    role: Annotated[Line, Sharing.CASE]
    team: Annotated[Line, Sharing.CASE]


class NotificationAcceptedBy(Event):
    """A team took on a notification."""

    type: Literal["wales.child-protection.receipts.accepted-by.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.accepted-by.v1"]
    data: AcceptedByData


class RefusedData(Answer):
    """A recipient does not take it on, and says why."""

    refused_at: Annotated[Moment, Sharing.CASE]
    reason: Annotated[
        Literal["not-our-child", "child-not-identified", "conflict-of-interest", "not-entitled", "unreadable", "other"],
        Sharing.CASE,
    ]
    explanation: Annotated[Statement | None, Sharing.NARRATIVE] = None


class NotificationRefused(Event):
    """A recipient refused a notification."""

    type: Literal["wales.child-protection.receipts.refused.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.refused.v1"]
    data: RefusedData


class AskedData(Answer):
    """A recipient asks the sender something; whoever is asked answers by telephone or by a new event."""

    asked_at: Annotated[Moment, Sharing.CASE]
    role: Annotated[Line, Sharing.CASE]
    question: Annotated[Statement, Sharing.NARRATIVE]


class NotificationAsked(Event):
    """Somebody asked the sender about a notification."""

    type: Literal["wales.child-protection.receipts.asked.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.asked.v1"]
    data: AskedData


class EscalatedData(Answer):
    """Nobody at the recipient saw it in time, or could have: somebody else was told of it."""

    escalated_at: Annotated[Moment, Sharing.CASE]
    to: Annotated[Literal["education-desk", "out-of-hours"], Sharing.CASE]
    """The education desk of the recipient's authority, or that desk's out-of-hours contact."""
    reason: Annotated[
        Literal[
            "not-opened-in-time",
            "school-closed",
            "nobody-designated",
            "school-unknown",
            "not-our-child",
            "pointer-bounced",
        ],
        Sharing.CASE,
    ]


class NotificationEscalated(Event):
    """A notification was passed on, since its recipient did not open it."""

    type: Literal["wales.child-protection.receipts.escalated.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.escalated.v1"]
    data: EscalatedData


class GapData(Answer):
    """The recipient let a notification through though earlier events of its sender about the child did not come.

    Most gaps mean nothing: a recipient isn't entitled to every event. Few mean that one is still on its way, and very
    few that one is lost; the hub's operators can tell, since the ledger says who was told of each number.
    """

    let_through_at: Annotated[Moment, Sharing.CASE]
    missing_from: Annotated[int, Field(ge=1, le=2_147_483_647), Sharing.CASE]
    """The first number that did not come."""
    missing: Annotated[int, Field(ge=1, le=2_147_483_647), Sharing.CASE]
    """So many did not, up to the number before the notification's own."""


class NotificationGap(Event):
    """A notification was let through before its turn."""

    type: Literal["wales.child-protection.receipts.gap.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.gap.v1"]
    data: GapData


class RestoredData(Answer):
    """A recipient has again what it refused or was kept from: the reason for that no longer holds."""

    restored_at: Annotated[Moment, Sharing.CASE]
    role: Annotated[Line, Sharing.CASE]
    """Of whoever put it right, for example an education desk."""
    reason: Annotated[Literal["not-our-child", "conflict-of-interest"], Sharing.CASE]
    """What no longer holds."""


class NotificationRestored(Event):
    """A recipient has again what it had been kept from."""

    type: Literal["wales.child-protection.receipts.restored.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.restored.v1"]
    data: RestoredData


class SystemOffData(Answer):
    """The recipient's own system is called no more: for days it took nothing, this notification neither, or it said so.

    People are told as before; whoever keeps that system, and the education desk, know that it is off.
    """

    turned_off_at: Annotated[Moment, Sharing.CASE]
    reason: Annotated[Literal["not-answering", "asked-to-stop"], Sharing.CASE]


class NotificationSystemOff(Event):
    """A notification did not reach the recipient's own system, which is called no more."""

    type: Literal["wales.child-protection.receipts.system-off.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.receipts.system-off.v1"]
    data: SystemOffData


EVENTS: tuple[EventType, ...] = (
    declared(
        EventAccepted,
        publishers=HUB_ALONE,
        title_en="Accepted",
        title_cy="Derbyniwyd",
        summary="The hub took an event and says who was told, who was not, and why.",
    ),
    declared(
        EventDuplicate,
        publishers=HUB_ALONE,
        title_en="Duplicate",
        title_cy="Dyblygiad",
        summary="The hub had taken the same event before; nobody was told again.",
    ),
    declared(
        EventRejected,
        publishers=HUB_ALONE,
        title_en="Rejected",
        title_cy="Gwrthodwyd gan yr hyb",
        summary="The hub refused an event and says which rules it breaks and where.",
    ),
    declared(
        NotificationDelivered,
        publishers=EVERY_AGENCY,
        title_en="Delivered",
        title_cy="Danfonwyd",
        summary="A notification is stored in the recipient's system.",
    ),
    declared(
        NotificationOpened,
        publishers=EVERY_AGENCY,
        title_en="Opened",
        title_cy="Agorwyd",
        summary="Somebody in a named role opened a notification.",
    ),
    declared(
        NotificationAcceptedBy,
        publishers=EVERY_AGENCY,
        title_en="Taken on",
        title_cy="Derbyniwyd gan dîm",
        summary="A team took on a notification.",
    ),
    declared(
        NotificationRefused,
        publishers=EVERY_AGENCY,
        title_en="Refused",
        title_cy="Gwrthodwyd gan y derbynnydd",
        summary="A recipient does not take on a notification, and says why.",
    ),
    declared(
        NotificationAsked,
        publishers=EVERY_AGENCY,
        title_en="Question asked",
        title_cy="Cwestiwn wedi'i ofyn",
        summary="A recipient asks the sender something about a notification.",
    ),
    declared(
        NotificationEscalated,
        publishers=EVERY_AGENCY,
        title_en="Passed on",
        title_cy="Trosglwyddwyd",
        summary="A notification that nobody opened in time was passed on to somebody else, and why.",
    ),
    declared(
        NotificationGap,
        publishers=EVERY_AGENCY,
        title_en="Let through before its turn",
        title_cy="Gadawyd drwodd cyn ei dro",
        summary="A notification went to the recipient's system though earlier ones of its sender did not come.",
    ),
    declared(
        NotificationRestored,
        publishers=EVERY_AGENCY,
        title_en="Restored",
        title_cy="Adferwyd",
        summary="A recipient has again what it refused or was kept from: the reason for that no longer holds.",
    ),
    declared(
        NotificationSystemOff,
        publishers=EVERY_AGENCY,
        title_en="Own system turned off",
        title_cy="Diffoddwyd system y derbynnydd",
        summary="A notification did not reach the recipient's own system, which is called no more; people are told.",
    ),
)
