"""Dead letters sent on, on real servers: agreed by two, once each, in a child's order, and never for ever."""

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import Engine

from hub.access_report import Operator
from hub.attest import REDRIVE
from hub.audit.of_hub import audit_hub
from hub.bench.load import SENDER, Loaded
from hub.credentials import CredentialFiles
from hub.errors import NotAllowed
from hub.observe.services import catch_up, rebuild_tables
from hub.record import Coordinates
from hub.redrive.desk import Desk, make_desk
from hub.redrive.trial import Verdict
from hub.settings import DatabaseSettings, Settings, load_settings
from hub.store.database import reading
from hub.store.letters import find_letters
from hub.store.redrives import RedriveState, Standing, find_redrives, place_of, standings
from tests.rig import Rig

pytestmark = pytest.mark.connected

ANN, BEN, CAI, DEE, EVE = "ann", "ben", "cai", "dee", "eve"
CHILDREN = (ANN, BEN, CAI, DEE, EVE)
MAIR, SION = Operator("idp|mair", "operator"), Operator("idp|sion", "approver")


class Ground:
    """A hub that lacks an agency's key, what it refused for that, and a desk that has the key already."""

    def __init__(self, rig: Rig, database_url: str, engine: Engine) -> None:
        self.rig, self.engine, self.database_url = rig, engine, database_url
        self._files = CredentialFiles(rig.state)
        self._whole = self._files.keys()
        shutil.copytree(rig.state, rig.state.parent / "desk")
        self._files.write_keys(key for key in self._whole if key.agency != SENDER)
        self.sent: dict[tuple[str, int], tuple[Loaded, Coordinates]] = {}
        self._ids: dict[str, str] = {}

    def know_the_key(self) -> None:
        self._files.write_keys(self._whole)

    @contextmanager
    def desk(self):
        with make_desk(self.settings(self.rig.state.parent / "desk"), self.engine) as desk:
            yield desk

    def settings(self, state=None) -> Settings:
        return load_settings(
            state_dir=state or self.rig.state,
            network=self.rig.settings.network,
            topic_prefix=self.rig.settings.topic_prefix,
            database=DatabaseSettings.model_validate({"url": self.database_url}),
            redrive_per_s=500.0,
        )

    async def send(self, *events: tuple[str, Loaded]) -> None:
        async with AIOKafkaProducer(**self.rig.root.kafka_client(), acks="all") as producer:
            for child, event in events:
                at = await producer.send_and_wait(
                    self.rig.load.topic, event.value, key=event.key, headers=event.headers
                )
                number = sum(known == child for known, _ in self.sent) + 1
                self.sent[child, number] = event, Coordinates(at.topic, at.partition, at.offset)

    def event(self, child: str) -> tuple[str, Loaded]:
        made = self.rig.load.event(self._ids.get(child))
        self._ids.setdefault(child, made.key.decode())
        return child, made

    def letter(self, child: str, number: int = 1) -> Coordinates:
        return self.sent[child, number][1]

    def look(self) -> None:
        """Wait for the hub, and read what it wrote into the tables."""
        asyncio.run(self.rig.settled())
        asyncio.run(catch_up(self.settings()))

    def newest_letter(self) -> Coordinates:
        with reading(self.engine) as connection:
            return place_of(find_letters(connection, limit=1).rows[0])

    def deliveries(self) -> Counter[str]:
        """Notifications by the event that they are of, at one of its recipients, in the order of each lane."""
        topic = self.rig.names.outbound("south-wales-police", "circumstances")
        lanes = asyncio.run(self.rig._by_lane(topic))
        self.order = [json.loads(record.value)["origin"] for lane in lanes.values() for record in lane]
        return Counter(self.order)

    def stands(self, at: Coordinates) -> Standing:
        with reading(self.engine) as connection:
            rows = [row for row in find_letters(connection, limit=1000).rows if place_of(row) == at]
            return standings(connection, rows)[at].standing


@pytest.fixture
def ground(rig, database_url, engine) -> Ground:
    made = Ground(rig, database_url, engine)
    rig.start()
    rig.working(lanes=6)
    asyncio.run(made.send(*(made.event(child) for child in CHILDREN), made.event(ANN)))
    made.look()
    return made


def test_letters_are_sent_on_once_in_order_and_agreed_by_two_and_the_audit_understands_all_of_it(ground):
    with ground.desk() as desk:
        refused_for_ever_is_quarantined(ground, desk)
        ground.know_the_key()
        what_would_happen_is_told_and_nothing_is_sent(ground, desk)
        of_two_operators_one_sends_a_letter(ground, desk)
        more_than_one_letter_needs_a_second_person(ground, desk)
        what_its_sender_sent_again_is_a_repeat(ground, desk)
        what_is_set_aside_stays(ground, desk)
    ids = {key: event.event_id for key, (event, _) in ground.sent.items()}
    delivered = ground.deliveries()
    assert delivered == Counter([ids[ANN, 1], ids[ANN, 2], ids[BEN, 1], ids[DEE, 1]])
    assert ground.order.index(ids[ANN, 1]) < ground.order.index(ids[ANN, 2])
    report = audit_hub(ground.rig.settings)
    assert report.clean, report.violations
    every_act_is_reported(ground)
    what_operators_did_outlasts_new_tables(ground)


def refused_for_ever_is_quarantined(ground: Ground, desk: Desk) -> None:
    """The desk has the key and the hub has not: each time the record comes back as a letter of its own."""
    letter = ground.letter(CAI)
    for times in (1, 2, 3):
        asked = desk.ask([letter], MAIR, why="the key is known")
        assert [(trial.verdict, trial.times) for trial in asked.trials] == [(Verdict.GOES, times)]
        done = desk.carry_out(asked.redrive.id, MAIR)
        assert done.state is RedriveState.DONE
        (sent,) = done.letters
        ground.look()
        assert ground.stands(letter) is Standing.SENT
        letter = ground.newest_letter()
        assert sent.sent_to == letter
    asked = desk.ask([letter], MAIR, why="once more")
    assert asked.redrive is None
    assert [trial.verdict for trial in asked.trials] == [Verdict.QUARANTINED]


def what_would_happen_is_told_and_nothing_is_sent(ground: Ground, desk: Desk) -> None:
    first, second = ground.letter(ANN, 1), ground.letter(ANN, 2)
    trial, other = desk.try_out([second, first], MAIR)
    assert (trial.verdict, other.verdict) == (Verdict.GOES, Verdict.GOES)
    assert [trial.letter.at.offset, other.letter.at.offset] == [first.offset, second.offset]
    told = {decision.recipient for decision in trial.decisions if decision.told}
    assert "/agencies/south-wales-police" in told
    assert any(not decision.told for decision in trial.decisions)
    (alone,) = desk.try_out([second], MAIR)
    assert (alone.verdict, alone.behind) == (Verdict.WAITS, first)
    assert ground.stands(first) is Standing.OPEN
    with pytest.raises(NotAllowed, match="no-such-letter"):
        desk.try_out([first._replace(offset=10**6)], MAIR)
    command = [sys.executable, "-m", "hub", "dead-letters", "redrive", "--dry-run", "--json", str(first), str(second)]
    own = ground.rig.environment | {"DOLEN_DATABASE__URL": ground.database_url}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["redrive"] is None
    assert [letter["verdict"] for letter in said["letters"]] == ["goes", "goes"]


def of_two_operators_one_sends_a_letter(ground: Ground, desk: Desk) -> None:
    came: list[object] = []
    begin = threading.Barrier(2)

    def operate(by: Operator) -> None:
        with ground.desk() as own:
            begin.wait()
            asked = own.ask([ground.letter(BEN)], by, why="the key is known")
            came.append(asked.redrive or asked.trials[0].verdict)
            if asked.redrive is not None:
                own.carry_out(asked.redrive.id, by)

    operators = [threading.Thread(target=operate, args=(by,)) for by in (MAIR, SION)]
    for operator in operators:
        operator.start()
    for operator in operators:
        operator.join()
    assert len(came) == 2
    assert sum(result in (Verdict.ASKED, Verdict.SENT) for result in came) == 1, came
    ground.look()


def more_than_one_letter_needs_a_second_person(ground: Ground, desk: Desk) -> None:
    both = [ground.letter(ANN, 2), ground.letter(ANN, 1)]
    asked = desk.ask(both, MAIR, why="the key is known").redrive
    assert asked.state is RedriveState.ASKED
    assert [each.at for each in asked.letters] == [*reversed(both)]
    with pytest.raises(NotAllowed, match="same-person"):
        desk.approve(asked.id, MAIR, why="I say so myself")
    with pytest.raises(NotAllowed, match="not-agreed"):
        desk.carry_out(asked.id, MAIR)
    with pytest.raises(NotAllowed, match="another-has-it"):
        desk.set_aside(both[:1], SION, why="no")
    declined = desk.decline(asked.id, SION, why="not today")
    assert declined.state is RedriveState.DECLINED
    asked = desk.ask(both, MAIR, why="today").redrive
    assert desk.approve(asked.id, SION, why="yes").decided_by == SION.id
    with pytest.raises(NotAllowed, match="nothing-to-decide"):
        desk.approve(asked.id, SION, why="yes again")
    heard: list[Coordinates | None] = []
    done = desk.carry_out(asked.id, SION, tell=lambda carried: heard.append(carried.sent_to))
    assert [each.state for each in done.letters] == ["sent", "sent"]
    assert heard == [each.sent_to for each in done.letters]
    assert desk.carry_out(asked.id, SION) == done, "carried out again, nothing is left to send"
    ground.look()


def what_its_sender_sent_again_is_a_repeat(ground: Ground, desk: Desk) -> None:
    event, letter = ground.sent[DEE, 1]
    asyncio.run(ground.send((DEE, event)))
    ground.look()
    (trial,) = desk.try_out([letter], MAIR)
    assert (trial.verdict, trial.behind) == (Verdict.REPEAT, ground.sent[DEE, 2][1])
    assert ground.stands(letter) is Standing.MENDED


def what_is_set_aside_stays(ground: Ground, desk: Desk) -> None:
    letter = ground.letter(EVE)
    desk.set_aside([letter], SION, why="its sender withdrew it")
    (trial,) = desk.try_out([letter], MAIR)
    assert trial.verdict is Verdict.SET_ASIDE
    with pytest.raises(NotAllowed, match="no-form"):
        desk.set_aside([letter], SION, why="two\nlines")


def every_act_is_reported(ground: Ground) -> None:
    lanes = asyncio.run(ground.rig._by_lane(ground.rig.names.access_reports))
    said = [json.loads(record.value) for lane in lanes.values() for record in lane]
    acts = Counter((each["act"], each["what"]) for each in said)
    assert acts["changed", "dead-letter.redriven"] == 6
    assert acts["refused", "dead-letter.redrive-approved"] == 1
    assert acts["changed", "dead-letter.redrive-declined"] == 1
    assert acts["changed", "dead-letter.set-aside"] == 1
    assert acts["viewed", "dead-letter.dry-run"] >= 6
    assert {each["for_party"] for each in said} == {"/hub"}


def what_operators_did_outlasts_new_tables(ground: Ground) -> None:
    with reading(ground.engine) as connection:
        before = find_redrives(connection, limit=100)
    asyncio.run(rebuild_tables(ground.settings()))
    with reading(ground.engine) as connection:
        assert find_redrives(connection, limit=100) == before
        assert len(before) == 6
    assert ground.stands(ground.letter(EVE)) is Standing.SET_ASIDE
    assert ground.stands(ground.letter(ANN)) is Standing.SENT


def test_an_agency_that_says_itself_that_its_record_is_a_redrive_is_refused(rig):
    rig.start()
    event = rig.load.event()
    forged = [*event.headers, (REDRIVE, b"v1,1,%b/0/0,%b" % (rig.load.topic.encode(), b"0" * 128))]

    async def send() -> None:
        async with AIOKafkaProducer(**rig.root.kafka_client(), acks="all") as producer:
            await producer.send_and_wait(rig.load.topic, event.value, key=event.key, headers=forged)
        await rig.settled()

    asyncio.run(send())
    report = audit_hub(rig.settings)
    assert report.clean, report.violations
    assert report.outcomes["rejected"] == 1
    lanes = asyncio.run(rig._by_lane(rig.names.dead_letters))
    (letter,) = [json.loads(record.value) for lane in lanes.values() for record in lane]
    assert [fault["code"] for fault in letter["faults"]] == ["HUB-107"]
