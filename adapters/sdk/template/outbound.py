"""Decides what the case system is given of a notification."""

from adapters.sdk.template.native import Letter
from contracts.delivery import Delivery


def to_native(delivery: Delivery) -> Letter:
    """A notification as a letter: who says what about which child."""
    return Letter(
        id=delivery.id,
        sender=delivery.source,
        type=delivery.type,
        child=delivery.subject,
        episode=delivery.correlationid,
        number=delivery.sequence,
        time=delivery.time.isoformat(),
        says=delivery.data.model_dump(mode="json", exclude_none=True),
    )
