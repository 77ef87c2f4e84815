"""What the projector writes for given records, in whatever portions and order the lanes are read."""

import random
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from contracts.headers import SIGNATURE, sign
from contracts.identity import delivery_id
from hub.keyring import SigningKey
from hub.observe.projection.build import Builder
from hub.observe.projection.write import Overtaken, empty, read_heads, write
from hub.record import Record
from hub.store.asked import Asked, id_of
from hub.store.balance import balance
from hub.store.database import reading, writing
from hub.store.find import Cursor, find
from hub.store.lanes import odd_records
from hub.store.migrate import migrate
from hub.store.months import Month, make_months, month_of, months_made
from hub.store.notification import notifications
from tests.connected.store.projected import dump, go_back
from tests.unit.observe.trails import (
    ALSO_TOLD,
    DELIVERY,
    EVENT,
    NAMES,
    SENDER,
    TOLD,
    TRACE,
    ZERO,
    MemoryRecord,
    MemoryTopics,
    answer,
    entry,
    put_answer,
    rejected,
    repeat,
    told,
)

pytestmark = pytest.mark.connected

KEY = SigningKey("cardiff-social-services.1", "cardiff-social-services", b"a key of the tests", 0, 2**60)

LONG_AGO = Month(2020, 1)


def take(engine: Engine, records: Sequence[Record], *, kept_from: Month = LONG_AGO) -> None:
    """Write records as one batch, read from where the tables are."""
    with writing(engine) as connection:
        heads = read_heads(connection)
        batch = Builder(NAMES).build(records, heads, keyring={KEY.key_id: KEY})
        write(connection, batch, made=set(), kept_from=kept_from)


def records(topics: MemoryTopics) -> list[Record]:
    return [record for kept in topics.records.values() for record in kept if record.topic.startswith("hub.")]


def answered() -> MemoryTopics:
    """The referral, its repeat, a rejection, and what came back: each kind twice, the later one first of all.

    That it was passed on comes before anything else, and counts for nothing beside them.
    """
    topics = MemoryTopics()
    topics.decide(entry())
    topics.decide(repeat())
    topics.decide(rejected(at={"offset": 30, "time_ms": ZERO + 100}))
    put_answer(topics, recipient_says("escalated"), after_ms=1000)
    for after_ms, kind in ((9000, "opened"), (2000, "delivered"), (4000, "opened"), (5000, "delivered")):
        put_answer(topics, recipient_says(kind), after_ms=after_ms)
    return topics


def recipient_says(kind: str, *, by: str = TOLD, delivery: str = DELIVERY) -> dict:
    return answer(kind, delivery=delivery) | {"source": by}


@pytest.mark.parametrize("seed", range(6))
def test_in_whatever_portions_and_order_lanes_are_read_the_tables_are_the_same(engine, seed):
    lanes = [kept for (topic, _), kept in answered().records.items() if topic == NAMES.ledger]
    with writing(engine) as connection:
        make_months(connection, [month_of(ZERO)])
    take(engine, [record for lane in lanes for record in lane])
    expected = dump(engine)
    with writing(engine) as connection:
        empty(connection)
    portions = random.Random(seed)
    left = [list(lane) for lane in lanes]
    while any(left):
        lane = portions.choice([lane for lane in left if lane])
        count = portions.randint(1, len(lane))
        take(engine, lane[:count])
        del lane[:count]
    assert dump(engine) == expected
    assert expected["early_answers"] == expected["oddities"] == []


def test_the_first_answer_of_each_kind_counts_and_is_found_with_the_recipient(engine):
    take(engine, records(answered()))
    with reading(engine) as connection:
        (found,) = find(connection, Asked(recipient=TOLD)).rows
        assert find(connection, Asked(recipient=TOLD, unopened=True)).rows == []
        (unopened,) = find(connection, Asked(recipient=ALSO_TOLD, unopened=True)).rows
        books = balance(connection, ledger=NAMES.ledger, dead_letters=NAMES.dead_letters, now_ms=ZERO)
    assert (found.answers.delivered_ms, found.answers.opened_ms) == (ZERO + 2000, ZERO + 4000)
    assert unopened.event_id == EVENT
    by_recipient = {each.recipient: each for each in books.recipients}
    assert (by_recipient[TOLD].told, by_recipient[TOLD].delivered, by_recipient[TOLD].opened) == (1, 1, 1)
    assert (by_recipient[ALSO_TOLD].unanswered, by_recipient[TOLD].unanswered) == (1, 0)


def test_a_recipients_notifications_are_found_by_who_sent_them(engine):
    take(engine, records(answered()))
    with reading(engine) as connection:
        (found,) = find(connection, Asked(recipient=TOLD, source=SENDER)).rows
        assert find(connection, Asked(recipient=TOLD, source=ALSO_TOLD)).rows == []
        assert find(connection, Asked(recipient=TOLD, outcome="rejected")).rows == []
    assert (found.event_id, found.answers.delivery) == (EVENT, DELIVERY)


def test_an_answer_by_another_than_the_recipient_counts_for_nothing_and_is_an_alarm(engine):
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, recipient_says("opened", by=ALSO_TOLD), after_ms=2000)
    take(engine, records(topics))
    with reading(engine) as connection:
        (found,) = find(connection, Asked(recipient=TOLD)).rows
        assert [odd.what for odd in odd_records(connection)] == ["answer-of-another"]
    assert found.answers.opened_ms is None


def test_a_letter_that_is_missing_is_an_imbalance_once_the_lane_is_at_rest(engine):
    take(engine, records(answered()))
    with reading(engine) as connection:
        moving = balance(connection, ledger=NAMES.ledger, dead_letters=NAMES.dead_letters, now_ms=ZERO + 1000)
        at_rest = balance(connection, ledger=NAMES.ledger, dead_letters=NAMES.dead_letters, now_ms=ZERO + 100_000)
    assert moving.holds
    assert [(off.rule, off.expected, off.found) for off in at_rest.imbalances] == [
        ("every event turned away has a dead letter", 1, 0)
    ]


def test_a_record_that_no_hub_wrote_is_an_alarm_and_the_next_ones_are_read(engine):
    topics = MemoryTopics()
    topics.decide(entry())
    topics.put(NAMES.ledger, 1, b"not a record of a hub", time_ms=ZERO)
    topics.put(NAMES.ledger, 1, b'{"number":"x"}', time_ms=ZERO)
    topics.decide(repeat())
    take(engine, records(topics))
    with reading(engine) as connection:
        assert [(odd.position, odd.what) for odd in odd_records(connection)] == [(4, "unreadable"), (2, "unreadable")]
        assert len(find(connection, Asked()).rows) == 2


def test_a_changed_ledger_record_breaks_the_chain_where_it_is_read_and_in_what_is_shown(engine):
    topics = MemoryTopics()
    for offset in (17, 18, 19):
        topics.decide(entry(at={"offset": offset}))
    kept = topics.records[NAMES.ledger, 1]
    changed = kept[1].value.replace(b'"entitled"', b'"intitled"')
    kept[1] = MemoryRecord(NAMES.ledger, 1, kept[1].offset, kept[1].timestamp, changed)
    take(engine, records(topics))
    with reading(engine) as connection:
        assert [(odd.position, odd.what) for odd in odd_records(connection)] == [(4, "chain")]
        (found,) = notifications(connection, id_of(EVENT))
    assert [record.names_the_one_before for record in found.records] == [True, True, False]
    assert [record.named_by_the_next for record in found.records] == [True, False, None]


def test_an_event_is_found_by_each_of_its_ids_and_read_back_as_the_ledger_had_it(engine):
    topics = answered()
    take(engine, records(topics))
    original = entry()
    with reading(engine) as connection:
        for text in (EVENT, DELIVERY, TRACE, "referrals.v1/1/17", original["event"]["subject"]):
            found = find(connection, Asked(id=id_of(text.upper())), limit=100).rows
            assert original["at"]["offset"] in {row.record_offset for row in found}, text
        (whole,) = notifications(connection, id_of(DELIVERY))
    read_back = whole.records[0].entry.model_dump(mode="json", exclude={"number", "prev", "answers"})
    decisions = [_with_all_fields(each) for each in original["decisions"]]
    assert read_back == original | {"decisions": decisions, "redrive": None}
    said = [answer.entry.answers.kind for answer in whole.answers]
    assert said == ["escalated", "delivered", "opened", "delivered", "opened"]


def _with_all_fields(decision: dict) -> dict:
    return {"topic": None, "delivery": None, "digest": None} | decision


def test_pages_follow_one_another_without_gap_or_repeat(engine):
    topics = MemoryTopics()
    for offset in range(25):
        topics.decide(entry(at={"offset": offset, "time_ms": ZERO + offset // 3}))
    take(engine, records(topics))
    seen, before = [], None
    with reading(engine) as connection:
        while True:
            page = find(connection, Asked(source=SENDER), before=before, limit=4)
            seen += [row.record_offset for row in page.rows]
            if page.more is None:
                break
            before = Cursor.parse(str(page.more))
    assert sorted(seen) == list(range(25))
    assert seen == sorted(seen, reverse=True)


def test_a_projector_that_was_overtaken_writes_nothing(engine):
    topics = answered()
    with writing(engine) as connection:
        slow = Builder(NAMES).build(records(topics), read_heads(connection), keyring={})
    take(engine, records(topics))
    before = dump(engine)
    with pytest.raises(Overtaken), writing(engine) as connection:
        write(connection, slow, made=set(), kept_from=LONG_AGO)
    assert dump(engine) == before


def test_what_is_past_its_time_is_counted_as_read_and_not_kept(engine):
    take(engine, records(answered()), kept_from=month_of(ZERO).later(1))
    kept = dump(engine)
    assert kept["records"] == kept["decisions"] == kept["flow"] == kept["tallies"] == []
    assert len(kept["positions"]) == 2


def test_the_newest_heartbeat_of_an_adapter_counts_and_a_forged_one_does_not(engine):
    topics = MemoryTopics()
    newest = heartbeat(topics, waiting=2)
    heartbeat(topics, waiting=7, secret=b"somebody else's key")
    heartbeat(topics, waiting=8, agency="south-wales-police")
    kept = topics.records[NAMES.heartbeats, 0]
    take(engine, kept[:1])
    take(engine, kept[1:])
    (row,) = dump(engine)["heartbeats"]
    assert f",{newest.timestamp}," in row
    assert row.split(",")[5] == "2"
    assert row.rstrip(")").split(",")[-1] == "2"


def heartbeat(topics: MemoryTopics, *, waiting: int, agency: str = KEY.agency, secret: bytes = KEY.secret) -> Record:
    moment = "2026-03-27T09:30:00Z"
    value = (
        f'{{"agency":"{agency}","adapter":"eclipse","at":"{moment}","started_at":"{moment}","outbox_waiting":{waiting},'
        '"outbox_oldest_s":1.5,"outbox_refused":0,"inbox_waiting":0,"inbox_oldest_s":null,"parked_children":0,"parked":0,'
        f'"unreached":{waiting}}}'
    ).encode()
    kept = topics.records.setdefault((NAMES.heartbeats, 0), [])
    headers = [(SIGNATURE, sign(value, key_id=KEY.key_id, secret=secret))]
    record = MemoryRecord(NAMES.heartbeats, 0, len(kept), ZERO + len(kept), value, headers=headers)
    kept.append(record)
    return record


def test_decisions_of_a_database_from_before_are_given_their_sender(engine):
    take(engine, records(answered()))
    now = dump(engine)["decisions"]
    with writing(engine) as connection:
        go_back(connection, "0005")
        migrate(connection)
    assert dump(engine)["decisions"] == now


def test_a_month_that_no_partition_was_made_for_is_made_with_the_row(engine):
    topics = MemoryTopics()
    topics.decide(entry(at={"time_ms": Month(2031, 2).start_ms}))
    take(engine, records(topics))
    with reading(engine) as connection:
        assert months_made(connection) == {Month(2031, 2)}


def test_a_delivery_to_two_is_answered_by_each_for_itself(engine):
    topics = MemoryTopics()
    topics.decide(entry(decisions=[told(TOLD, "full"), told(ALSO_TOLD, "health")]))
    put_answer(
        topics,
        recipient_says("delivered", by=ALSO_TOLD, delivery=delivery_id(SENDER, EVENT, ALSO_TOLD)),
        after_ms=2000,
    )
    take(engine, records(topics))
    with reading(engine) as connection:
        assert find(connection, Asked(recipient=TOLD)).rows[0].answers.delivered_ms is None
        assert find(connection, Asked(recipient=ALSO_TOLD)).rows[0].answers.delivered_ms == ZERO + 2000
