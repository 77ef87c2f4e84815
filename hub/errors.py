"""What can go wrong in the hub, sorted by what happens next.

DolenError
├── StartRefused       a setting, file or topic is wrong: mend it and start again (exit code 2)
├── Unavailable        Kafka or Redis is away: the lane waits and tries again; nothing is dead-lettered
│   └── SeenLostWrites Redis forgot what Kafka knows: the window is rebuilt from the ledger first
├── LaneLost           another worker owns the lane now: this one lets go
├── NotAllowed         a person asked for what the rules of the hub don't allow: nothing was done
└── InDoubt            Kafka holds something that this lane can't account for: it stops and a person looks
"""


class DolenError(Exception):
    """The hub can't go on with what it was doing."""


class StartRefused(DolenError):
    """The hub doesn't start on a wrong setting, policy, network or directory.

    Says the rule, what was seen (never personal data), and the remedy; names the file and line where there is one.
    """


class Unavailable(DolenError):
    """A server that the lane needs doesn't answer; the lane waits for it."""


class SeenLostWrites(Unavailable):
    """Redis is behind Kafka or has no epoch: it lost writes, and repeats could pass until it is rebuilt."""


class LaneLost(DolenError):
    """Another worker has fenced this lane's producer: it owns the lane."""


class InDoubt(DolenError):
    """An output partition that only this lane writes is undecided, or the ledger is ahead of the offsets."""


class NotAllowed(DolenError):
    """What a person asked for is not done, and why: `rule` is a stable name, for a text in the person's language."""

    def __init__(self, rule: str, about: str = "") -> None:
        super().__init__(f"not allowed: {rule}{f' ({about})' if about else ''}")
        self.rule = rule
        self.about = about
