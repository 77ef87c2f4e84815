"""What is counted after a run: a number that has to be right, and a notification that has to be there."""

from dataclasses import dataclass

from hub.demo.phrases import Phrase
from hub.simulate.sender import Placed


@dataclass(frozen=True, slots=True)
class Check:
    """One number that has to be right."""

    phrase: Phrase
    expected: int
    counted: int

    @property
    def right(self) -> bool:
        """Whether it is."""
        return self.expected == self.counted


@dataclass(frozen=True, slots=True)
class Due:
    """One notification that has to be there."""

    recipient: str
    topic: str
    placed: Placed
    source: str
    subject: str
    """The sender's reference of the child."""
    family: str
