"""Decides what the portal is given of a notification."""

from adapters.schools.notice import Notice, notice
from contracts.delivery import Delivery


def to_native(delivery: Delivery) -> Notice:
    """A notification as the portal keeps it."""
    return notice(delivery)
