"""Decides what a notification is when it is fetched: the CloudEvent itself, in structured JSON."""

from adapters.gateway.native import Mail
from adapters.sdk.answers import is_answered
from contracts.delivery import Delivery
from contracts.registry import REGISTRY


def to_native(delivery: Delivery) -> Mail:
    """What is put into the agency's inbox."""
    return Mail(
        id=delivery.id,
        type=delivery.type,
        source=delivery.source,
        is_answered=is_answered(delivery.source, REGISTRY[delivery.type].family),
        content=delivery.model_dump_json(exclude_unset=True).encode(),
    )
