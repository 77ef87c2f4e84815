"""Rows of a real case system: each becomes its event once, each person's in order, whatever ends in between."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from adapters.sdk.arrival import arrival
from adapters.sdk.declaration import Draft, Notification, Taken
from adapters.sdk.errors import NotStored
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Delivered, Retry
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.receipts import HubReceipt
from adapters.sdk.store import Store
from adapters.social_care import statements
from adapters.social_care.dictionary import dictionary
from adapters.social_care.edge import SocialCareEdge
from adapters.social_care.outbound import to_native
from adapters.social_care.settings import SocialCareSettings
from adapters.social_care.statements import Mark
from adapters.social_care.taking import Taking
from contracts.delivery import Delivery, view_of
from contracts.registry import REGISTRY
from tests.adapter_parts import hub_receipt
from tests.connected.case_system import INSTALL, SEND, CaseSystem, case_system
from tests.servers import Servers

pytestmark = pytest.mark.connected

FIXTURES = Path(__file__).parents[2] / "adapters" / "social_care" / "fixtures"
MOVED = json.loads((FIXTURES / "inbound" / "child-moved.json").read_text(encoding="utf-8"))
OWN = Pseudonyms("cardiff-social-services", bytes(range(32)))


@pytest.fixture(scope="module")
def installed(servers: Servers) -> Iterator[CaseSystem]:
    with case_system(servers.endpoints.database_url) as made:
        yield made


@pytest.fixture
def case(installed: CaseSystem) -> CaseSystem:
    installed.empty()
    return installed


@dataclass
class Adapter:
    """An adapter's store and edge, without Kafka."""

    case: CaseSystem
    store: Store
    outbox: StoredOutbox
    edge: SocialCareEdge

    def taking(self, outbox: StoredOutbox | None = None) -> Taking:
        return Taking(outbox or self.outbox, dictionary(), OWN, self.edge.transaction, rows=100)

    async def take_all(self) -> None:
        taking = self.taking()
        while await taking.round():
            pass

    @contextlib.asynccontextmanager
    async def collecting(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.edge.collect(self.outbox, stop))
        try:
            yield
        finally:
            stop.set()
            await task

    def events(self) -> list[dict[str, Any]]:
        """What is in the outbox, in the order in which it came there."""
        table = self.store.tables.outbox
        rows = self.store.look(lambda connection: connection.execute(select(table.c.value).order_by(table.c.id)).all())
        return [json.loads(row.value) for row in rows]

    def notes(self) -> list[str]:
        return [event["data"]["note"]["text"] for event in self.events()]

    def statuses(self) -> list[str]:
        return [status for (status,) in self.case.ask("SELECT status FROM dolen.sent ORDER BY id")]


@pytest.fixture(params=["store in the case system's database", "store elsewhere"])
def adapter(request: pytest.FixtureRequest, case: CaseSystem, tmp_path: Path) -> Iterator[Adapter]:
    url = case.adapter if "in the" in request.param else f"sqlite:///{tmp_path}/adapter.db"
    with running(case, url) as made:
        yield made


@pytest.fixture
def beside(case: CaseSystem, tmp_path: Path) -> Iterator[Adapter]:
    with running(case, f"sqlite:///{tmp_path}/adapter.db") as made:
        yield made


@pytest.fixture
def within(case: CaseSystem) -> Iterator[Adapter]:
    with running(case, case.adapter) as made:
        yield made


@contextlib.contextmanager
def running(case: CaseSystem, url: str, **more: Any) -> Iterator[Adapter]:
    """An adapter with its store at a URL."""
    settings = {"database_url": case.adapter, "poll_seconds": 0.2, **more}
    with Store(url, schema="dolen_adapter") as store:
        edge = SocialCareEdge(SocialCareSettings.model_validate(settings), OWN)
        try:
            yield Adapter(case, store, StoredOutbox(store, OWN), edge)
        finally:
            asyncio.run(edge.close())


def row(record_id: str, *, person: str = "P100201", **document: Any) -> dict[str, Any]:
    """A move, told by its note."""
    text = json.dumps(MOVED["document"] | {"note": record_id} | document).replace("P100201", person)
    return MOVED | {"record_id": record_id, "person_id": person, "document": text}


def send(case: CaseSystem, *rows: dict[str, Any]) -> None:
    with case.connect(case.application) as connection:
        for each in rows:
            connection.execute(SEND, each)


async def until(true: Callable[[], bool], *, seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


# -- taking


def test_a_row_becomes_its_event_and_the_agency_sees_that_it_is_taken(adapter: Adapter) -> None:
    send(adapter.case, row("one"))
    asyncio.run(adapter.take_all())
    (event,) = adapter.events()
    assert event["type"] == "wales.child-protection.circumstances.child-moved.v1"
    assert event["subject"] == OWN.child("P100201")
    found = adapter.case.ask("SELECT status, event_id::text, faults FROM dolen.sent")
    assert found == [("taken", event["id"], None)]


def test_one_persons_events_keep_the_order_in_which_they_were_sent(adapter: Adapter) -> None:
    names = [f"{number}" for number in range(150)]
    send(adapter.case, *(row(name, person=f"P{int(name) % 3}") for name in names))
    asyncio.run(adapter.take_all())
    events = adapter.events()
    assert len(events) == 150
    for person in range(3):
        of_child = [event for event in events if event["subject"] == OWN.child(f"P{person}")]
        by_number = sorted(of_child, key=lambda event: event["sequence"])
        assert [event["sequence"] for event in by_number] == list(range(1, 51))
        assert [int(event["data"]["note"]["text"]) for event in by_number] == list(range(person, 150, 3))


def test_a_row_is_not_passed_by_a_later_one_of_the_same_person_that_commits_first(adapter: Adapter) -> None:
    case = adapter.case
    with case.connect(case.application, autocommit=False) as slow:
        slow.execute(SEND, row("first"))
        send(case, row("second"), row("another child", person="P2"))
        asyncio.run(adapter.take_all())
        assert adapter.notes() == ["another child"], "others go on; nobody waits for a transaction but its own child"
        slow.commit()
    asyncio.run(adapter.take_all())
    assert adapter.notes() == ["another child", "first", "second"]


def test_a_transaction_that_is_rolled_back_leaves_nothing_and_holds_nobody_up(adapter: Adapter) -> None:
    case = adapter.case
    with case.connect(case.application, autocommit=False) as slow:
        slow.execute(SEND, row("never"))
        send(case, row("second"))
        asyncio.run(adapter.take_all())
        assert adapter.notes() == []
        slow.rollback()
    asyncio.run(adapter.take_all())
    assert adapter.notes() == ["second"]


def test_the_adapter_does_not_hold_up_a_social_worker(adapter: Adapter) -> None:
    case = adapter.case
    send(case, row("first"))
    with case.connect(case.application, autocommit=False) as slow:
        slow.execute(SEND, row("second"))
        asyncio.run(adapter.take_all())
        with case.connect(case.application) as other:
            other.execute("SET statement_timeout = '2s'")
            other.execute(SEND, row("third"))
        slow.commit()
    asyncio.run(adapter.take_all())
    assert adapter.notes() == ["first", "second", "third"]


def test_what_cannot_be_translated_says_why_and_the_rest_goes_on(adapter: Adapter) -> None:
    case = adapter.case
    send(case, row("wrong", destination="Mars"), row("right"))
    asyncio.run(adapter.take_all())
    assert adapter.notes() == ["right"]
    (status, faults), _ = case.ask("SELECT status, faults FROM dolen.sent ORDER BY id")
    assert status == "untranslatable"
    assert [(fault["code"], fault["path"]) for fault in faults] == [("unknown-code", "document.destination")]
    assert "Mars" not in json.dumps(faults)
    assert adapter.store.look(adapter.outbox.counts).untranslated == 1

    send(case, row("wrong", note="mended"))
    asyncio.run(adapter.take_all())
    assert adapter.notes() == ["right", "mended"]
    assert adapter.statuses() == ["taken", "taken"]
    assert adapter.store.look(adapter.outbox.counts).untranslated == 0


def test_a_rule_that_no_single_field_breaks_is_told_too(adapter: Adapter) -> None:
    send(adapter.case, row("one", do_not_notify=["South Wales Police"], agencies_involved=["South Wales Police"]))
    asyncio.run(adapter.take_all())
    ((status, faults),) = adapter.case.ask("SELECT status, faults FROM dolen.sent")
    assert (status, faults[0]["code"]) == ("untranslatable", "not-an-event")
    assert "conflict of interest" in faults[0]["remedy"]


# -- what ends in between


def test_a_crash_between_the_store_and_the_mark_neither_loses_nor_doubles(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(adapter.case, row("one"), row("two"))

    def dies(connection: Connection, marks: Any) -> None:
        raise OperationalError("", None, Exception())

    with monkeypatch.context() as patched:
        patched.setattr(statements, "mark", dies)
        with pytest.raises((OperationalError, NotStored)):
            asyncio.run(adapter.taking().round())
    assert adapter.statuses() == ["waiting", "waiting"]
    assert len(adapter.events()) == (0 if adapter.outbox.is_postgresql else 2), "one transaction where there can be one"

    asyncio.run(adapter.take_all())
    assert adapter.notes() == ["one", "two"]
    assert [event["sequence"] for event in adapter.events()] == [1, 2]
    assert adapter.statuses() == ["taken", "taken"]


def test_a_store_without_room_takes_nothing_out_of_turn(beside: Adapter) -> None:
    class Full(StoredOutbox):
        tried = 0

        async def put(self, draft: Draft) -> Taken:
            self.tried += 1
            if self.tried == 2:
                raise NotStored("no room")
            return await super().put(draft)

    send(beside.case, row("one"), row("two"), row("three"))
    with pytest.raises(NotStored):
        asyncio.run(beside.taking(Full(beside.store, OWN)).round())
    assert (beside.notes(), beside.statuses()) == (["one"], ["taken", "waiting", "waiting"])
    asyncio.run(beside.take_all())
    assert beside.notes() == ["one", "two", "three"]


def test_two_adapters_by_mistake_tell_nothing_twice(case: CaseSystem, tmp_path: Path) -> None:
    async def run(first: Adapter, second: Adapter) -> None:
        async with first.collecting():
            await until(lambda: bool(case.ask("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")))
            async with second.collecting():
                send(case, *(row(f"{number}", person=f"P{number}") for number in range(50)))
                await until(lambda: len(first.events()) + len(second.events()) == 50)
                await asyncio.sleep(0.5)

    with running(case, f"sqlite:///{tmp_path}/1.db") as one, running(case, f"sqlite:///{tmp_path}/2.db") as two:
        asyncio.run(run(one, two))
        assert [len(each.events()) for each in (one, two)] == [50, 0], "the second stands by"


def test_the_second_adapter_takes_over_where_the_first_ends(case: CaseSystem, tmp_path: Path) -> None:
    async def run(first: Adapter, second: Adapter) -> None:
        async with first.collecting():
            send(case, row("one"))
            await until(lambda: first.notes() == ["one"])
        async with second.collecting():
            send(case, row("two"))
            await until(lambda: second.notes() == ["two"])

    with running(case, f"sqlite:///{tmp_path}/1.db") as one, running(case, f"sqlite:///{tmp_path}/2.db") as two:
        asyncio.run(run(one, two))


def test_two_rounds_at_the_same_time_take_each_row_once(within: Adapter) -> None:
    send(within.case, *(row(f"{number}", person=f"P{number % 7}") for number in range(80)))

    async def run() -> None:
        await asyncio.gather(*(within.taking().round() for _ in range(4)))
        await within.take_all()

    asyncio.run(run())
    events = within.events()
    assert sorted(int(event["data"]["note"]["text"]) for event in events) == list(range(80))
    for person in range(7):
        mine = [event for event in events if event["subject"] == OWN.child(f"P{person}")]
        by_number = sorted(mine, key=lambda event: event["sequence"])
        assert [int(event["data"]["note"]["text"]) for event in by_number] == list(range(person, 80, 7))


# -- being woken


def test_a_notify_wakes_the_adapter_at_once(case: CaseSystem, tmp_path: Path) -> None:
    async def run(adapter: Adapter) -> None:
        async with adapter.collecting():
            send(case, row("found at the start"))
            await until(lambda: len(adapter.notes()) == 1)
            await asyncio.sleep(0.5)  # it looks once more, and then waits for an hour or a NOTIFY
            send(case, row("notified"))
            await until(lambda: len(adapter.notes()) == 2)

    with running(case, f"sqlite:///{tmp_path}/1.db", poll_seconds=3600) as adapter:
        asyncio.run(run(adapter))


def test_without_a_notify_the_row_is_found_all_the_same(case: CaseSystem, beside: Adapter) -> None:
    async def run() -> None:
        async with beside.collecting():
            with case.connect(case.application) as connection:
                connection.execute("SET dolen.notify = 'off'")
                connection.execute(SEND, row("one"))
            await until(lambda: beside.notes() == ["one"])

    asyncio.run(run())


def test_a_case_system_that_commits_in_two_phases_switches_notify_off(case: CaseSystem) -> None:
    with case.connect(case.application) as connection:
        connection.execute("SET dolen.notify = 'off'")
        connection.execute("BEGIN")
        connection.execute(SEND, row("one"))
        # The server of the tests allows no prepared transactions: it says so after it has looked for a NOTIFY.
        with pytest.raises(psycopg.Error) as refused:
            connection.execute("PREPARE TRANSACTION 'one'")
        assert "NOTIFY" not in str(refused.value)


def test_connections_that_are_cut_lose_nothing(case: CaseSystem, beside: Adapter) -> None:
    async def run() -> None:
        async with beside.collecting():
            for number in range(5):
                send(case, row(f"{number}"))
                case.ask(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND usename LIKE '%%\\_adapter'"
                )
            await until(lambda: len(beside.events()) == 5)

    asyncio.run(run())
    assert beside.notes() == ["0", "1", "2", "3", "4"]


def test_another_version_of_the_schema_is_waited_for_and_not_worked_with(case: CaseSystem, beside: Adapter) -> None:
    case.ask("UPDATE dolen.installed SET version = 9 RETURNING 1")
    try:
        send(case, row("one"))

        async def run() -> None:
            async with beside.collecting():
                await asyncio.sleep(0.5)
                assert beside.statuses() == ["waiting"]
                case.ask("UPDATE dolen.installed SET version = 1 RETURNING 1")
                await until(lambda: beside.notes() == ["one"])

        asyncio.run(run())
    finally:
        case.ask("UPDATE dolen.installed SET version = 1 RETURNING 1")


# -- what the hub says


def settle(adapter: Adapter, record_id: str, outcome: str, **data: Any) -> None:
    ((event_id,),) = adapter.case.ask("SELECT event_id::text FROM dolen.sent WHERE record_id = %s", record_id)
    receipt = arrival(hub_receipt(outcome, event_id, **data))
    assert isinstance(receipt, HubReceipt)
    table = adapter.store.tables.outbox

    def write(connection: Connection) -> None:
        at = f"referrals.v1/0/{data.get('offset', 0)}"
        connection.execute(table.update().where(table.c.event_id == event_id).values(state="sent", at=at))
        adapter.outbox.settle(connection, [receipt])

    asyncio.run(adapter.store.write(write))


def test_the_agency_sees_what_the_hub_accepted_and_what_it_rejected_in_its_own_field_names(adapter: Adapter) -> None:
    send(adapter.case, row("good"), row("bad"))
    asyncio.run(adapter.take_all())
    settle(adapter, "good", "accepted")
    fault = {"code": "HUB-105", "path": "data.child.nhs_number", "rule": "dolen_nhs_number", "remedy": "mend it"}
    settle(adapter, "bad", "rejected", authenticated=True, faults=[fault])
    asyncio.run(adapter.take_all())
    found = adapter.case.ask("SELECT record_id, status, faults FROM dolen.sent ORDER BY id")
    assert found == [
        ("good", "accepted", None),
        ("bad", "rejected", [{"code": "HUB-105", "path": "document.person.nhs_number", "remedy": "mend it"}]),
    ]

    send(adapter.case, row("bad", note="mended"))
    asyncio.run(adapter.take_all())
    assert adapter.statuses() == ["accepted", "taken"]
    assert [event["data"]["note"]["text"] for event in adapter.events() if event["sequence"] == 2] == ["mended"]
    settle(adapter, "bad", "accepted", offset=1)
    asyncio.run(adapter.take_all())
    assert adapter.statuses() == ["accepted", "accepted"]


def test_a_row_that_the_hub_rejected_is_accepted_once_its_people_have_sent_it_on(adapter: Adapter) -> None:
    send(adapter.case, row("one"))
    asyncio.run(adapter.take_all())
    fault = {"code": "HUB-105", "path": "data.child.nhs_number", "rule": "dolen_nhs_number", "remedy": "mend it"}
    settle(adapter, "one", "rejected", authenticated=True, faults=[fault])
    asyncio.run(adapter.take_all())
    assert adapter.statuses() == ["rejected"]
    settle(adapter, "one", "accepted", offset=1)
    asyncio.run(adapter.take_all())
    assert adapter.case.ask("SELECT status, faults FROM dolen.sent") == [("accepted", None)]


def test_what_was_mended_after_the_hub_took_it_as_it_was_says_so_and_is_not_dropped(adapter: Adapter) -> None:
    send(adapter.case, row("one"))
    asyncio.run(adapter.take_all())
    settle(adapter, "one", "rejected", authenticated=True)
    asyncio.run(adapter.take_all())
    settle(adapter, "one", "accepted", offset=1)
    send(adapter.case, row("one", note="mended"))
    asyncio.run(adapter.take_all())
    ((status, faults),) = adapter.case.ask("SELECT status, faults FROM dolen.sent")
    assert (status, faults[0]["code"], faults[0]["path"]) == ("untranslatable", "version-reused", "record_version")
    send(adapter.case, row("one", note="mended") | {"record_version": 2})
    asyncio.run(adapter.take_all())
    assert adapter.statuses() == ["untranslatable", "taken"]


def test_a_row_that_the_hub_has_not_answered_does_not_hide_those_that_it_has(beside: Adapter) -> None:
    send(beside.case, *(row(f"{number}") for number in range(5)))
    asyncio.run(beside.take_all())
    settle(beside, "4", "accepted")
    taking = Taking(beside.outbox, dictionary(), OWN, beside.edge.transaction, rows=2)

    async def run() -> None:
        for _ in range(4):
            await taking.round()

    asyncio.run(run())
    assert beside.statuses() == ["taken"] * 4 + ["accepted"]


# -- what comes in


def delivery(name: str, **changed: Any) -> Delivery:
    document = json.loads((FIXTURES / "outbound" / f"{name}.event.json").read_text(encoding="utf-8")) | changed
    return view_of(REGISTRY[document["type"]].model).model_validate_json(json.dumps(document))


async def deliver(adapter: Adapter, told: Delivery, *, gap: bool = False) -> Any:
    return await adapter.edge.deliver(to_native(told), Notification(told, gap=gap))


def test_a_notification_is_there_once_however_often_it_is_given(case: CaseSystem, beside: Adapter) -> None:
    told = delivery("referral-made")
    assert [asyncio.run(deliver(beside, told)) for _ in range(3)] == [Delivered()] * 3
    ((kind, sender, event, document),) = case.ask("SELECT kind, sender, hub_event::text, document FROM dolen.incoming")
    assert (kind, sender, event) == ("referral_made", "South Wales Police", told.origin)
    assert document["children"][0]["person"]["nhs_number"] == "999 000 0018"


def test_a_child_that_was_matched_once_is_known_from_then_on(case: CaseSystem, beside: Adapter) -> None:
    first = delivery("referral-made")
    asyncio.run(deliver(beside, first))
    with case.connect(case.application) as connection:
        connection.execute("SELECT dolen.match(%s, 'P100201')", [first.id])
    later = delivery("referral-made", id="00000000-0000-4000-8000-000000000001")
    other = delivery("child-moved")
    for told in (later, other):
        asyncio.run(deliver(beside, told))
    found = case.ask("SELECT delivery_id::text, person_id FROM dolen.incoming ORDER BY number")
    assert found == [(first.id, "P100201"), (later.id, "P100201"), (other.id, None)]


def test_a_person_is_known_by_the_number_that_the_sender_was_given(case: CaseSystem, beside: Adapter) -> None:
    document = json.loads((FIXTURES / "outbound" / "child-moved.event.json").read_text(encoding="utf-8"))
    number = {"authority": "cardiff-social-services", "number": "P100201"}
    document["data"]["child"]["authority_person_id"] = number
    asyncio.run(deliver(beside, delivery("child-moved", data=document["data"])))
    assert case.ask("SELECT person_id FROM dolen.incoming") == [("P100201",)]


def test_what_others_answer_stands_beside_what_they_answer_to(case: CaseSystem, beside: Adapter) -> None:
    send(case, row("one"))
    asyncio.run(beside.take_all())
    ((number, event_id),) = case.ask("SELECT id, event_id::text FROM dolen.sent")
    data = json.loads((FIXTURES / "outbound" / "answer-accepted.event.json").read_text(encoding="utf-8"))["data"]
    data["original"]["id"] = event_id
    asyncio.run(deliver(beside, delivery("answer-accepted", data=data), gap=True))
    assert case.ask("SELECT kind, outgoing_id, earlier_missing FROM dolen.incoming") == [
        ("answer_accepted", number, True)
    ]


@pytest.mark.parametrize(
    ("call", "event_type"),
    [
        ("'opened', 'Team manager'", "opened"),
        ("'accepted', 'Team manager', 'Cardiff MASH'", "accepted-by"),
        ("'refused', 'Team manager', NULL, 'Not our child', 'Nid ein plentyn ni.', 'Welsh'", "refused"),
    ],
)
def test_an_answer_of_a_person_goes_back_to_the_sender_once(
    case: CaseSystem, beside: Adapter, call: str, event_type: str
) -> None:
    told = delivery("referral-made")
    asyncio.run(deliver(beside, told))
    with case.connect(case.application) as connection:
        for _ in range(2):
            connection.execute(f"SELECT dolen.answer('{told.id}', {call})".encode())
    asyncio.run(beside.take_all())
    (event,) = beside.events()
    assert event["type"] == f"wales.child-protection.receipts.{event_type}.v1"
    assert (event["subject"], event["correlationid"]) == (told.subject, told.correlationid)
    assert event["data"]["delivery"] == told.id
    assert event["data"]["original"] == {"source": told.source, "id": told.origin}
    ((answer, by),) = case.ask("SELECT answer, acknowledged_by FROM dolen.incoming WHERE acknowledged_at IS NOT NULL")
    assert (answer, by) == (call.split("'")[1], "Team manager")


def test_an_answer_to_an_answer_is_refused(case: CaseSystem, beside: Adapter) -> None:
    told = delivery("answer-accepted")
    asyncio.run(deliver(beside, told))
    with case.connect(case.application) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute("SELECT dolen.answer(%s, 'opened', 'Team manager')", [told.id])
    assert refused.value.sqlstate == "DL006"


def test_a_database_that_refuses_is_tried_again(case: CaseSystem, beside: Adapter) -> None:
    with case.connect(case.administrator) as connection:
        connection.execute("ALTER TABLE dolen.incoming ADD CONSTRAINT no_moves CHECK (kind <> 'child_moved')")
        try:
            assert asyncio.run(deliver(beside, delivery("child-moved"))) == Retry("database-23514")
        finally:
            connection.execute("ALTER TABLE dolen.incoming DROP CONSTRAINT no_moves")
    assert asyncio.run(deliver(beside, delivery("child-moved"))) == Delivered()


def test_a_mark_never_takes_a_row_back(beside: Adapter) -> None:
    send(beside.case, row("one"))
    asyncio.run(beside.take_all())
    settle(beside, "one", "accepted")
    asyncio.run(beside.take_all())
    ((number,),) = beside.case.ask("SELECT id FROM dolen.sent")
    late = [Mark(number, "taken"), Mark(number, "untranslatable"), Mark(number, "rejected")]
    asyncio.run(beside.edge.transaction(lambda connection: statements.mark(connection, late)))
    assert beside.statuses() == ["accepted"]


def test_an_agency_with_words_of_its_own_is_told_in_them(case: CaseSystem, tmp_path: Path) -> None:
    packaged = (FIXTURES.parent / "mapping.toml").read_text(encoding="utf-8")
    own = tmp_path / "mapping.toml"
    own.write_text(packaged.replace('gender = "sex"', 'sex_at_birth = "sex"'), encoding="utf-8")
    with running(case, f"sqlite:///{tmp_path}/1.db", mapping=own) as adapter:
        asyncio.run(deliver(adapter, delivery("referral-made")))
    ((sex,),) = case.ask("SELECT document #>> '{children,0,person,sex_at_birth}' FROM dolen.incoming")
    assert sex == "Female"


# -- what the README says


README = (FIXTURES.parent / "README.md").read_text(encoding="utf-8")


def test_the_example_of_the_readme_is_taken(beside: Adapter) -> None:
    example = README.partition("```sql\nBEGIN;\n")[2].partition("```")[0]
    statement = example.partition(";\n")[2].partition("COMMIT;")[0]
    assert statement.startswith("SELECT dolen.send(")
    with beside.case.connect(beside.case.application) as connection:
        connection.execute(statement.encode())
    asyncio.run(beside.take_all())
    assert beside.statuses() == ["taken"], beside.case.ask("SELECT faults FROM dolen.sent")


def test_the_readme_names_every_setting_status_and_error() -> None:
    for name in SocialCareSettings.model_fields:
        assert f"| `{name}` |" in README
    for status in ("waiting", "taken", "accepted", "untranslatable", "rejected"):
        assert f"| `{status}` |" in README
    for code in re.findall(r"'(DL00[1-5])'", INSTALL):
        assert f"`{code}`" in README
