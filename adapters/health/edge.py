"""Reads a health board's FHIR server into the outbox, and writes there what the hub tells."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import structlog

from adapters.health import flags, patients
from adapters.health.client import Answered, FhirClient, NotReadable, Unreachable
from adapters.health.collected import FOCAL, Collected, NotThere
from adapters.health.element import Element
from adapters.health.fault_task import UNTRANSLATED, fault_task
from adapters.health.inbound import standing, to_event
from adapters.health.look import look
from adapters.health.mark import Mark
from adapters.health.outbound import Native
from adapters.health.outcomes import outcome_of
from adapters.health.settings import Settings
from adapters.health.sweep import Sweep
from adapters.health.told import DELIVERY
from adapters.sdk.declaration import Draft, Notification, NotTranslated, Outbox
from adapters.sdk.outcome import Delivered, Outcome, Retry
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.waits import stopped_within
from contracts.delivery import Delivery

log = structlog.get_logger("dolen.adapter")

MAX_REFERENCES: Final = 60
"""Resources that one record may refer to: twenty children, and those who speak."""
REMEMBERED: Final = 100_000
"""References that need not be put again; the outbox knows them all."""
LONGEST_WAIT_S: Final = 60.0
LONGEST_ASKED_S: Final = 3600.0
"""The longest wait that a server is granted."""
FORBIDDEN: Final = 403
WRITTEN: Final = ("Flag", "Communication")


class HealthEdge:
    """The part of the adapter that touches the FHIR server; one client serves both directions."""

    def __init__(self, settings: Settings, pseudonyms: Pseudonyms) -> None:
        self._settings = settings
        self._pseudonyms = pseudonyms
        self._client: FhirClient | None = None
        self._opening = asyncio.Lock()
        self._fit: bool | None = None
        self._known: OrderedDict[str, None] = OrderedDict()
        self.waits = stopped_within
        """How it waits between two looks; a test's does not."""
        self._shown: dict[str, str] = {}
        """The fault that was shown last, by reference."""

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Sweep over both kinds of resource until `stop`."""
        client, mark = await self._opened(), Mark(self._settings.mark_file, first=self._settings.since)

        async def take(record: Collected) -> bool:
            return await self._take(client, outbox, record)

        async def unreadable(reference: str, reason: NotTranslated) -> None:
            await self._set_aside(client, outbox, reference, reason)

        sweeps = [Sweep(kind, client, settings=self._settings, mark=mark, unreadable=unreadable) for kind in FOCAL]
        wait = self._settings.poll_s
        while not stop.is_set():
            try:
                await look(sweeps, take)
                wait = self._settings.poll_s
            except (Unreachable, NotReadable, Answered, NotTranslated) as failure:
                asked = failure.after if isinstance(failure, Answered) else None
                wait = min(2 * wait, max(LONGEST_WAIT_S, self._settings.poll_s))
                wait = wait if asked is None else max(wait, min(asked.total_seconds(), LONGEST_ASKED_S))
                log.error("health.not_read", error=str(failure), wait_s=wait)
            await self.waits(stop, wait)

    async def deliver(self, native: Native, notification: Notification) -> Outcome:
        """Write what a notification becomes; a second time finds the first by the notification's id."""
        try:
            client = await self._opened()
            if not await self._is_fit(client):
                return Retry("server-without-conditional-create")
            return await _delivered(client, native, notification.delivery)
        except Unreachable:
            return Retry("unreachable")
        except (NotReadable, NotTranslated):
            return Retry("answer-not-readable")
        except Answered as answered:
            log.warning("health.not_written", status=answered.status, issues=answered.issues)
            return outcome_of(answered)

    async def close(self) -> None:
        """Let go of the connections; what comes after opens new ones."""
        async with self._opening:
            if self._client is not None:
                client, self._client = self._client, None
                await client.__aexit__(None, None, None)

    async def _opened(self) -> FhirClient:
        async with self._opening:
            if self._client is None:
                client = FhirClient(self._settings)
                await client.__aenter__()
                self._client = client
            return self._client

    async def _take(self, client: FhirClient, outbox: Outbox, record: Collected) -> bool:
        """Put a record into the outbox or aside; whether the outbox did not have it."""
        try:
            reference, stands = record.reference, standing(record.focal)
        except NotTranslated as reason:
            await self._set_aside(client, outbox, record.literal, reason, record=record)
            return False
        if reference in self._known or stands == "not-yet":
            return False
        if stands == "closed":
            return await self._take_closed(client, outbox, record)
        try:
            taken = await outbox.put(await self._translated(client, record))
        except NotTranslated as reason:
            await self._set_aside(client, outbox, reference, reason, record=record)
            return False
        except NotAnEvent as reason:
            wrong = NotTranslated("not-an-event", path=record.literal.partition("/")[0], remedy=str(reason))
            await self._set_aside(client, outbox, reference, wrong, record=record)
            return False
        self._remember(reference)
        return not taken.again

    async def _take_closed(self, client: FhirClient, outbox: Outbox, record: Collected) -> bool:
        """A report that was made and closed between two looks is still a report: its version in force is taken."""
        new, said = False, False
        for version in await client.history(record.literal):
            if f"{version.get('resourceType')}/{version.get('id')}" != record.literal:
                continue
            if standing(version) == "said":
                said = True
                earlier = Collected(version, record.related, record.base)
                new = await self._take(client, outbox, earlier) or new
        if said and record.focal.get("status") == "entered-in-error":
            path = f"{record.focal.get('resourceType')}.status"
            reason = NotTranslated(
                "withdrawn", path=path, remedy="it was sent and can't be called back: telephone the authority"
            )
            await self._set_aside(client, outbox, record.reference, reason, record=record)
        self._remember(record.reference)
        return new

    async def _translated(self, client: FhirClient, record: Collected) -> Draft:
        """The draft of a record, with what it refers to read from the server where the search didn't bring it."""
        for _ in range(MAX_REFERENCES):
            try:
                return to_event(record, self._pseudonyms)
            except NotThere as missing:
                resource = await _read(client, missing)
                record = record.with_resource(missing.literal, resource)
        raise NotTranslated("too-many-references", remedy=f"refer to at most {MAX_REFERENCES} resources")

    async def _set_aside(
        self,
        client: FhirClient,
        outbox: Outbox,
        reference: str,
        reason: NotTranslated,
        *,
        record: Collected | None = None,
    ) -> None:
        """Keep a record that can't be translated, and show the health board why in its own system."""
        if self._shown.get(reference) == str(reason):
            return
        native = None if record is None else json.dumps(record.focal, ensure_ascii=False).encode()
        await outbox.set_aside(reference, reason, native=native)
        if self._settings.report_faults:
            try:
                await client.create(fault_task(reference, reason), unless=f"{UNTRANSLATED}|{reference}")
            except Answered as refused:  # it is kept in the outbox's own list
                log.error("health.fault_not_shown", status=refused.status, issues=refused.issues)
        if len(self._shown) >= REMEMBERED:
            self._shown.clear()
        self._shown[reference] = str(reason)

    def _remember(self, reference: str) -> None:
        self._known[reference] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _is_fit(self, client: FhirClient) -> bool:
        """Whether the server says that it knows conditional create: without it a retry would make a second Flag."""
        if self._fit is None:
            self._fit = _conditional(await client.capabilities())
            if not self._fit:
                log.error("health.server_unfit", remedy="conditionalCreate of Flag and Communication is needed")
        return self._fit


async def _read(client: FhirClient, missing: NotThere) -> Mapping[str, Any]:
    try:
        held = await client.read(missing.literal)
    except NotReadable as wrong:
        raise NotTranslated("not-readable", path=missing.path, remedy=str(wrong)) from None
    except Answered as answered:
        if answered.status == FORBIDDEN:
            raise NotTranslated("not-allowed", path=missing.path, remedy="let the adapter read this") from None
        raise
    if held is None:
        raise NotTranslated(missing.code, path=missing.path, remedy=missing.remedy)
    if f"{held.resource.get('resourceType')}/{held.resource.get('id')}" != missing.literal:
        raise NotTranslated("another-resource", path=missing.path, remedy="the server answers with another resource")
    return held.resource


async def _delivered(client: FhirClient, native: Native, delivery: Delivery) -> Outcome:
    found = [await patients.found(client, whom) for whom in native.children]
    if native.act is not None:
        outcome = await flags.apply(client, native, delivery, next(iter(found), None))
        if not isinstance(outcome, Delivered):
            return outcome
    await client.create(_addressed(native, found), unless=f"{DELIVERY}|{delivery.id}")
    return Delivered()


def _addressed(native: Native, found: list[str | None]) -> dict[str, Any]:
    """The Communication about the server's own patients; who wasn't found stays in it, for a person to match."""
    places = dict(zip((f"#{whom.patient['id']}" for whom in native.children), found, strict=True))

    def placed(reference: Mapping[str, str]) -> dict[str, str]:
        return {"reference": places[reference["reference"]] or reference["reference"]}

    resource = dict(native.communication)
    contained = [patient for patient in resource.pop("contained", []) if places[f"#{patient['id']}"] is None]
    if "subject" in resource:
        resource["subject"] = placed(resource["subject"])
    if "about" in resource:
        resource["about"] = [placed(reference) for reference in resource["about"]]
    return resource | ({"contained": contained} if contained else {})


def _conditional(statement: Mapping[str, Any]) -> bool:
    able = {
        resource.text("type")
        for rest in Element(statement, "CapabilityStatement").each("rest")
        for resource in rest.each("resource")
        if resource.flag("conditionalCreate") is True
    }
    return able.issuperset(WRITTEN)
