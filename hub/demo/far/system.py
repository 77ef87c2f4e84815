"""What the demo asks of an agency's own system."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hub.demo.far.place import Place

Said = Mapping[str, Any]
"""An event as JSON: what somebody at the agency writes into its system, in the contracts' words."""


class System(Protocol):
    """One agency's system beside its adapter."""

    place: Place

    def prepare(self) -> None:
        """Make what has to be there before the adapter starts, its file included."""
        ...

    def say(self, event: Said) -> str:
        """Write the native record that an event would come from; gives the reference by which the outbox knows it."""
        ...

    def look(self) -> None:
        """Do what the system does by itself now and then, such as fetching what waits for it."""
        ...

    def has(self) -> Sequence[str]:
        """Ids of the notifications in the system, in the order in which they came; one that is there twice, twice."""
        ...
