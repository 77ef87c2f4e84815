"""What an adapter is: who keeps it, what it publishes and is told, and the two pure translations.

An adapter is a folder under `adapters/` with a declaration, `inbound.py` (native to event), `outbound.py` (notification
to native), `edge.py` (the only part that touches the agency's system), `fixtures/` and a README. It never sees the hub.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from adapters.sdk.about import About
from adapters.sdk.errors import AdapterError
from adapters.sdk.outcome import Outcome
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.delivery import Delivery

In = TypeVar("In")
Out = TypeVar("Out")
Contra = TypeVar("Contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event as a translation makes it; the outbox adds `id`, `sequence` and `traceparent`, and checks the whole."""

    type: str
    """A type of the registry."""
    reference: str
    """What names the native record at the agency, the same whenever that record is read: its event has one id."""
    subject: str
    """`Pseudonyms.child(…)`."""
    correlationid: str
    """`Pseudonyms.episode(…)`."""
    time: datetime
    """When it happened, with an offset."""
    data: Mapping[str, Any]
    """The type's `data`, as JSON has it."""
    source: str | None = None
    """The party that speaks, where the adapter speaks for several, as the schools' does; else the agency's own."""
    id: str | None = None
    """The event's id, where the agency's system chose one itself; else the outbox makes it of `reference`."""


class NotTranslated(AdapterError):
    """A native record that is not what its format says: kept, shown to the agency with this reason, never dropped."""

    def __init__(self, code: str, *, path: str = "", remedy: str) -> None:
        """`code` in lower case with hyphens, `path` in the words of the native format; never a value."""
        self.code = code
        self.path = path
        self.remedy = remedy
        super().__init__(f"{path or 'record'}: {code}; {remedy}")


@dataclass(frozen=True, slots=True)
class Notification:
    """What an agency is told, as its adapter is given it."""

    delivery: Delivery
    """Parsed by the view of its type; `delivery.id` is the same over every retry."""
    attempt: int = 1
    gap: bool = False
    """Earlier events of this sender about this child did not come: not entitled to them, or still under way."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The outbox has the event, on disk."""

    event_id: str
    again: bool = False
    """It had it before."""
    differs: bool = False
    """It had it before with other content, and that one stands: the agency has to be told."""


class Outbox(Protocol):
    """Where an adapter puts what its system says."""

    async def put(self, draft: Draft) -> Taken:
        """Store an event for the hub, and return only then; raises NotAnEvent where it breaks the rules of its type.

        Raises NotStored where the store has no room or is away: the record is not taken then, and can be given again.
        """
        ...

    async def set_aside(self, reference: str, reason: NotTranslated, *, native: bytes | None = None) -> None:
        """Keep a native record that could not be translated, for a person of the agency to see; `put` ends it."""
        ...


class Edge(Protocol[Contra]):
    """The part of an adapter that touches the agency's system."""

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Take native records, put what they say into the outbox, then tell the system they are taken, until `stop`."""
        ...

    async def deliver(self, native: Contra, notification: Notification) -> Outcome:
        """Give one notification to the system; may be called again with the same one, and then changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Declaration(About, Generic[In, Out]):
    """One adapter, readable without reading its code."""

    to_event: Callable[[In, Pseudonyms], Draft]
    """Pure; raises NotTranslated."""
    to_native: Callable[[Delivery], Out]
    """Pure; raises NotTranslated, and the notification is then refused as `unreadable`."""
    settings: type[Any]
    """A Pydantic model: the table `[<name>]` of the adapter's configuration file."""
    open: Callable[[Any, Pseudonyms], Edge[Out]]
    """Makes the edge of these settings; opens no connection yet."""
