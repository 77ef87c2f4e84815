"""`dolen find` and `dolen balance` on a hub's tables: what is there is found, and a sum that is off ends with 1."""

import asyncio
import json

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from hub import cli
from hub.observe.services import catch_up
from hub.store.database import reading, writing
from tests.connected.store.projected import play, with_database

pytestmark = pytest.mark.connected


def test_what_is_in_the_tables_is_found_and_added_up_and_one_event_less_is_told(rig, database_url, engine):
    rig.start()
    asyncio.run(play(rig, 150))
    asyncio.run(rig.settled())
    asyncio.run(catch_up(with_database(rig, database_url)))

    def dolen(*arguments: str) -> Result:
        own = {name: value for name, value in rig.environment.items() if name.startswith("DOLEN_")}
        return CliRunner().invoke(cli.command_line(), arguments, env=own | {"DOLEN_DATABASE__URL": database_url})

    with reading(engine) as connection:
        row = connection.execute(text("SELECT * FROM records WHERE outcome = 'accepted' AND told > 0 LIMIT 1")).one()
    for asked in map(str, (row.event_id, row.subject, row.correlation_id, row.trace_id.hex)):
        found = json.loads(dolen("find", asked, "--json").stdout)["found"]
        assert str(row.event_id) in {each["event_id"] for each in found}
    first = json.loads(dolen("find", "--outcome", "accepted", "--limit", "5", "--json").stdout)
    second = json.loads(dolen("find", "--outcome", "accepted", "--before", first["more"], "--json").stdout)
    times = [each["at_ms"] for each in (*first["found"], *second["found"])]
    assert times == sorted(times, reverse=True)
    assert dolen("find", "00000000-0000-4000-8000-000000000000").exit_code == 1
    assert dolen("find", "Mali Canari").exit_code == 2

    even = dolen("balance", "--json")
    assert (even.exit_code, json.loads(even.stdout)["holds"]) == (0, True), even.stderr
    assert json.loads(even.stdout)["events"] == 150
    with writing(engine) as connection:
        connection.execute(text("UPDATE tallies SET told = told - 1 WHERE ctid = (SELECT min(ctid) FROM tallies)"))
    off = dolen("balance", "--cymraeg")
    assert off.exit_code == 1
    assert "NID YW'R CYFRIFON YN CYD-FYND" in off.stdout
