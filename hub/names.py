"""Every name that the hub uses in Kafka and Redis, with one prefix before them all, so that hubs can share servers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from contracts import topics
from contracts.parties import agency_of


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one hub; the prefix is empty in service, and a test's own in a test."""

    prefix: str = ""

    @property
    def inbound(self) -> tuple[str, ...]:
        """The topics that agencies write."""
        return tuple(self.prefix + topic for topic in topics.INBOUND)

    def inbound_places(self, lanes: int) -> list[tuple[str, int]]:
        """Each lane of each of them."""
        return [(topic, lane) for topic in self.inbound for lane in range(lanes)]

    @property
    def families(self) -> Mapping[str, topics.Family]:
        """The family of each of them."""
        return _families(self.prefix)

    @property
    def ledger(self) -> str:
        """The topic of decisions."""
        return self.prefix + topics.LEDGER

    @property
    def dead_letters(self) -> str:
        """The topic of what could not be taken."""
        return self.prefix + topics.DEAD_LETTERS

    @property
    def heartbeats(self) -> str:
        """The topic on which adapters say that they are alive."""
        return self.prefix + topics.HEARTBEATS

    @property
    def access_reports(self) -> str:
        """The topic on which portal and console say who looked at what."""
        return self.prefix + topics.ACCESS_REPORTS

    @property
    def access_log(self) -> str:
        """The topic of access records in the hub's keeping."""
        return self.prefix + topics.ACCESS_LOG

    @property
    def group(self) -> str:
        """The consumer group of all workers."""
        return f"{self.prefix}dolen-hub"

    @property
    def access_group(self) -> str:
        """The group whose offsets say how far access reports are chained."""
        return f"{self.group}-access"

    @property
    def access_transactional_id(self) -> str:
        """Whoever starts a producer with it chains access reports from then on, and nobody else."""
        return f"{self.prefix}dolen-access"

    @property
    def redis(self) -> str:
        """What every key in Redis begins with."""
        return f"{self.prefix}dolen:"

    def checkpoint(self, lane: int) -> str:
        """The file of a lane's newest checkpoint."""
        return f"{self.prefix}lane-{lane}.checkpoint"

    def outbound(self, agency: str, family: str) -> str:
        """The topic on which one agency reads a family."""
        return _outbound(self.prefix, agency, family)

    def transactional_id(self, lane: int) -> str:
        """The lane's own: whoever starts a producer with it fences every earlier owner of the lane."""
        return f"{self.prefix}dolen-lane-{lane}"

    def outbound_to(self, party: str, family: str) -> str:
        """The topic on which a party is told: its agency's."""
        return _outbound_to(self.prefix, party, family)


@lru_cache(maxsize=8)
def _families(prefix: str) -> Mapping[str, topics.Family]:
    return {prefix + topic: family for topic, family in topics.FAMILY_OF_TOPIC.items()}


@lru_cache(maxsize=4096)
def _outbound(prefix: str, agency: str, family: str) -> str:
    return prefix + topics.outbound(agency, family)


@lru_cache(maxsize=32_768)
def _outbound_to(prefix: str, party: str, family: str) -> str:
    return _outbound(prefix, agency_of(party), family)
