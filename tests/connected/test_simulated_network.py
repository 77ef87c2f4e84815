"""A whole simulated network on a real broker comes out as it was foreseen, number by number."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from hub.credentials import CredentialFiles
from hub.demo.check import Findings, count
from hub.demo.programme import add_ended_keys
from hub.outcomes import Outcome
from hub.raw_records import read_any_header
from hub.simulate.generator import Mix, Plan, simulate
from hub.simulate.sender import Placed, send
from hub.simulate.stage import load_stage
from tests.rig import Rig

pytestmark = pytest.mark.connected

RECORDS = 1200
TEN_MEGABYTES = 10 * 1024 * 1024


def test_every_record_becomes_what_was_foreseen_and_everybody_entitled_is_told_once(rig: Rig) -> None:
    read_any_header()
    now = datetime.now(UTC)
    add_ended_keys(CredentialFiles(rig.state), load_stage(rig.settings).network.agencies, now)
    stage = load_stage(rig.settings)
    plan = Plan(
        seed=11,
        start=now - RECORDS * timedelta(minutes=1),
        mix=Mix(bad=0.1, large_bytes=TEN_MEGABYTES),
        prefix=stage.prefix,
    )
    rig.start()
    placed: list[Placed] = []

    async def run() -> Findings:
        records = islice(simulate(stage.world, plan, keys=stage.keys, told=stage.told), RECORDS)
        await send(records, stage.credentials, on_placed=placed.append)
        await rig.settled()
        return await count(rig.settings, stage, placed)

    findings = asyncio.run(run())
    assert [check for check in findings.checks if not check.right] == []
    assert findings.outcomes == {
        Outcome.ACCEPTED: 948,
        Outcome.DUPLICATE: 120,
        Outcome.CONFLICT: 12,
        Outcome.REJECTED: 120,
    }
    assert findings.delivered.total() > 1000


def test_a_count_that_is_off_is_seen(rig: Rig) -> None:
    """The demo's check fails when it should: here one record is taken for another's."""
    stage = load_stage(rig.settings)
    plan = Plan(seed=3, start=datetime.now(UTC) - timedelta(days=1), mix=Mix(bad=0), prefix=stage.prefix)
    rig.start()
    placed: list[Placed] = []

    async def run() -> Findings:
        records = islice(simulate(stage.world, plan, keys=stage.keys), 60)
        await send(records, stage.credentials, on_placed=placed.append)
        await rig.settled()
        wrong = next(each for each in placed if each.planned.expectation.outcome is Outcome.DUPLICATE)
        accepted = next(each for each in placed if each.planned.expectation.outcome is Outcome.ACCEPTED)
        mistaken = dataclasses.replace(wrong, planned=wrong.planned.expecting(accepted.planned.expectation))
        return await count(rig.settings, stage, [mistaken, *(each for each in placed if each is not wrong)])

    findings = asyncio.run(run())
    assert not findings.right
