"""What a question finds is what fits it, and it reads little more than a page shows, however much there is."""

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, select, text
from sqlalchemy.dialects import postgresql

from contracts.parties import agency_uri
from hub.bench.find import questions
from hub.bench.tables import fill, own_database, seldom
from hub.settings import DatabaseSettings, load_settings
from hub.store.asked import Asked, id_of
from hub.store.database import connect, reading
from hub.store.find import PAGE, Cursor, find, question
from hub.store.tables import decisions, records
from tests.servers import Servers

pytestmark = pytest.mark.connected

NOW_MS = 1_796_000_000_000
PARTIES = [agency_uri(f"agency-{letter}") for letter in "abcdefgh"]
NOTIFICATIONS = 24_000
FEW_ROWS = 20 * PAGE
"""One in eight is a sender's: with what is passed over, and each row and its record, far from the 32,000 there are."""

_IDS = ("event_id", "subject", "correlation_id")


@pytest.fixture(scope="module")
def filled(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of many months' notifications."""
    url = DatabaseSettings.model_validate({"url": servers.endpoints.database_url})
    settings = load_settings(state_dir=tmp_path_factory.mktemp("finding"), database=url)
    with own_database(settings) as own:
        fill(own, NOTIFICATIONS, parties=PARTIES, now_ms=NOW_MS, seed=1, say=lambda step: None)
        engine = connect(own)
        yield engine
        engine.dispose()


def test_whatever_is_asked_together_finds_just_what_fits_newest_first_page_after_page(filled: Engine) -> None:
    pick = random.Random(1)
    with reading(filled) as connection:
        everything = _everything(connection)
        told = [fact for fact in everything if fact["recipient"] is not None]
        found_any = 0
        for _ in range(120):
            asked, limit = _some_question(pick, pick.choice(told)), pick.choice((1, 7, 40))
            before, seen = None, []
            for _ in range(3):
                page = find(connection, asked, before=before, limit=limit)
                seen += [(row.cursor, row.answers and row.answers.delivery) for row in page.rows]
                before = page.more
                if before is None:
                    break
            expected = _fitting(everything, asked)
            assert seen == expected[: 3 * limit], asked
            assert (before is None) == (len(expected) <= 3 * limit), asked
            found_any += bool(seen)
    assert found_any > 60


def test_no_way_of_asking_reads_more_than_a_few_pages_of_rows(filled: Engine) -> None:
    with reading(filled) as connection:
        reads = {
            way: _rows_read(connection, _asked(query), Cursor.parse(query.get("before", "")))
            for way, query in questions(connection, few=seldom(PARTIES), each=3, seed=1)
        }
    assert {way: rows for way, rows in reads.items() if rows > FEW_ROWS} == {}
    assert reads["sender of nothing"] == reads["recipient and sender, none"] == reads["recipient, all opened"] == 0


def test_each_question_is_planned_for_what_it_asks_however_often_one_like_it_was(filled: Engine) -> None:
    with reading(filled) as connection:
        for _ in range(20):
            find(connection, Asked(source=seldom(PARTIES).silent))
        kept = "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements"
        generic, custom = connection.execute(text(kept)).one()
    assert (generic, custom > 5) == (0, True)


def _everything(connection: Connection) -> list[Mapping[str, Any]]:
    """Each record with each that was told, and once more by itself."""
    whole = [{**row._asdict(), "recipient": None, "delivery": None} for row in connection.execute(select(records))]
    for fact in whole:
        fact["ids"] = {fact["trace_id"].replace("-", ""), _coordinates(fact)} | {fact[name] for name in _IDS}
    by_place = {(fact["at_ms"], fact["lane"], fact["position"]): fact for fact in whole}
    told: list[Row[Any]] = list(connection.execute(select(decisions).where(decisions.c.told)))
    both = [
        {
            **by_place[row.at_ms, row.lane, row.position],
            "recipient": row.recipient,
            "delivery": row.delivery,
            "opened_ms": row.opened_ms,
            "ids": {row.delivery},
        }
        for row in told
    ]
    return sorted([*whole, *both], key=lambda fact: (fact["at_ms"], fact["lane"], fact["position"]), reverse=True)


def _some_question(pick: random.Random, fact: Mapping[str, Any]) -> Asked:
    """Some of what is true of an event, and now and then something that is not."""
    ids = [fact["delivery"], *(fact[name] for name in _IDS), fact["trace_id"].replace("-", ""), _coordinates(fact)]
    named = pick.choice([None, None, None, *ids])
    recipient = pick.choice([None, fact["recipient"], fact["recipient"], pick.choice(PARTIES)])
    month = 30 * 86_400_000
    return Asked(
        id=id_of(named) if named is not None else None,
        recipient=recipient,
        source=pick.choice([None, None, fact["source"], pick.choice(PARTIES)]),
        type=pick.choice([None, None, fact["type"]]),
        outcome=pick.choice([None, None, fact["outcome"], "rejected"]),
        unopened=recipient is not None and pick.random() < 0.3,
        since_ms=pick.choice([None, None, fact["at_ms"], fact["at_ms"] - month]),
        until_ms=pick.choice([None, None, fact["at_ms"] + 1, fact["at_ms"] + 2 * month]),
    )


def _fitting(everything: list[Mapping[str, Any]], asked: Asked) -> list[tuple[Cursor, str | None]]:
    """Places that fit by the plainest reading, newest first; with the notification where one recipient is asked for."""
    named: set[tuple[int, int, int]] | None = None
    if asked.id is not None:
        named = {_place(fact) for fact in everything if asked.id.text in fact["ids"]}
    return [
        (Cursor(*_place(fact)), fact["delivery"])
        for fact in everything
        if fact["recipient"] == asked.recipient
        and (named is None or _place(fact) in named)
        and (asked.source is None or fact["source"] == asked.source)
        and (asked.type is None or fact["type"] == asked.type)
        and (asked.outcome is None or fact["outcome"] == asked.outcome)
        and (not asked.unopened or fact["opened_ms"] is None)
        and (asked.since_ms is None or fact["at_ms"] >= asked.since_ms)
        and (asked.until_ms is None or fact["at_ms"] < asked.until_ms)
    ]


def _place(fact: Mapping[str, Any]) -> tuple[int, int, int]:
    return fact["at_ms"], fact["lane"], fact["position"]


def _coordinates(fact: Mapping[str, Any]) -> str:
    return f"{fact['topic']}/{fact['lane']}/{fact['record_offset']}"


def _asked(query: Mapping[str, str]) -> Asked:
    return Asked(
        id=id_of(query.get("id", "")),
        recipient=query.get("recipient"),
        source=query.get("source"),
        type=query.get("type"),
        outcome=query.get("outcome"),
        unopened="unopened" in query,
    )


def _rows_read(connection: Connection, asked: Asked, before: Cursor | None) -> int:
    """Rows of tables that PostgreSQL looks at for a page, those that it passes over too."""
    page = question(asked, before).limit(PAGE + 1)
    statement = page.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}").scalar_one()
    (plan,) = explained if isinstance(explained, list) else json.loads(explained)
    return round(sum(_of_scan(node) for node in _nodes(plan["Plan"]) if "Scan" in node["Node Type"]))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _of_scan(node: Mapping[str, Any]) -> float:
    passed_over = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + passed_over) * node["Actual Loops"])
