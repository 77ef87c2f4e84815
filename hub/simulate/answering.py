"""What recipients answer: a machine has it (in turn or not), a person, a team; asked, refused, or passed on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from contracts.base import Contract
from contracts.envelope import Event
from contracts.events.receipts import (
    AcceptedByData,
    AskedData,
    DeliveredData,
    EscalatedData,
    EventIdentity,
    GapData,
    NotificationAcceptedBy,
    NotificationAsked,
    NotificationDelivered,
    NotificationEscalated,
    NotificationGap,
    NotificationOpened,
    NotificationRefused,
    NotificationRestored,
    NotificationSystemOff,
    OpenedData,
    RefusedData,
    RestoredData,
    SystemOffData,
)
from contracts.identity import delivery_id
from hub.simulate.draft import Draft
from hub.simulate.names import ROLES, TEAMS
from hub.simulate.words import Words

Answer = Literal["delivered", "opened", "accepted-by", "refused", "asked", "escalated", "gap", "restored", "system-off"]

MODELS: Mapping[Answer, type[Event]] = {
    "delivered": NotificationDelivered,
    "opened": NotificationOpened,
    "accepted-by": NotificationAcceptedBy,
    "refused": NotificationRefused,
    "asked": NotificationAsked,
    "escalated": NotificationEscalated,
    "gap": NotificationGap,
    "restored": NotificationRestored,
    "system-off": NotificationSystemOff,
}


def answered(
    event: Event, recipient: str, answer: Answer, at: datetime, *, kind: str, say: Words, rng: Random
) -> Draft:
    """What `recipient`, an organisation of `kind`, answers to the notification that tells it of `event`."""
    data = _data(event, recipient, answer, at - timedelta(seconds=20), kind=kind, say=say, rng=rng)
    return Draft(MODELS[answer], recipient, event.subject, data)


def _data(
    event: Event, recipient: str, answer: Answer, when: datetime, *, kind: str, say: Words, rng: Random
) -> Contract:
    about: dict[str, Any] = {
        "delivery": delivery_id(event.source, event.id, recipient),
        "original": EventIdentity(source=event.source, id=event.id),
        "original_type": event.type,
    }
    match answer:
        case "delivered":
            return DeliveredData(**about, stored_at=when)
        case "opened":
            return OpenedData(**about, opened_at=when, role=ROLES[kind])
        case "accepted-by":
            return AcceptedByData(
                **about,
                accepted_at=when,
                role=ROLES[kind],
                team=TEAMS[kind][0],
            )
        case "refused":
            return RefusedData(
                **about,
                refused_at=when,
                reason=rng.choice(("child-not-identified", "not-our-child")),
                explanation=say.statement("refusal"),
            )
        case "asked":
            return AskedData(
                **about,
                asked_at=when,
                role=ROLES[kind],
                question=say.statement("question"),
            )
        case "escalated":
            return EscalatedData(
                **about,
                escalated_at=when,
                to="education-desk",
                reason="not-opened-in-time",
            )
        case "gap":
            return GapData(
                **about,
                let_through_at=when,
                missing_from=event.sequence - 1,
                missing=1,
            )
        case "restored":
            return RestoredData(
                **about,
                restored_at=when,
                role=ROLES[kind],
                reason="not-our-child",
            )
        case "system-off":
            return SystemOffData(
                **about,
                turned_off_at=when,
                reason="asked-to-stop",
            )
