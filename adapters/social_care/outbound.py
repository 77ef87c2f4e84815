"""Decides how the case system is told of a notification: in its own names and words, as far as it has them."""

from adapters.social_care.dictionary import Dictionary, dictionary
from adapters.social_care.native import Notice
from adapters.social_care.values import Json
from contracts.delivery import Delivery


def to_native(delivery: Delivery, words: Dictionary | None = None) -> Notice:
    """The row of a notification."""
    words = words or dictionary()
    entry = words.by_type[delivery.type]
    data = delivery.data.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    return Notice(
        delivery_id=delivery.id,
        kind=entry.kind,
        sender=words.sender.to_native(delivery.source, TheirNumbers()),
        hub_event=delivery.origin,
        hub_sender=delivery.source,
        hub_event_type=delivery.type,
        hub_subject=delivery.subject,
        hub_episode=delivery.correlationid,
        happened_at=delivery.time,
        document=entry.shape.to_native(data, TheirNumbers()),
    )


class TheirNumbers:
    """People and records of another agency: the case system is given the hub's ids, marked as such."""

    def person(self, number: str) -> str:
        """Not asked for: only the sender knows."""
        raise NotImplementedError

    def record(self, kind: str, number: str, version: int) -> str:
        """Not asked for: only the sender knows."""
        raise NotImplementedError

    def native_person(self, reference: str) -> Json:
        """A person by the sender's reference."""
        return {"hub_reference": reference}

    def native_record(self, kind: str, event_id: str) -> Json:
        """A record by its event."""
        return {"hub_event": event_id}
