"""For each hub that is built wrong, what brings its mistake to light; the right hub goes through the same unhurt."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaProducer

from tests.faults.ground import HUB, Ground
from tests.faults.nemeses.registry import stopped
from tests.faults.wire import Request
from tests.rig import Verdict

CAUGHT_AS = {
    "mark-then-publish": "lost",
    "publish-then-mark": "doubled",
    "one-id-per-worker": "doubled",
    "no-fail-fast": "doubled",
    "faststream-default": "doubled",
    "policy-off-by-one": "misdirected",
}
"""What each hub that is built wrong must be found guilty of."""

Scenario = Callable[[Ground, tuple[str, ...]], Awaitable[None]]
SETTLES_S = 300.0
"""FastStream's default takes one event at a time: half a minute on a quiet machine."""
CONTROLS = "tests.faults.controls"


async def killed_after_the_mark(ground: Ground, command: tuple[str, ...]) -> None:
    """SIGKILL between Redis and Kafka, under load."""
    await _killed_in_step(ground, command, "after-claim:12")


async def killed_after_the_publish(ground: Ground, command: tuple[str, ...]) -> None:
    """SIGKILL when the outputs are in Kafka and the offsets are not."""
    await _killed_in_step(ground, command, "before-offsets:12")


async def asleep_in_a_transaction(ground: Ground, command: tuple[str, ...]) -> None:
    """A worker stops with its outputs in Kafka, another takes its lanes and the same events, the first wakes.

    Before its offsets, and one child's events, so one lane: while any lane's open transaction holds offsets, Kafka does
    not tell a successor where to begin, and by the end of that wait it has aborted the sleeper's.
    """
    first = ground.start(*command, DOLEN_FAILPOINT="before-offsets:6:STOP")
    await ground.working(6)
    sending = asyncio.create_task(_one_child(ground, 150))
    await until(lambda: stopped(first))
    owned = ground.words("lane.owned")
    ground.start(*command)
    await ground.working(6, after=owned)
    await asyncio.sleep(1.5)
    first.send_signal(signal.SIGCONT)
    await sending


async def late_end_of_transaction(ground: Ground, command: tuple[str, ...]) -> None:
    """An EndTxn is unheard for longer than its sender waits, and arrives in the middle of the next transaction.

    One child's events, so one lane: the fifth transaction's end is held, the sixth stops before its offsets.
    """
    async with ground.wire:
        ends, release = 0, asyncio.Event()

        async def hold_the_fifth(request: Request) -> None:
            nonlocal ends
            ends += request.commits
            if request.commits and ends == 5:
                await release.wait()
            await request.send()

        ground.wire.rule = hold_the_fifth
        first = ground.start(*command, DOLEN_FAILPOINT="before-offsets:6:STOP", DOLEN_REQUEST_TIMEOUT_MS="1500")
        await ground.working(6)
        sending = asyncio.create_task(_one_child(ground, 150))
        await until(lambda: stopped(first))
        release.set()
        await asyncio.sleep(0.5)
        first.kill()
        first.wait()
        ground.wire.rule = None
        ground.start(*command)
        await sending
        await ground.settled()


async def killed_at_random(ground: Ground, command: tuple[str, ...]) -> None:
    """SIGKILL twice, under load."""
    sending = asyncio.create_task(ground.publish(1500, rate=300))
    for _ in range(2):
        owned = ground.words("lane.owned")
        worker = ground.start(*command)
        await ground.working(6, after=owned)
        await asyncio.sleep(2.3)
        worker.kill()
        worker.wait()
    ground.start(*command)
    await sending


async def nothing_happens(ground: Ground, command: tuple[str, ...]) -> None:
    """No fault at all."""
    ground.start(*command)
    await ground.publish(200)


SCENARIOS: dict[str, Scenario] = {
    "mark-then-publish": killed_after_the_mark,
    "publish-then-mark": killed_after_the_publish,
    "one-id-per-worker": asleep_in_a_transaction,
    "no-fail-fast": late_end_of_transaction,
    "faststream-default": killed_at_random,
    "policy-off-by-one": nothing_happens,
}


def judge(ground: Ground, scenario: Scenario, control: str | None) -> Verdict:
    """Take a hub, the right one or a control, through a scenario."""
    command = HUB if control is None else (CONTROLS, control)

    async def everything() -> Verdict:
        await scenario(ground, command)
        await ground.settled(SETTLES_S)
        for worker in ground.living:
            worker.terminate()
        return await ground.judged()

    return asyncio.run(everything())


async def until(so: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait until it is so."""
    end = time.monotonic() + within_s
    while not so():
        if time.monotonic() > end:
            raise AssertionError("it did not come to that")
        await asyncio.sleep(0.01)


async def _killed_in_step(ground: Ground, command: tuple[str, ...], place: str) -> None:
    first: subprocess.Popen[bytes] = ground.start(*command, DOLEN_FAILPOINT=place)
    await ground.working(6)
    sending = asyncio.create_task(ground.publish(1200, rate=400))
    await until(lambda: first.poll() is not None)
    if first.returncode != -signal.SIGKILL:
        raise AssertionError(f"the worker ended with {first.returncode}:\n{ground.tail()}")
    ground.start(*command)
    await sending


async def _one_child(ground: Ground, count: int) -> None:
    child = ground.load.event().key.decode()
    async with AIOKafkaProducer(**ground.root.kafka_client(), acks="all") as producer:
        for _ in range(count):
            event = ground.load.event(child)
            await producer.send_and_wait(ground.load.topic, event.value, key=event.key, headers=[*event.headers])
            ground.sent.append(event)
            await asyncio.sleep(0.05)
