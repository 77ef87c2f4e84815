"""Decides in which order the two kinds of resource are taken: a child's events leave in the order they were written."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.health.collected import Collected
from adapters.health.sweep import Sweep, changed_at

HELD: Final = timedelta(seconds=10)
"""What is stamped this much after the first search began waits for the next look: the other kind's search, which was
asked a moment earlier or later, may not show what was written in between. What is stamped further in the future has a
wrong clock and doesn't wait."""

Take = Callable[[Collected], Awaitable[bool]]
"""Puts a record into the outbox or aside, and returns then; whether it was new."""


async def look(sweeps: Sequence[Sweep], take: Take) -> None:
    """Take all that there is; raises what the sweeps and the taking raise, and then the marks stay where they are."""
    begun = [moment for sweep in sweeps if (moment := await sweep.begin()) is not None]
    until = min(begun, default=datetime.now(UTC))
    async for sweep, record in _merged(sweeps):
        changed = changed_at(record)
        if changed is None or not until < changed <= until + HELD:
            sweep.note(record, new=await take(record))
    for sweep in sweeps:
        sweep.advance(until)


async def _merged(sweeps: Sequence[Sweep]) -> AsyncIterator[tuple[Sweep, Collected]]:
    """The records of all sweeps by when they were changed, with one of each looked at ahead."""
    sources = [(sweep, sweep.records()) for sweep in sweeps]
    ahead = [(sweep, source, first) for sweep, source in sources if (first := await anext(source, None)) is not None]
    while ahead:
        ahead.sort(key=lambda one: changed_at(one[2]) or datetime.min.replace(tzinfo=UTC))
        sweep, source, record = ahead.pop(0)
        yield sweep, record
        following = await anext(source, None)
        if following is not None:
            ahead.append((sweep, source, following))
