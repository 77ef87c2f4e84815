"""Measures the schools' portal on loopback: a morning of 500 sign-ins, and the inbox with a million notices stored.

`python -m tests.schools_bench [--stored N]`, with the servers that the tests use; it fills a database of its own, about
2 GB for a million, and drops it.
"""

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import httpx
import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.schools.notice import notice
from adapters.schools.receiving import receive
from adapters.schools.roles import Role
from contracts.directory import Directory
from tests.schools_ground import ENGLISH, Browser, Ground, encompass, ground
from tests.servers import find_servers

SCHOOLS = 1473
NOTICES = 1000
PEOPLE = 500
AT_ONCE = 20
PAGE, LINES = "/en/schools/6812003", 28
"""Three that nobody has opened, and a page of others."""
ASKED = 500
"""Inbox pages for each size."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stored", type=int, default=1_000_000)
    arguments.add_argument("--serve", nargs=3, metavar=("URL", "PORT", "NOW"), help="Of the bench's own.")
    asked = arguments.parse_args()
    if asked.serve is not None:
        _serve(*asked.serve)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        find_servers(Path(folder) / "stack") as servers,
    ):
        with ground(servers.endpoints.database_url, Path(folder)) as portal:
            _morning(portal)
        _sizes(servers.endpoints.database_url, Path(folder), (10_000, asked.stored))


def _serve(url: str, port: str, now: str) -> None:
    """The portal in a process of its own, until its input ends."""
    with Ground(url, Path(), datetime.fromisoformat(now), int(port)).served():
        _say("serves")
        sys.stdin.read()


@contextlib.contextmanager
def _served(portal: Ground) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.schools_bench", "--serve"]
    process = subprocess.Popen(
        [*command, portal.url, str(portal.port), portal.now.isoformat()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"serves\n"
        yield portal.settings.address
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def _morning(portal: Ground) -> None:
    portal.now = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
    numbers = sorted(Directory.packaged().schools)
    assert len(numbers) == SCHOOLS
    began = time.perf_counter()
    portal.run(lambda connection: _people(connection, numbers))
    portal.run_with(lambda database: _night(portal, database, numbers))
    _say(f"{SCHOOLS} schools, {NOTICES} notices taken in one after the other: {time.perf_counter() - began:.1f} s")
    portal.now = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
    with _served(portal) as address:
        began = time.perf_counter()
        inbox, errors = asyncio.run(_all_sign_in(address, numbers[:PEOPLE]))
        took = time.perf_counter() - began
    opened = portal.rows("SELECT count(*) AS n FROM schools.notices WHERE opened_at IS NOT NULL")[0].n
    _say(f"{PEOPLE} people sign in, see the inbox, open a notice, {AT_ONCE} at once: {took:.1f} s, {errors} errors")
    _say(f"opened: {opened}; inbox page: {_told(inbox)}")


async def _night(portal: Ground, database: AsyncEngine, numbers: list[str]) -> None:
    parts = portal.portal(database)
    for number in range(NOTICES):
        delivery = encompass(f"/schools/{numbers[number]}", number=number + 1)
        async with database.begin() as connection:
            ref = await receive(
                connection,
                notice(delivery),
                passing=parts.passing,
                clock=parts.clock,
            )
        assert ref is not None


async def _people(connection: AsyncConnection, numbers: list[str]) -> None:
    for number in numbers:
        values = {
            "id": f"0{number}-0000-4000-8000-000000000000",
            "subject": f"dsp-{number}",
            "party": f"/schools/{number}",
        }
        await connection.execute(
            text(
                "INSERT INTO schools.people (id, subject, name, active, created_at) "
                "VALUES (:id, :subject, :subject, true, now())"
            ),
            values,
        )
        await connection.execute(
            text("INSERT INTO schools.rights (person, party, role) VALUES (:id, :party, 'dsp')"), values
        )


async def _all_sign_in(address: str, numbers: list[str]) -> tuple[list[float], int]:
    room, inbox, errors = asyncio.Semaphore(AT_ONCE), list[float](), 0

    async def one(number: str) -> None:
        nonlocal errors
        async with room, httpx.AsyncClient(base_url=address, follow_redirects=True, timeout=60) as client:
            asked = await client.get("/en/sign-in/go")
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
            await client.post("/development/authorize", data={**fields, "subject": f"dsp-{number}"})
            began = time.perf_counter()
            listed = await client.get(f"/cy/schools/{number}")
            inbox.append(time.perf_counter() - began)
            link = re.search(r'href="(/cy/notices/[0-9a-f]{32})"', listed.text)
            read = await client.get(link[1]) if link else listed
            errors += not (listed.status_code == 200 == read.status_code and link is not None)

    await asyncio.gather(*(one(number) for number in numbers))
    return inbox, errors


def _sizes(url: str, folder: Path, sizes: tuple[int, int]) -> None:
    """The same full page out of a small store and a large one, in turn, so that both meet the same machine."""
    with contextlib.ExitStack() as ends:
        browsers = [_stored(ends, ends.enter_context(ground(url, folder)), size) for size in sizes]
        for browser in browsers * 20:
            browser.get(PAGE)
        took: tuple[list[float], list[float]] = [], []
        for _ in range(ASKED):
            for browser, seconds in zip(browsers, took, strict=True):
                asked = time.perf_counter()
                page = browser.get(PAGE)
                seconds.append(time.perf_counter() - asked)
                assert page.text.count('<li class="notice') == LINES
    for size, seconds in zip(sizes, took, strict=True):
        _say(f"inbox page of {LINES} lines with {size:,} stored: {_told(seconds)}")
    for percent in (50, 99):
        small, large = (_at(seconds, percent) for seconds in took)
        _say(f"ratio of p{percent}, {sizes[1]:,} to {sizes[0]:,}: {large / small:.2f}")


def _stored(ends: contextlib.ExitStack, portal: Ground, size: int) -> Browser:
    """A portal that holds so many notices, and somebody who is signed in to it."""
    portal.person("dsp", (ENGLISH, Role.DSP))
    portal.now = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
    began = time.perf_counter()
    with psycopg.connect(portal.url, autocommit=True) as connection:
        for statement in (_NOTICES.format(size=size, schools=SCHOOLS), _CHILDREN, "VACUUM ANALYZE", "CHECKPOINT"):
            connection.execute(statement.encode())
    _say(f"filled with {size:,}: {time.perf_counter() - began:.0f} s")
    return ends.enter_context(Browser.signed_in(ends.enter_context(_served(portal)), "dsp"))


_NOTICES = """
INSERT INTO schools.notices (id, ref, recipient, party, desk, type, source, origin, subject, correlation, names, body,
                             happened_at, received_at, due_at, opened_at)
SELECT gen_random_uuid()::text, md5(n::text || 'ref'), party, party, '/agencies/cardiff-education',
       'wales.child-protection.notices.domestic-abuse-incident.v1', '/agencies/south-wales-police',
       gen_random_uuid()::text, gen_random_uuid()::text, gen_random_uuid()::text, ARRAY['Mali Enghraifft'],
       decode(repeat(md5(n::text), 20), 'hex'), at, at, at + interval '8 hours',
       CASE WHEN n > {size} - 600 THEN NULL ELSE at + interval '1 hour' END
FROM (SELECT n, timestamptz '2020-01-01' + n * interval '3 minutes' AS at,
             CASE n % 200 WHEN 0 THEN '/schools/6812003' ELSE '/schools/' || (6600000 + n % {schools}) END AS party
      FROM generate_series(1, {size}) AS n) AS made
"""
"""One in 200 for the school that is looked at: with 10,000 it has a full page, as with more; three are unopened."""

_CHILDREN = """
INSERT INTO schools.children (notice, child, place, party)
SELECT id, md5(subject || key) || md5(id), 0, party
FROM schools.notices CROSS JOIN (VALUES ('upn'), ('reference')) AS keys (key)
"""
"""Two keys a child."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _told(seconds: list[float]) -> str:
    return f"p50 {1000 * _at(seconds, 50):.1f} ms, p99 {1000 * _at(seconds, 99):.1f} ms ({len(seconds)} pages)"


def _at(seconds: list[float], percent: int) -> float:
    return quantiles(seconds, n=100)[percent - 1]


if __name__ == "__main__":
    main()
