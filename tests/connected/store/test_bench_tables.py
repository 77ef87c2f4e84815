"""The tables that `dolen bench find` fills are the projector's, and each way of asking finds something in them."""

import pytest
from sqlalchemy import text

from contracts.parties import agency_uri
from hub.bench.tables import TOLD, fill, own_database
from hub.commands.bench_page import measure_find
from hub.store.database import connect, reading
from hub.store.tables import decisions, records

pytestmark = pytest.mark.connected

NOW_MS = 1_796_000_000_000
PARTIES = [agency_uri(f"agency-{letter}") for letter in "abcdef"]


def test_what_is_filled_has_the_declared_tables_with_every_index_and_as_many_notifications(database_settings):
    with own_database(database_settings) as own:
        fill(own, 3_000, parties=PARTIES, now_ms=NOW_MS, seed=1, say=lambda step: None)
        engine = connect(own)
        with reading(engine) as connection:
            indexes = connection.execute(
                text("SELECT indexname FROM pg_indexes WHERE tablename IN ('records', 'decisions')")
            )
            declared = {index.name for table in (records, decisions) for index in table.indexes}
            assert declared < set(indexes.scalars())
            (events, told), *_ = connection.execute(text("SELECT count(*), sum(told) FROM records")).all()
            (rows, newest), *_ = connection.execute(text("SELECT count(*), max(at_ms) FROM decisions")).all()
            assert (events, told) == (1_000, rows)
            assert 0.9 * 3_000 < rows <= 1_000 * TOLD
            assert NOW_MS - 86_400_000 < newest < NOW_MS
        engine.dispose()


def test_every_way_of_asking_is_timed_on_the_page_itself_and_the_database_is_gone_afterwards(database_settings):
    figures = measure_find(database_settings, notifications=900, each=3, seed=1, say=lambda step: None)
    assert len(figures.ways) == len({asking.way for asking in figures.ways}) == 20
    assert all(0 < asking.milliseconds.p50 <= asking.worst for asking in figures.ways)
    engine = connect(database_settings)
    with reading(engine) as connection:
        left = connection.execute(text("SELECT datname FROM pg_database WHERE datname LIKE 'dolen_bench_%'")).all()
    engine.dispose()
    assert left == []
