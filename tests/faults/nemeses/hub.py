"""Workers that are killed, stopped, joined, and short of descriptors or memory."""

import asyncio
import contextlib
import resource
import signal

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, kill, named, stopped
from tests.faults.patience import SESSION_S, patient
from tests.faults.wire import PRODUCE, TRANSACTIONAL

FAILPOINTS = {
    # whether a transaction is open there
    "before-claim": False,
    "after-claim": False,
    "queued": False,
    "acknowledged": True,
    "before-offsets": True,
    "before-commit": True,
    "after-offsets": True,
    "after-commit": False,
}


@named("hub killed")
async def hub_killed(campaign: Campaign) -> None:
    """SIGKILL at any time."""
    (worker,) = campaign.ground.living
    campaign.ground.start()  # a second takes over; the start of a process is no part of the fault
    await asyncio.sleep(campaign.rng.uniform(0.0, 3.0))
    kill(campaign, worker)


async def _killed_at(campaign: Campaign, api: int) -> None:
    (worker,) = campaign.ground.living
    await asyncio.wait_for(campaign.ground.wire.saw(api), SEEN_WITHIN_S)
    await asyncio.sleep(campaign.rng.choice((0, 0, 0.001, 0.003, 0.007)))
    kill(campaign, worker)
    campaign.ground.start()


for _api in ("Produce", "TxnOffsetCommit", "EndTxn"):
    named(f"hub killed at {_api}")(lambda campaign, api=TRANSACTIONAL[_api]: _killed_at(campaign, api))


async def _killed_in_step(campaign: Campaign, place: str) -> None:
    ground = campaign.ground
    doomed = ground.start(DOLEN_FAILPOINT=f"{place}:{campaign.rng.randint(1, 12)}")
    while doomed.poll() is None:
        await asyncio.sleep(0.005)
    if doomed.returncode != -signal.SIGKILL:
        raise AssertionError(f"the worker ended with {doomed.returncode}:\n{ground.tail()}")
    campaign.struck(inside=int(FAILPOINTS[place]))


for _place in FAILPOINTS:
    named(f"hub killed {_place}")(lambda campaign, place=_place: _killed_in_step(campaign, place))


@named("hub stopped and woken (zombie)")
async def zombie(campaign: Campaign) -> None:
    """SIGSTOP past the session while another takes its lanes; then it wakes in the middle of what it did."""
    ground = campaign.ground
    (sleeper,) = ground.living
    owned = ground.words("lane.owned")
    ground.start()
    await ground.working(1, after=owned)
    if campaign.rng.random() < 0.8:
        await asyncio.wait_for(ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    sleeper.send_signal(signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(patient(SESSION_S) + campaign.rng.uniform(1.0, 4.0))
    sleeper.send_signal(signal.SIGCONT)


async def _stopped_in_step(campaign: Campaign, place: str) -> None:
    ground = campaign.ground
    sleeper = ground.start(DOLEN_FAILPOINT=f"{place}:{campaign.rng.randint(1, 12)}:STOP")
    while not stopped(sleeper):
        await asyncio.sleep(0.01)
    campaign.struck(inside=int(FAILPOINTS[place]))
    await asyncio.sleep(patient(SESSION_S) + campaign.rng.uniform(1.0, 4.0))
    sleeper.send_signal(signal.SIGCONT)


for _place in ("before-offsets", "before-commit", "after-offsets"):
    named(f"zombie {_place}")(lambda campaign, place=_place: _stopped_in_step(campaign, place))


@named("two workers for the same lanes")
async def rogue(campaign: Campaign) -> None:
    """A worker that takes every lane without asking the group."""
    ground = campaign.ground
    owned = ground.words("lane.owned")
    second = ground.start("tests.faults.rogue")
    await ground.working(3, after=owned)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 4.0))
    second.kill()


@named("workers join and leave")
async def join_and_leave(campaign: Campaign) -> None:
    """Two more come, the oldest goes."""
    ground = campaign.ground
    (first,) = ground.living
    for _ in range(2):
        ground.start()
        await asyncio.sleep(campaign.rng.uniform(0.5, 2.5))
    campaign.struck()
    first.send_signal(signal.SIGTERM)
    await asyncio.to_thread(first.wait, 30)


@named("out of file descriptors")
async def no_descriptors(campaign: Campaign) -> None:
    """Connections break, and no new one can be opened for a while."""
    (worker,) = campaign.ground.living
    before = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (8, before[1]))
    campaign.struck()
    campaign.ground.wire.reset_all()
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, before)
