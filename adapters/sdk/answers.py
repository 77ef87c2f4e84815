"""Decides what is told of a notification: delivered, refused and why, or let through though others did not come."""

from datetime import datetime
from typing import Any

from adapters.sdk.declaration import Draft
from adapters.sdk.outcome import Refused
from contracts.parties import HUB
from contracts.topics import Family

TYPE = "wales.child-protection.receipts.{}.v1"


def is_answered(source: str, family: str) -> bool:
    """Whether a notification is answered at all: an answer to an answer would never end."""
    return source != HUB and family != Family.RECEIPTS


def delivered(notification: dict[str, Any], at: datetime) -> Draft:
    """The agency's system has it. `notification` is the notification's JSON."""
    return _answer("delivered", notification, at, {"stored_at": at.isoformat()})


def refused(notification: dict[str, Any], at: datetime, refusal: Refused) -> Draft:
    """The agency does not take it."""
    data: dict[str, Any] = {"refused_at": at.isoformat(), "reason": refusal.code}
    if refusal.explanation:
        data["explanation"] = {"text": refusal.explanation, "language": refusal.language}
    return _answer("refused", notification, at, data)


def gap(notification: dict[str, Any], at: datetime, *, missing_from: int) -> Draft:
    """It goes to the agency's system though the sender's events from `missing_from` on did not come."""
    missing = notification["sequence"] - missing_from
    data = {"let_through_at": at.isoformat(), "missing_from": missing_from, "missing": missing}
    return _answer("gap", notification, at, data)


def _answer(kind: str, notification: dict[str, Any], at: datetime, data: dict[str, Any]) -> Draft:
    return Draft(
        type=TYPE.format(kind),
        reference=f"{'gap' if kind == 'gap' else 'answer'} {notification['id']}",
        subject=notification["subject"],
        correlationid=notification["correlationid"],
        time=at,
        data={
            "delivery": notification["id"],
            "original": {"source": notification["source"], "id": notification["origin"]},
            "original_type": notification["type"],
            **data,
        },
        source=notification["recipient"],
    )
