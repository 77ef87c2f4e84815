"""What operators may do with dead letters: try, ask, agree, decline, carry out, set aside. The API of console and CLI.

Each call is one act of one person, reported on `access.v1` before its transaction is committed. Calls block: on the
database, and on Kafka for some ten milliseconds a letter; a server calls them in a thread. One desk serves one thread
at a time: `make_desk` for each request is cheap beside the act.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection, Engine

from contracts.access import Act
from contracts.topics import PAYLOAD_RETENTION_MS
from hub.access_log import hub_key
from hub.access_report import AccessReports, Operator
from hub.app import marks_secret
from hub.attest import Redrive as Attested
from hub.credentials import CredentialFiles
from hub.dead_letter import DeadLetter
from hub.errors import NotAllowed, StartRefused
from hub.record import Coordinates
from hub.redrive.kafka import InboundReader, InboundSender
from hub.redrive.trial import (
    Kept,
    Trial,
    Verdict,
    again,
    in_order,
    is_spent,
    sent_before,
    would_be,
)
from hub.rules import Rules, RulesFiles
from hub.settings import Settings
from hub.store import redrives
from hub.store.asked import Id, IdForm
from hub.store.database import holding, reading, writing
from hub.store.letters import letter
from hub.store.redrives import Redrive, RedriveState, Standing, place_of

MOST_LETTERS = 500
"""Of one re-drive."""
MOST_BEFORE = 1000
"""How many earlier letters are looked at for the same child."""

_VERDICTS = {
    Standing.SENT: Verdict.SENT,
    Standing.ASKED: Verdict.ASKED,
    Standing.SET_ASIDE: Verdict.SET_ASIDE,
    Standing.QUARANTINED: Verdict.QUARANTINED,
    Standing.MENDED: Verdict.REPEAT,
}


class Asked(NamedTuple):
    """What came of asking: the re-drive of those that go, if any do, and the trial of each letter."""

    redrive: Redrive | None
    trials: Sequence[Trial]


@dataclass(frozen=True, slots=True)
class Carried:
    """One letter of a re-drive that is carried out: sent, where to, or why not."""

    trial: Trial
    sent_to: Coordinates | None


class Reader(Protocol):
    """Where refused records can be read back."""

    def read(self, at: Coordinates) -> Kept | None:
        """The record, or None where it is no longer there."""
        ...


class Sender(Protocol):
    """Where records can be sent on."""

    def send(self, record: Kept) -> tuple[Coordinates, int]:
        """Send one; where it stands now, and its broker time."""
        ...


class Desk:
    """One operator's desk; `make_desk` makes it out of settings."""

    def __init__(
        self,
        *,
        engine: Engine,
        rules: Callable[[], Rules],
        reader: Reader,
        sender: Sender,
        reports: AccessReports,
        key: Ed25519PrivateKey,
        per_s: float,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = engine
        self._rules = rules
        self._reader = reader
        self._sender = sender
        self._reports = reports
        self._key = key
        self._per_s = per_s
        self._now_ms = now_ms
        self._sleep = sleep

    def try_out(self, letters: Sequence[Coordinates], by: Operator, *, own: str | None = None) -> list[Trial]:
        """What sending these letters on would come to now, in the order in which they would go; nothing is sent.

        Those of re-drive `own` are tried as if nobody had asked for them. Raises `NotAllowed` for a record without a
        dead letter, `Unavailable` where PostgreSQL or Kafka is away.
        """
        for at in letters:
            self._reports.say(by, Act.VIEWED, "dead-letter.dry-run", about=str(at))
        with reading(self._engine) as connection:
            return self._tried(connection, _found(connection, letters), own=own)

    def ask(self, letters: Sequence[Coordinates], by: Operator, *, why: str) -> Asked:
        """Ask for those of these letters to be sent on that go. One alone is agreed; more need a second person.

        Nothing is sent yet: `carry_out` does that. Raises `NotAllowed` where another re-drive has one of them.
        """
        with writing(self._engine) as connection:
            redrives.one_at_a_time(connection)
            trials = self._tried(connection, _found(connection, letters))
            going = [place_of(trial.letter) for trial in trials if trial.goes]
            if not going:
                return Asked(None, trials)
            agreed = len(going) == 1
            made = redrives.ask(connection, going, by=by.id, why=why, now_ms=self._now_ms(), agreed=agreed)
            for at in going:
                self._reports.say(by, Act.CHANGED, "dead-letter.redrive-asked", about=str(at), why=why)
            return Asked(made, trials)

    def approve(self, redrive: str, by: Operator, *, why: str) -> Redrive:
        """Agree to a re-drive that somebody else asked for. `carry_out` sends it.

        Raises `NotAllowed` for the person who asked, who is reported, and for one that waits for nobody.
        """
        return self._decide(redrive, by, why, yes=True)

    def decline(self, redrive: str, by: Operator, *, why: str) -> Redrive:
        """Say no to a re-drive that somebody else asked for: its letters are free again. Raises as `approve` does."""
        return self._decide(redrive, by, why, yes=False)

    def carry_out(
        self, redrive: str, by: Operator, *, tell: Callable[[Carried], None] = lambda carried: None
    ) -> Redrive:
        """Send the letters of an agreed re-drive on, at the rate of the settings, each tried again just before.

        `tell` hears of each. Broken off at any point it can be called again: what was sent and not noted is sent once
        more, and the hub drops that as a repeat. Raises `NotAllowed` where it is not agreed, or another is at it.
        """
        with holding(self._engine) as lock, redrives.carrying_out(lock, redrive):
            with reading(self._engine) as connection:
                found = redrives.redrive(connection, redrive)
            if found.state not in (RedriveState.APPROVED, RedriveState.DONE):
                raise NotAllowed("not-agreed", redrive)
            for number, each in enumerate(each for each in found.letters if each.state == "waiting"):
                if number:
                    self._sleep(1 / self._per_s)
                with writing(self._engine) as connection:
                    carried = self._carried(connection, redrive, each, by)
                tell(carried)
            with writing(self._engine) as connection:
                redrives.note_done(connection, redrive)
                return redrives.redrive(connection, redrive)

    def set_aside(self, letters: Sequence[Coordinates], by: Operator, *, why: str) -> None:
        """Keep that these letters are not to be sent on. Raises `NotAllowed` where a re-drive that waits has one."""
        with writing(self._engine) as connection:
            found = [place_of(each) for each in _found(connection, letters)]
            redrives.set_aside(connection, found, by=by.id, why=why, now_ms=self._now_ms())
            for at in found:
                self._reports.say(by, Act.CHANGED, "dead-letter.set-aside", about=str(at), why=why)

    def _decide(self, redrive: str, by: Operator, why: str, *, yes: bool) -> Redrive:
        what = "dead-letter.redrive-approved" if yes else "dead-letter.redrive-declined"
        with writing(self._engine) as connection:
            try:
                made = redrives.decide(connection, redrive, by=by.id, why=why, now_ms=self._now_ms(), yes=yes)
            except NotAllowed as refused:
                if refused.rule == "same-person":
                    self._reports.say(by, Act.REFUSED, what, about=redrive, why=why)
                raise
            self._reports.say(by, Act.CHANGED, what, about=redrive, why=why)
            return made

    def _carried(self, connection: Connection, redrive: str, each: redrives.RedriveLetter, by: Operator) -> Carried:
        """One letter: sent and noted, or only noted."""
        redrives.one_at_a_time(connection)
        (trial,) = self._tried(connection, _found(connection, [each.at]), own=redrive)
        at = place_of(trial.letter)
        if not trial.goes:
            redrives.note_not_sent(connection, redrive, each.ordinal, why_not=trial.verdict.value)
            if trial.verdict is Verdict.QUARANTINED:
                redrives.set_aside(
                    connection,
                    [at],
                    by=by.id,
                    why="loop guard",
                    now_ms=self._now_ms(),
                    standing=Standing.QUARANTINED,
                )
            return Carried(trial, None)
        record = self._reader.read(at)
        assert record is not None  # noqa: S101 - tried a moment ago
        self._reports.say(by, Act.CHANGED, "dead-letter.redriven", about=str(at))
        before = sent_before(record, self._rules())
        sent_to, sent_ms = self._sender.send(again(record, before, key=self._key, now_ms=self._now_ms()))
        redrives.note_sent(connection, redrive, each.ordinal, times=trial.times, offset=sent_to.offset, sent_ms=sent_ms)
        return Carried(trial, sent_to)

    def _tried(self, connection: Connection, letters: Sequence[DeadLetter], *, own: str | None = None) -> list[Trial]:
        """The trials of letters; those of re-drive `own` count as not asked for yet."""
        trying = _Trying(connection, self._rules(), self._reader, self._key, now_ms=self._now_ms())
        standings = redrives.standings(connection, letters)
        trials = []
        for each in in_order(letters):
            stands = standings[place_of(each)]
            is_own = stands.standing is Standing.ASKED and stands.redrive == own
            if stands.standing is Standing.OPEN or is_own:
                trials.append(trying.trial(each))
            else:
                trials.append(Trial(each, _VERDICTS[stands.standing], behind=stands.sent_to))
        return trials


class _Trying:
    """Tries letters one after another, in their order: an earlier one that goes holds no later one up."""

    def __init__(
        self, connection: Connection, rules: Rules, reader: Reader, key: Ed25519PrivateKey, *, now_ms: int
    ) -> None:
        self._connection = connection
        self._rules = rules
        self._reader = reader
        self._key = key
        self._now_ms = now_ms
        self._children: dict[Coordinates, bytes | None] = {}
        self._going: set[Coordinates] = set()

    def trial(self, found: DeadLetter) -> Trial:
        at = place_of(found)
        record = self._reader.read(at)
        if record is None:
            return Trial(found, Verdict.EXPIRED)
        before = sent_before(record, self._rules)
        times = before.times + 1
        if is_spent(before):
            return Trial(found, Verdict.QUARANTINED, times=times)
        self._children[at] = record.key
        tried = self._by_content(found, record, before)
        if not tried.goes:
            return tried
        behind = self._behind(found, record.key)
        if behind is not None:
            return Trial(found, Verdict.WAITS, times=times, behind=behind, versions=tried.versions)
        self._going.add(at)
        return tried

    def _by_content(self, found: DeadLetter, record: Kept, before: Attested) -> Trial:
        made = would_be(again(record, before, key=self._key, now_ms=self._now_ms), self._rules)
        times, event = before.times + 1, made.event
        if not made.taken:
            return Trial(found, Verdict.REFUSED, times=times, faults=made.faults, versions=made.versions)
        taken = redrives.accepted(self._connection, {(event.source, event.id)}).get(
            (event.source or "", event.id or "")
        )
        if taken is not None:
            verdict = Verdict.REPEAT if taken.digest == made.digest else Verdict.CONFLICT
            return Trial(found, verdict, times=times, behind=taken.at, versions=made.versions)
        later = redrives.later_taken(
            self._connection, source=event.source or "", subject=event.subject or "", sequence=event.sequence or 0
        )
        return Trial(
            found,
            Verdict.GOES,
            times=times,
            decisions=made.decisions,
            versions=made.versions,
            overtaken_by=later,
        )

    def _behind(self, found: DeadLetter, child: bytes | None) -> Coordinates | None:
        """The first letter before this one that is of the same child and not on its way itself."""
        since_ms = self._now_ms - PAYLOAD_RETENTION_MS
        before = redrives.earlier_open(self._connection, found, since_ms=since_ms, limit=MOST_BEFORE)
        for at in before:
            if at not in self._going and self._child(at) == child:
                return at
        return before[-1] if len(before) == MOST_BEFORE else None  # more than can be looked at: those go first

    def _child(self, at: Coordinates) -> bytes | None:
        if at not in self._children:
            record = self._reader.read(at)
            self._children[at] = None if record is None else record.key
        return self._children[at]


@contextlib.contextmanager
def make_desk(settings: Settings, engine: Engine) -> Iterator[Desk]:
    """A desk for these settings; raises `StartRefused` where a file is missing: `dolen provision` makes them."""
    secret = marks_secret(settings)
    files = RulesFiles(settings, marks_secret=secret)

    def rules() -> Rules:
        files.refresh()
        return files.current

    reader = InboundReader(settings)
    try:
        yield Desk(
            engine=engine,
            rules=rules,
            reader=reader,
            sender=InboundSender(settings, CredentialFiles(settings.state_dir).redrive()),
            reports=AccessReports(settings, key=hub_key(secret)),
            key=_private_key(settings),
            per_s=settings.redrive_per_s,
        )
    finally:
        reader.close()


def _private_key(settings: Settings) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(settings.redrive_key.read_bytes(), password=None)
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StartRefused(f"{settings.redrive_key}: the key of re-drives is missing or broken; run `dolen provision`")
    return key


def _found(connection: Connection, letters: Sequence[Coordinates]) -> list[DeadLetter]:
    if len(letters) > MOST_LETTERS:
        raise NotAllowed("too-many", str(MOST_LETTERS))
    found = []
    for at in letters:
        one = letter(connection, Id(IdForm.RECORD, str(at)))
        if one is None:
            raise NotAllowed("no-such-letter", str(at))
        found.append(one)
    return in_order(found)
