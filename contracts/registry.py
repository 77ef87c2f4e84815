"""Every event type there is, by name: what is not here is refused."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.event_type import EventType
from contracts.events import (
    circumstances,
    conferences,
    enquiries,
    notices,
    receipts,
    referrals,
    register_changes,
    strategy_discussions,
)

REGISTRY: Mapping[str, EventType] = MappingProxyType(
    {
        event_type.name: event_type
        for family in (
            referrals,
            strategy_discussions,
            enquiries,
            conferences,
            register_changes,
            circumstances,
            notices,
            receipts,
        )
        for event_type in family.EVENTS
    }
)
"""In the order of the procedure."""
