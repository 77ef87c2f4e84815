"""Asks PostgreSQL now and then, in a thread, never twice at once: a server that hangs holds one thread, and no page."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import Unavailable
from hub.store.database import reading

Answer = TypeVar("Answer")

LIMIT_S = 10.0


class Question(Generic[Answer]):
    """One question; its last answer is kept."""

    def __init__(self, engine: Engine, ask: Callable[[Connection], Answer], *, limit_s: float = LIMIT_S) -> None:
        self._engine = engine
        self._ask = ask
        self._limit_s = limit_s
        self._asking: asyncio.Task[Answer] | None = None
        self.answer: Answer | None = None
        self.away = "PostgreSQL was not asked yet"
        """Why there is no answer of now; empty where there is."""

    async def look(self) -> None:
        """Ask, or wait on for what was asked before."""
        if self._asking is None:
            self._asking = asyncio.create_task(asyncio.to_thread(self._asked))
        try:
            self.answer = await asyncio.wait_for(asyncio.shield(self._asking), self._limit_s)
        except TimeoutError:
            self.away = f"PostgreSQL doesn't answer within {self._limit_s:g} s"
            return
        except Unavailable as away:
            self.away = str(away)
        except SQLAlchemyError as wrong:  # its text may hold a statement's values
            self.away = f"PostgreSQL has no answer ({type(wrong).__name__})"
        else:
            self.away = ""
        self._asking = None

    def _asked(self) -> Answer:
        with reading(self._engine) as connection:
            return self._ask(connection)


def is_there(connection: Connection) -> bool:
    """The least that can be asked."""
    return bool(connection.execute(text("SELECT 1")).scalar_one())
