"""What one agency can do at the door: give an event, ask after it, and list, fetch and answer its notifications."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from adapters.gateway.inbound import to_event
from adapters.gateway.mailbox import Listed, Mailbox, State
from adapters.gateway.native import CloudEvent, Mail
from adapters.gateway.problems import Refused, Trouble
from adapters.gateway.settings import GatewaySettings
from adapters.sdk.clock import Clock, moment, system_clock
from adapters.sdk.declaration import Taken
from adapters.sdk.errors import NotStored
from adapters.sdk.outbox import Progress, StoredOutbox
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.faults import Fault, FaultCode
from contracts.topics import DAY_MS

T = TypeVar("T")


class Counter:
    """One agency's own, with its own store; another agency's is another object."""

    def __init__(
        self,
        settings: GatewaySettings,
        pseudonyms: Pseudonyms,
        outbox: StoredOutbox,
        *,
        clock: Clock = system_clock,
    ) -> None:
        self.agency = pseudonyms.agency
        self.settings = settings
        self._pseudonyms = pseudonyms
        self._outbox = outbox
        self._mailbox = Mailbox(outbox.schema)
        self._clock = clock

    async def open(self) -> None:
        """Make the inbox's table; raises NotStored."""
        await self._outbox.together(self._mailbox.prepare)

    async def keep(self, mail: Mail, *, gap: bool) -> None:
        """Put a notification into the inbox; raises NotStored."""
        await self._outbox.together(lambda connection: self._mailbox.keep(connection, mail, gap=gap, now=self._clock()))

    async def take(self, event: CloudEvent) -> Taken:
        """Store an event for the hub, and return only then; raises Refused."""
        try:
            taken = await self._outbox.put(to_event(event, self._pseudonyms))
        except NotAnEvent:  # all but the size was looked at
            raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.TOO_LARGE)) from None
        except NotStored:
            raise Refused(Trouble.NOT_STORED) from None
        if taken.differs:
            raise Refused(Trouble.CONFLICT, Fault(FaultCode.CONFLICT, "id"))
        return taken

    async def state_of(self, event_id: str) -> Progress:
        """How far an event has come; raises Refused."""
        found = await self._outbox.look(lambda connection: self._outbox.state_of(connection, event_id))
        if found is None:
            raise Refused(Trouble.NOT_FOUND)
        return found

    async def listed(self, *, states: Sequence[State], after: int, limit: int) -> list[Listed]:
        """Notifications of these states, the oldest first."""
        return await self._outbox.look(
            lambda connection: self._mailbox.listed(connection, states=tuple(states), after=after, limit=limit)
        )

    async def fetch(self, delivery: str) -> bytes:
        """A notification; raises Refused."""
        at = moment(self._clock())
        return await self._stored(
            lambda connection: self._mailbox.fetch(connection, delivery, put=self._outbox.put_in, at=at)
        )

    async def answer(self, delivery: str, state: State, said: Mapping[str, Any]) -> State:
        """Say what became of a notification; raises Refused."""
        at = moment(self._clock())
        return await self._stored(
            lambda connection: self._mailbox.answer(
                connection, delivery, state, said=said, put=self._outbox.put_in, at=at
            )
        )

    async def tidy(self) -> None:
        """Delete what was fetched and is older than the agency keeps it."""
        before = self._clock() - self.settings.keep_days * DAY_MS
        await self._outbox.together(lambda connection: self._mailbox.tidy(connection, before=before))

    async def _stored(self, operation: Callable[[Connection], T]) -> T:
        try:
            return await self._outbox.together(operation)
        except NotStored:
            raise Refused(Trouble.NOT_STORED) from None
