"""What a person sees and decides from the command line, while the adapter has its store."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from adapters.sdk.declaration import NotTranslated
from adapters.sdk.keys import pseudonym_key
from adapters.sdk.outcome import Delivered, Outcome, Retry
from adapters.sdk.store import Store
from hub.cli import command_line
from hub.errors import DolenError, StartRefused
from tests.adapter_parts import AGENCY, OTHER_CHILD, Parts, draft, hub_receipt, made, notification

ROOT = Path(__file__).parents[3]
CREDENTIALS = f"""
[agency]
id = "{AGENCY}"
[kafka]
bootstrap_servers = "127.0.0.1:1"
username = "{AGENCY}"
password = "invented"
topic_prefix = ""
[signing]
key_id = "invented"
secret = "aW52ZW50ZWQ="
"""


class Office:
    """An adapter that has its store open, and a command line beside it."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "police.toml"
        (folder / "agency.toml").write_text(CREDENTIALS)
        pseudonym_key(folder / "police.key")
        self.config.write_text(
            'adapter = "police"\ncredentials = "agency.toml"\nstore = "sqlite:///adapter.db"\n'
            'pseudonym_key = "police.key"\n'
        )

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(command_line(["adapter"]), ["adapter", *words])

    def data(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.output)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def running(office: Office, tmp_path: Path) -> Iterator[Parts]:
    """Delivers the notifications of one child never, while `edge.answer` isn't changed; tries twice."""
    with Store(f"sqlite:///{tmp_path}/adapter.db") as store:
        parts = made(store, tries=2)
        parts.edge.answer = lambda given: Retry("case-locked") if given.delivery.subject != OTHER_CHILD else Delivered()
        yield parts


def _stands_still(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(1), notification(2), notification(1, subject=OTHER_CHILD)])

        def parked() -> bool:
            parts.clock.forward(100)
            return parts.store.look(parts.inbox.counts).parked_children == 1

        await parts.deliver_until(parked)

    asyncio.run(run())


def _goes_on(parts: Parts, answer: Outcome) -> list[int]:
    """The numbers that the system is given from now on."""
    _started_again(parts)
    parts.edge.answer = lambda given: answer
    asyncio.run(parts.deliver_until(lambda: parts.store.look(parts.inbox.counts).waiting == 0))
    return [given.delivery.sequence for given in parts.edge.given]


def _started_again(parts: Parts) -> None:
    parts.delivering = replace(parts.delivering)  # its locks belong to the loop that has ended
    parts.edge.given.clear()
    parts.clock.now = 2**41  # after the command's clock, which is the machine's


def _states(parts: Parts) -> Sequence[str]:
    inbox = parts.store.tables.inbox
    rows = parts.store.look(lambda connection: connection.execute(inbox.select().order_by(inbox.c.id)).all())
    return [f"{row.sequence} {row.state}" for row in rows]


def test_where_a_child_stands_still_is_shown_with_what_waits_behind(office: Office, running: Parts) -> None:
    _stands_still(running)
    (found,) = office.data("parked", "list", str(office.config))
    assert (found["sequence"], found["tries"], found["reason"], found["behind"]) == (1, 2, "case-locked", 1)
    assert office.data("parked", "show", str(office.config), found["delivery"]) == found
    shown = office.run("parked", "list", str(office.config)).output
    assert f"{found['delivery']}  {found['type']} number 1 from {found['source']}: case-locked, 2 tries" in shown
    assert '"data"' not in shown


def test_one_that_is_retried_goes_first_and_then_those_behind(office: Office, running: Parts) -> None:
    _stands_still(running)
    (found,) = office.data("parked", "list", str(office.config))
    office.data("parked", "retry", str(office.config), found["delivery"])
    assert _goes_on(running, Delivered()) == [1, 2]
    assert office.run("parked", "list", str(office.config)).output == "Nothing stands still.\n"


def test_one_that_is_retried_has_all_its_tries_again(office: Office, running: Parts) -> None:
    _stands_still(running)
    (found,) = office.data("parked", "list", str(office.config))
    office.data("parked", "retry", str(office.config), found["delivery"])
    _started_again(running)

    def parked() -> bool:
        running.clock.forward(100)
        return running.store.look(running.inbox.counts).parked_children == 1

    asyncio.run(running.deliver_until(parked))
    assert [given.attempt for given in running.edge.given] == [1, 2]


def test_one_that_is_skipped_is_never_given_and_its_sender_learns_why(office: Office, running: Parts) -> None:
    _stands_still(running)
    (found,) = office.data("parked", "list", str(office.config))
    skipped = office.data("parked", "skip", str(office.config), found["delivery"], "--reason", "Told by telephone.")
    assert skipped == {"skipped": found["delivery"], "sender_is_told": True}
    assert _goes_on(running, Delivered()) == [2]
    assert _states(running) == ["1 skipped", "2 delivered", "1 delivered"]
    outbox = running.store.tables.outbox
    rows = running.store.look(lambda connection: connection.execute(outbox.select()).all())
    told = {answer["data"]["delivery"]: answer for answer in (json.loads(row.value) for row in rows)}
    assert len(told) == 3
    assert told[found["delivery"]]["type"] == "wales.child-protection.receipts.refused.v1"
    assert told[found["delivery"]]["data"]["reason"] == "other"
    assert told[found["delivery"]]["data"]["explanation"] == {"text": "Told by telephone.", "language": "en"}


@pytest.mark.parametrize("decision", [("retry",), ("skip", "--reason", "why")])
def test_what_does_not_stand_still_can_not_be_decided(
    office: Office, running: Parts, decision: tuple[str, ...]
) -> None:
    _stands_still(running)
    (found,) = office.data("parked", "list", str(office.config))
    delivered = next(given.delivery.id for given in running.edge.given if given.delivery.subject == OTHER_CHILD)
    for wrong in (delivered, "no-such-id"):
        result = office.run("parked", decision[0], str(office.config), wrong, *decision[1:])
        assert isinstance(result.exception, DolenError)
        assert not isinstance(result.exception, StartRefused)
    assert office.data("parked", "list", str(office.config)) == [found]
    assert office.run("parked", "show", str(office.config), delivered).exit_code == 1


def test_a_skip_without_a_reason_is_refused(office: Office, running: Parts) -> None:
    _stands_still(running)
    (found,) = office.data("parked", "list", str(office.config))
    assert office.run("parked", "skip", str(office.config), found["delivery"], "--reason", " ").exit_code == 2
    assert office.run("parked", "skip", str(office.config), found["delivery"]).exit_code == 2
    assert office.data("parked", "list", str(office.config)) == [found]


def test_the_outbox_shows_what_waits_what_was_rejected_and_what_was_not_translated(
    office: Office, running: Parts
) -> None:
    async def run() -> str:
        rejected = await running.outbox.put(draft("case-1"))
        await running.outbox.put(draft("case-2"))
        await running.outbox.set_aside("case-3", NotTranslated("no-child", path="child", remedy="name the child"))
        await running.inbox.store([hub_receipt("rejected", rejected.event_id)])
        return rejected.event_id

    rejected = asyncio.run(run())
    found = office.data("outbox", str(office.config))
    assert [(event["sequence"], event["state"]) for event in found["events"]] == [(2, "waiting"), (1, "rejected")]
    assert found["events"][1]["event"] == rejected
    assert all(fault["code"].startswith("HUB-") for fault in found["events"][1]["faults"])
    assert found["events"][1]["faults"]
    assert [record["code"] for record in found["untranslated"]] == ["no-child"]
    assert (found["counts"]["waiting"], found["counts"]["rejected"], found["counts"]["untranslated"]) == (1, 1, 1)
    assert "1 wait for the hub's receipt" in office.run("outbox", str(office.config)).output


@pytest.mark.parametrize("missing", ["adapter.db", "police.key"])
def test_a_store_or_key_that_is_not_there_is_not_made_by_looking(office: Office, tmp_path: Path, missing: str) -> None:
    (tmp_path / "adapter.db").touch()
    (tmp_path / missing).unlink()
    result = office.run("parked", "list", str(office.config))
    assert isinstance(result.exception, StartRefused)
    assert missing in str(result.exception)
    assert not (tmp_path / missing).exists()


def test_every_adapter_is_listed_with_what_it_publishes(office: Office) -> None:
    found = {one["name"]: one for one in office.data("list")}
    assert {"health", "police", "social_care"} <= set(found)
    assert all(one["publishes"] and one["owner"] for one in found.values())


def test_listing_adapters_imports_none_of_them() -> None:
    """What one of them needs, as FHIR's models, takes a second to import and may be missing on an agency's machine."""
    listed = "from adapters.sdk.about import about_all; import sys; assert about_all()"
    print_imported = "print([name for name in sys.modules if name.startswith('adapters.') and '.sdk' not in name])"
    ran = subprocess.run(
        [sys.executable, "-c", f"{listed}; {print_imported}"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout == "[]\n"


def test_a_new_adapter_is_written_where_it_is_wanted(office: Office, tmp_path: Path) -> None:
    assert office.run("new", "court_orders", "--into", str(tmp_path)).exit_code == 0
    assert (tmp_path / "court_orders" / "declaration.py").exists()
    assert isinstance(office.run("new", "court_orders", "--into", str(tmp_path)).exception, StartRefused)
