"""The schools' portal: designated people sign in, open, accept and ask, over HTTP, as in a browser."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import httpx
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from adapters.schools.clock import wall_clock
from adapters.schools.reader import Right
from adapters.schools.roles import Role
from adapters.schools.store import people, webhooks
from adapters.schools.store.database import engine, make_tables
from adapters.sdk.credentials import credentials_path
from contracts.parties import agency_of, school_of
from hub.demo.far.place import Place
from hub.demo.far.receiver import start_receiver
from hub.demo.far.system import Said
from hub.errors import DolenError

DATABASE = "schools_portal"
SOON_S = 10.0
LOOK_EVERY_S = 0.1
_KINDS = {"accepted-by": "accepted", "escalated": "to-desk"}
"""What the portal calls a step, where the receipt that says it is called otherwise."""


class Portal:
    """The portal, and the people who use it in the story."""

    def __init__(
        self, place: Place, server: str, port: int, staff: Mapping[str, tuple[str, Sequence[str]]], *, called: str
    ) -> None:
        """`server` is the URL of an administrator; `staff` a name, and schools or desks, by `sub`.

        `called` is the school with a system of its own, which wants to be told no more.
        """
        self.place = place
        self.address = f"http://127.0.0.1:{port}"
        self._port = port
        self._server = server
        self._staff = staff
        self._called = called
        self._browsers: dict[str, httpx.Client] = {}
        self._url = make_url(server).set(database=DATABASE).render_as_string(hide_password=False)
        place.store, place.schema = self._url, "schools_sdk"

    def prepare(self) -> None:
        """Make the portal's database, and let its people in before anything comes."""
        with psycopg.connect(self._server, autocommit=True) as root:
            root.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        asyncio.run(self._admit())
        own: dict[str, object] = {
            "database_url": self._url,
            "credentials": str(credentials_path(self.place.state, self.place.agency)),
            "address": self.address,
            "port": self._port,
            "secret_file": str(self.place.folder / "portal.secret"),
            "webhooks_to_this_machine": True,
            "development": True,  # everybody may be anybody: all is invented, and the address is this machine's
        }
        self.place.write(own)

    def name_of(self, subject: str) -> str:
        """Of one of its people."""
        return self._staff[subject][0]

    def inbox(self, language: str, school: str) -> str:
        """The address of a school's inbox."""
        return f"{self.address}/{language}{school}"

    def say(self, event: Said) -> str:
        """Do on the page what a receipt says that somebody did; what the portal does by itself is waited for."""
        data, kind = event["data"], event["type"].split(".")[-2]
        delivery = data["delivery"]
        if kind == "delivered":
            return f"answer {delivery}"
        school, ref = event["source"], self._ref(delivery)
        page = f"/cy/notices/{ref}"
        match kind:
            case "opened":
                self._get(school, page)
            case "accepted-by":
                self._post(school, f"{page}/accept", page)
            case "asked":
                said = data["question"]
                self._post(school, f"{page}/ask", page, words=said["text"], written_in=said["language"])
            case "refused":
                self._post(school, f"{page}/not-ours", f"{page}/not-ours", place="0")
            case "restored":
                desk = self._desk_of(ref)
                held_back = f"/cy/desks/{agency_of(desk)}/held-back"
                lifted = {"kind": data["reason"], "ref": ref, "school": school.rpartition("/")[2]}
                self._post(desk, held_back, held_back, **lifted, reason="Mae'r plentyn yn dechrau heddiw.")
            case "system-off":
                self._have_it_called(school, delivery)
        return self._step(delivery, _KINDS.get(kind, kind))

    def look(self) -> None:
        """Nothing: notices come by themselves."""

    def has(self) -> Sequence[str]:
        """The notices of the portal."""
        return [found for (found,) in self._ask("SELECT id FROM schools.notices ORDER BY received_at")]

    def _have_it_called(self, school: str, delivery: str) -> None:
        """Have the school's own system called about a notification, if an earlier one had it turned off before."""
        hook = f"/cy{school}/webhook"
        if not self._comes(delivery, "system-off"):
            self._post(school, f"{hook}/replay", hook)
            self._comes(delivery, "system-off")

    def _comes(self, delivery: str, kind: str) -> bool:
        """Whether the portal takes a step by itself soon."""
        until = time.monotonic() + SOON_S
        while not (there := self._steps(delivery, kind)) and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
        return bool(there)

    def _ref(self, delivery: str) -> str:
        """The notice's name in the portal's addresses."""
        ((found,),) = self._ask("SELECT ref FROM schools.notices WHERE id = %s", delivery)
        return str(found)

    def _desk_of(self, ref: str) -> str:
        ((found,),) = self._ask("SELECT desk FROM schools.notices WHERE ref = %s", ref)
        return str(found)

    def _step(self, delivery: str, kind: str) -> str:
        rows = self._steps(delivery, kind)
        if not rows:
            raise DolenError(f"the portal did not do what the story says ({kind}): its log says why")
        return str(rows[0][0])

    def _steps(self, delivery: str, kind: str) -> list[tuple[Any, ...]]:
        return self._ask("SELECT id FROM schools.steps WHERE notice = %s AND kind = %s ORDER BY seq", delivery, kind)

    def _get(self, party: str, path: str) -> str:
        """Look at a page as a school's or desk's own; the token of its forms."""
        answer = _found(self._browser(party).get(path))
        token = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        if token is None:
            raise DolenError("the portal's page has no form: nobody is signed in")
        return token[1]

    def _post(self, party: str, path: str, page: str, **fields: str) -> None:
        """Send a form of a page."""
        _found(self._browser(party).post(path, data={"csrf": self._get(party, page), **fields}))

    def _browser(self, party: str) -> httpx.Client:
        """Of the party's designated person, signed in by the development provider."""
        if party not in self._browsers:
            subject = next(subject for subject, (_, parties) in self._staff.items() if party in parties)
            client = httpx.Client(base_url=self.address, follow_redirects=True, timeout=60)
            asked = _found(client.get("/cy/sign-in/go"))
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
            _found(client.post("/development/authorize", data={**fields, "subject": subject}))
            self._browsers[party] = client
        return self._browsers[party]

    async def _admit(self) -> None:
        database = engine(self._url, connections=1)
        try:
            await make_tables(database)
            async with database.begin() as connection:
                for subject, (name, parties) in self._staff.items():
                    granted = tuple(Right(party, Role.DSP if school_of(party) else Role.DESK) for party in parties)
                    await people.put(connection, subject=subject, name=name, granted=granted, at=wall_clock())
                owner = "it@school.example"
                await webhooks.set_up(connection, self._called, url=start_receiver(), owner=owner, whole=False)
        finally:
            await database.dispose()

    def _ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._database.execute(query.encode(), parameters).fetchall()

    @cached_property
    def _database(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self._url, autocommit=True)


def _found(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise DolenError(f"the portal does not show what the story asks for: it answers {answer.status_code}")
    return answer
