"""Decides how an agency stands: alive, quiet or behind, by its adapters' heartbeats and what waits with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.heartbeat import EVERY_S
from hub.store.agencies import AdapterBeat, AgencyState

QUIET_AFTER_MS = 4 * EVERY_S * 1000
"""Without a heartbeat for so long, an adapter is quiet: three of them are missing."""
BEHIND_AFTER_MS = 5 * 60_000
"""With something waiting for so long, it is behind."""
CLOCK_OFF_MS = 60_000
"""So far from the broker's, an adapter's clock is wrong: its times can't be believed."""


class Standing(StrEnum):
    """How an adapter or an agency stands; the later, the worse."""

    ALIVE = "alive"
    UNKNOWN = "unknown"
    """No adapter of it was ever heard: it may have none."""
    BEHIND = "behind"
    """Alive, and something waits too long or stands for good."""
    QUIET = "quiet"
    """Its heartbeat has stopped."""


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency of the network, with what is known of it."""

    agency: str
    state: AgencyState | None
    standing: Standing

    @property
    def adapters(self) -> tuple[AdapterBeat, ...]:
        """Its adapters' newest heartbeats."""
        return self.state.adapters if self.state is not None else ()

    @property
    def parked(self) -> int:
        """Notifications that stand behind a failed one."""
        return sum(beat.parked for beat in self.adapters)

    @property
    def unreached(self) -> int:
        """Systems and contacts of it that are told no more; nothing waits for them, so it is not behind."""
        return sum(beat.unreached for beat in self.adapters)


def agencies_of(network: Iterable[str], known: Iterable[AgencyState], now_ms: int) -> list[Agency]:
    """Every agency of the network and every other that was ever heard, worst first."""
    states = {state.agency: state for state in known}
    found = []
    for agency in {*network, *states}:
        state = states.get(agency)
        beats = state.adapters if state is not None else ()
        each = [standing_of(beat, now_ms) for beat in beats]
        found.append(Agency(agency, state, max(each, key=_SEVERITY.index, default=Standing.UNKNOWN)))
    return sorted(found, key=lambda agency: (-_SEVERITY.index(agency.standing), agency.agency))


def standing_of(beat: AdapterBeat, now_ms: int) -> Standing:
    """How one adapter stands; by the broker's clock, since its own may be wrong."""
    if now_ms - beat.received_ms > QUIET_AFTER_MS:
        return Standing.QUIET
    waits = max(beat.inbox_oldest_ms or 0, beat.outbox_oldest_ms or 0) > BEHIND_AFTER_MS
    return Standing.BEHIND if waits or beat.parked or beat.outbox_refused else Standing.ALIVE


def clock_off_ms(beat: AdapterBeat) -> int:
    """How far an adapter's clock is from the broker's (ahead is positive); 0 where that is within reason."""
    off = beat.at_ms - beat.received_ms
    return off if abs(off) > CLOCK_OFF_MS else 0


_SEVERITY = (Standing.ALIVE, Standing.UNKNOWN, Standing.BEHIND, Standing.QUIET)
