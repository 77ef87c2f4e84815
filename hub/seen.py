"""Holds the marks of events already seen in Redis: a fast copy of what the ledger knows, and never trusted further."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hub.dedupe import Claim
from hub.errors import SeenLostWrites, Unavailable

Progress = Mapping[tuple[str, int], int]
"""The next offset to be read, for each (inbound topic, partition)."""

_CLAIM = resources.files("hub").joinpath("claim.lua").read_text(encoding="utf-8")
_DELETE_IF_STILL = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_LOCK_MS = 30_000


class Seen:
    """One lane's connection to Redis.

    Every call raises `Unavailable` where Redis doesn't answer, and `SeenLostWrites` where it lost writes. After either,
    and after a cancelled call (its answer would be taken for the next one's), the connection is dropped; `connect`
    makes a new one and compares all watermarks with Kafka's committed offsets.
    """

    def __init__(self, url: str, *, prefix: str, window_ms: int, timeout_s: float = 5.0) -> None:
        self._url = url
        self._prefix = prefix
        self._epoch_key = f"{prefix}epoch"
        self._watermarks_key = f"{prefix}watermarks"
        self._lock_key = f"{prefix}rebuild"
        self._window_ms = window_ms
        self._timeout_s = timeout_s
        self._redis: Redis | None = None
        self._epoch = b""

    async def connect(self, committed: Callable[[], Awaitable[Progress]]) -> None:
        """Open a new connection, and check that Redis knows all that Kafka's committed offsets say."""
        await self.close()
        self._redis = _client(self._url, self._timeout_s, limited=False)
        self._claim = self._redis.register_script(_CLAIM)  # hashes the text: once a connection, not once a batch
        async with self._talking() as redis:
            epoch = await redis.get(self._epoch_key)
        if epoch is None:
            raise SeenLostWrites("Redis has no epoch: it is new or was emptied; the window is rebuilt from the ledger")
        behind = await self.behind(await committed())
        if behind:
            raise SeenLostWrites(f"Redis is behind Kafka on {behind} partitions: it lost writes; rebuilding the window")
        self._epoch = epoch if isinstance(epoch, bytes) else epoch.encode()

    async def behind(self, committed: Progress) -> int:
        """On how many inbound partitions Redis knows less than Kafka."""
        async with self._talking() as redis:
            known = await redis.hgetall(self._watermarks_key)
        return sum(int(known.get(_field(at), 0)) < offset for at, offset in committed.items())

    async def claim(self, claims: Sequence[Claim], *, committed: Progress, upto: Progress) -> list[bytes | None]:
        """Mark each claim's identity; what stood there before, in order (None: nothing did).

        `committed` is where this lane's transactions have got to, `upto` where this batch will have got to.
        """
        watermarks = [part for at, offset in upto.items() for part in (_field(at), committed.get(at, 0), offset)]
        keys: list[Any] = [self._epoch_key, self._watermarks_key, *(self._key(claim) for claim in claims)]
        arguments = [self._epoch, self._window_ms, len(upto), *watermarks, *(claim.mark for claim in claims)]
        async with self._talking() as redis:
            status, *found = await self._claim(keys=keys, args=arguments)
            if status == b"ok":
                return list(found)
            self._redis = None
            await redis.aclose()
        raise SeenLostWrites("Redis was emptied or rolled back while lanes were running; the window is rebuilt")

    async def unmark(self, claim: Claim, found: bytes) -> None:
        """Remove a mark that isn't the hub's, if it still stands there."""
        async with self._talking() as redis:
            await _evaluate(redis, _DELETE_IF_STILL, [self._key(claim)], [found])

    async def distrust(self) -> None:
        """Take the epoch away: every lane waits until the window is rebuilt."""
        async with self._talking() as redis:
            await redis.delete(self._epoch_key)

    async def check_epoch(self) -> None:
        """Raise if Redis was emptied, rolled back or rebuilt since the claim.

        Called when a batch's ledger records are in Kafka and its offsets are not: a rebuild waits for such records, so
        a batch either passes here and is seen by the rebuild, or fails here and is claimed again.
        """
        async with self._talking() as redis:
            if await redis.get(self._epoch_key) == self._epoch:
                return
        await self.close()
        raise SeenLostWrites("Redis was emptied or rebuilt during a batch; the batch is done again")

    @contextlib.asynccontextmanager
    async def rebuilding(self) -> AsyncIterator["Rebuild | None"]:
        """Hold the lock for a rebuild; None where another worker holds it: wait a little and connect again."""
        token = secrets.token_hex(16)
        async with self._talking(limited=False) as redis:
            async with asyncio.timeout(self._timeout_s):
                locked = await redis.set(self._lock_key, token, nx=True, px=_LOCK_MS)
                if locked:
                    await redis.delete(self._epoch_key)
            if not locked:
                yield None
                return
            try:
                yield Rebuild(redis, self, token)
            finally:
                async with asyncio.timeout(self._timeout_s):
                    await _evaluate(redis, _DELETE_IF_STILL, [self._lock_key], [token.encode()])

    async def close(self) -> None:
        """Drop the connection."""
        redis, self._redis = self._redis, None
        if redis is not None:
            with contextlib.suppress(RedisError, OSError):
                await redis.aclose()

    @contextlib.asynccontextmanager
    async def _talking(self, *, limited: bool = True) -> AsyncIterator[Redis]:
        redis = self._redis
        if redis is None:
            raise Unavailable("no connection to Redis: connect first")
        try:
            async with asyncio.timeout(
                self._timeout_s if limited else None
            ):  # redis-py's own limit makes a task of every command
                yield redis
        except (TimeoutError, RedisError, OSError) as failure:
            await self.close()
            raise Unavailable(f"Redis doesn't answer as it should ({type(failure).__name__}); waiting for it") from None
        except asyncio.CancelledError:
            self._redis = None
            await redis.connection_pool.disconnect()
            raise

    def _key(self, claim: Claim) -> bytes:
        return self._prefix.encode() + b"seen:" + claim.key


class Rebuild:
    """A rebuild of the window, under its lock: lanes find no epoch, and wait."""

    def __init__(self, redis: Redis, seen: Seen, token: str) -> None:
        self._redis = redis
        self._seen = seen
        self._token = token

    async def restore(self, marks: Sequence[tuple[Claim, int]]) -> None:
        """Write the ledger's marks, each with the milliseconds it has left; the ledger is right where Redis differs."""
        pipe = self._redis.pipeline(transaction=False)
        for claim, left_ms in marks:
            if left_ms > 0:
                pipe.set(self._seen._key(claim), claim.mark, px=left_ms)
        pipe.pexpire(self._seen._lock_key, _LOCK_MS)
        async with asyncio.timeout(self._seen._timeout_s):
            await pipe.execute()

    async def finish(self, committed: Progress) -> None:
        """Set watermarks and a new epoch, if the lock is still this worker's."""
        async with asyncio.timeout(self._seen._timeout_s):
            held = await self._redis.get(self._seen._lock_key)
        if held != self._token.encode():
            raise Unavailable("the rebuild took longer than its lock; it is done again")
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(self._seen._watermarks_key)
        if committed:
            pipe.hset(self._seen._watermarks_key, mapping={_field(at).decode(): n for at, n in committed.items()})
        pipe.set(self._seen._epoch_key, secrets.token_hex(16))
        async with asyncio.timeout(self._seen._timeout_s):
            await pipe.execute()


async def ask_redis(url: str, *, timeout_s: float) -> None:
    """Raise `Unavailable` where Redis doesn't answer."""
    client = _client(url, timeout_s)
    try:
        await client.ping()
    except (TimeoutError, RedisError, OSError) as failure:
        raise Unavailable(f"Redis doesn't answer ({type(failure).__name__})") from None
    finally:
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()


def _client(url: str, timeout_s: float, *, limited: bool = True) -> Redis:
    return Redis.from_url(
        url,
        single_connection_client=True,
        socket_timeout=timeout_s if limited else None,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def _field(at: tuple[str, int]) -> bytes:
    return f"{at[0]}/{at[1]}".encode()


async def _evaluate(redis: Redis, script: str, keys: Sequence[Any], arguments: Sequence[Any]) -> Any:
    return await redis.register_script(script)(keys=keys, args=arguments)
