"""The projector on real Kafka and PostgreSQL: each record once, whatever ends it, and the same again from nothing."""

import asyncio
from collections import Counter

import pytest

from hub.ledger import LedgerEntry
from tests.connected.store.projected import dump, play, project, with_database

pytestmark = pytest.mark.connected


def test_the_tables_hold_what_the_topics_hold_and_are_the_same_when_made_again(rig, database_url, engine):
    rig.start()
    asyncio.run(play(rig, 1200))
    asyncio.run(rig.settled())
    settings = with_database(rig, database_url)
    taken = project(settings)
    first = dump(engine)
    entries = asyncio.run(ledger(rig))
    assert len(first["records"]) == len(entries) == 1200
    assert len(first["decisions"]) == sum(len(entry.decisions) for entry in entries)
    outcomes = Counter(entry.outcome for entry in entries)
    assert len(first["letters"]) == outcomes["rejected"] + outcomes["conflict"] > 0
    assert taken == 1200 + len(first["letters"])
    assert first["oddities"] == first["early_answers"] == []
    assert project(settings) == 0
    assert dump(engine) == first


async def ledger(rig) -> list[LedgerEntry]:
    lanes = await rig._by_lane(rig.names.ledger)
    return [LedgerEntry.model_validate_json(record.value) for records in lanes.values() for record in records]
