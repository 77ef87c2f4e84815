"""From the drop directory into a real outbox, once each, whatever is dropped and wherever it dies."""

import asyncio
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.police import far
from adapters.police.declaration import DECLARATION
from adapters.police.drop import DropDirectory
from adapters.police.edge import PoliceEdge
from adapters.police.inbound import MOVE, REFERRAL
from adapters.police.outbound import to_native
from adapters.police.settings import PoliceSettings
from adapters.sdk.declaration import Draft, Notification, Taken
from adapters.sdk.errors import NotStored
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Delivered, Retry
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from contracts.delivery import view_of
from contracts.registry import REGISTRY
from tests.unit.contracts.examples import example

FORCE = Pseudonyms("south-wales-police", bytes(range(32)))
FIXTURES = Path(__file__).parents[3] / "adapters" / "police" / "fixtures"
CONCERN = (FIXTURES / "inbound" / "child-concern.xml").read_bytes()


class Force:
    """A force's directories with an adapter beside them, on a store of its own."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.drop, self.out = folder / "drop", folder / "out"
        self.drop.mkdir(exist_ok=True)
        self.out.mkdir(exist_ok=True)
        self.store = store
        self.outbox = StoredOutbox(store, FORCE)
        self.settings = PoliceSettings(drop=self.drop, out=self.out, settle_s=0, poll_s=0.01)
        self.edge = PoliceEdge(self.settings, FORCE)

    def dropped(self, name: str, content: bytes) -> None:
        (self.drop / f"{name}.part").write_bytes(content)
        os.rename(self.drop / f"{name}.part", self.drop / name)

    def look(self) -> None:
        asyncio.run(self.edge.collect_once(self.outbox, asyncio.Event()))

    def events(self) -> list[dict[str, Any]]:
        table = self.store.tables.outbox
        rows = self.store.look(lambda connection: connection.execute(select(table.c.value).order_by(table.c.id)).all())
        return [json.loads(row.value) for row in rows]

    def counted(self) -> int:
        return self.store.look(self.outbox.counts).untranslated

    def names(self) -> set[str]:
        return {path.name for path in self.drop.iterdir()}

    def reason(self, name: str) -> dict[str, Any]:
        reason: dict[str, Any] = json.loads((self.drop / f"{name}.failed.reason").read_text())
        return reason


@pytest.fixture
def force(tmp_path: Path) -> Iterator[Force]:
    with Store(f"sqlite:///{tmp_path}/adapter.db") as store:
        yield Force(tmp_path, store)


def zipped(*contents: bytes, suffix: str = ".xml") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}{suffix}", content)
    return written.getvalue()


def version(number: int, content: bytes = CONCERN) -> bytes:
    return content.replace(b"<NoticeVersion>1<", f"<NoticeVersion>{number}<".encode())


def test_a_dropped_notice_is_one_event_of_the_force_and_done(force: Force) -> None:
    force.dropped("a.xml", CONCERN)
    force.look()
    (event,) = force.events()
    assert (event["type"], event["source"], event["sequence"]) == (REFERRAL, "/agencies/south-wales-police", 1)
    assert force.names() == {"a.xml.done", "a.xml.done.receipt"}
    receipt = json.loads((force.drop / "a.xml.done.receipt").read_text())
    assert receipt == [{"notice": "PPN-2600004711/1", "event": event["id"]}]


def test_a_death_between_store_and_rename_makes_no_second_event(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    force.dropped("a.xml", CONCERN)
    with monkeypatch.context() as dying:
        dying.setattr(DropDirectory, "done", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            force.look()
    assert force.names() == {"a.xml"}
    again = Force(force.drop.parent, force.store)
    again.look()
    assert len(again.events()) == 1
    assert "a.xml.done" in again.names()


def test_the_same_notice_under_another_name_is_no_second_event(force: Force) -> None:
    for name in ("a.xml", "b.xml"):
        force.dropped(name, CONCERN)
        force.look()
    assert len(force.events()) == 1
    assert {"a.xml.done", "b.xml.done"} <= force.names()


def test_the_same_reference_with_other_content_is_shown_and_the_first_stands(force: Force) -> None:
    force.dropped("a.xml", CONCERN)
    force.look()
    before = force.events()
    force.dropped("b.xml", CONCERN.replace(b"<Harm>LIKELY", b"<Harm>SUFFERED"))
    force.look()
    assert force.events() == before
    assert force.reason("b.xml")["code"] == "reference-reused"
    assert force.counted() == 1
    force.dropped("c.xml", version(2, CONCERN.replace(b"<Harm>LIKELY", b"<Harm>SUFFERED")))
    force.look()
    assert [event["sequence"] for event in force.events()] == [1, 2]


def test_what_cannot_be_translated_is_kept_counted_and_the_rest_go_on(force: Force) -> None:
    force.dropped("a.xml", CONCERN.replace(b"<Sex>F", b"<Sex>Mali"))
    force.dropped("b.xml", CONCERN[:700])
    force.dropped("c.pdf", b"%PDF")
    force.dropped("d.xml", CONCERN)
    force.look()
    assert len(force.events()) == 1
    assert {"a.xml.failed", "b.xml.failed", "c.pdf.failed", "d.xml.done"} <= force.names()
    assert [force.reason(name)["code"] for name in ("a.xml", "b.xml", "c.pdf")] == [
        "not-a-notice",
        "not-xml",
        "unknown-format",
    ]
    assert force.counted() == 3


def test_a_rule_between_fields_is_told_in_the_contracts_words(force: Force) -> None:
    content = far.record(example("circumstances.child-moved") | {"source": "/agencies/south-wales-police"})[1]
    force.dropped("a.xml", content.replace(b"<Destination>WALES", b"<Destination>ENGLAND"))
    force.look()
    reason = force.reason("a.xml")
    assert reason["code"] == "rule-broken"
    assert any("to_authority" in rule for rule in reason["rules"])


def test_a_mended_notice_settles_what_was_set_aside(force: Force) -> None:
    force.dropped("a.xml", CONCERN.replace(b"<Force>south-wales-police", b"<Force>gwent-police"))
    force.look()
    assert force.counted() == 1
    force.dropped("a.xml", CONCERN)
    force.look()
    assert (force.counted(), len(force.events())) == (0, 1)


def test_no_reason_holds_a_value_and_no_log_a_file_name(force: Force, capsys: pytest.CaptureFixture[str]) -> None:
    force.dropped("Mali Enghraifft.xml", CONCERN.replace(b"<Sex>F", b"<Sex>Mali"))
    force.dropped("Enghraifft2.xml", CONCERN)
    force.look()
    reason = (force.drop / "Mali Enghraifft.xml.failed.reason").read_text()
    said = "".join(capsys.readouterr())
    assert "Mali" not in reason
    assert "police.taken" in said
    assert "Enghraifft" not in said


def test_each_notice_of_a_zip_file_is_taken_and_a_wrong_one_is_put_beside_it(force: Force) -> None:
    force.dropped("morning.zip", zipped(CONCERN, CONCERN[:500], version(2)))
    force.look()
    assert [event["sequence"] for event in force.events()] == [1, 2]
    assert {"morning.zip.done", "morning.zip.2.xml.failed", "morning.zip.2.xml.failed.reason"} <= force.names()
    assert (force.drop / "morning.zip.2.xml.failed").read_bytes() == CONCERN[:500]


def test_a_death_in_the_middle_of_a_zip_file_takes_each_notice_once(
    force: Force, monkeypatch: pytest.MonkeyPatch
) -> None:
    force.dropped("morning.zip", zipped(CONCERN, CONCERN[:500], version(2), version(3)))
    put, puts = force.outbox.put, 0

    async def dying(draft: Draft) -> Taken:
        nonlocal puts
        puts += 1
        if puts == 2:
            raise KeyboardInterrupt
        return await put(draft)

    with monkeypatch.context() as death:
        death.setattr(force.outbox, "put", dying)
        with pytest.raises(KeyboardInterrupt):
            force.look()
    assert len(force.events()) == 1
    again = Force(force.drop.parent, force.store)
    again.look()
    assert [event["sequence"] for event in again.events()] == [1, 2, 3]
    assert len(list(force.drop.glob("*.failed"))) == 1


def test_a_zip_file_that_breaks_a_rule_gives_no_event_at_all(force: Force) -> None:
    force.dropped("bad.zip", zipped(CONCERN, zipped(CONCERN)).replace(b"1.xml", b"1.zip"))
    force.look()
    assert force.events() == []
    assert force.reason("bad.zip")["code"] == "zip-nested"


def test_a_full_store_leaves_the_file_where_it_is(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(draft: Draft) -> Taken:
        raise NotStored("no room")

    force.dropped("a.xml", CONCERN)
    with monkeypatch.context() as away:
        away.setattr(force.outbox, "put", full)
        with pytest.raises(NotStored):
            force.look()
    assert force.names() == {"a.xml"}
    force.look()
    assert len(force.events()) == 1


def test_a_directory_that_is_away_is_looked_for_again_until_told_to_stop(
    force: Force, capsys: pytest.CaptureFixture[str]
) -> None:
    os.rename(force.drop, force.drop.with_name("elsewhere"))

    async def run() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(force.edge.collect(force.outbox, stop))
        while "police.drop_away" not in capsys.readouterr().out:
            await asyncio.sleep(0.005)
        os.rename(force.drop.with_name("elsewhere"), force.drop)
        force.dropped("a.xml", CONCERN)
        while "a.xml.done" not in force.names():
            await asyncio.sleep(0.005)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(run(), 10))
    assert len(force.events()) == 1


def notification() -> Notification:
    event = example("circumstances.child-moved")
    told = event | {"origin": event["id"], "recipient": "/agencies/south-wales-police", "view": "police"}
    return Notification(view_of(REGISTRY[MOVE].model).model_validate_json(json.dumps(told)))


def test_a_notification_is_one_file_by_its_id_and_a_second_time_changes_nothing(force: Force) -> None:
    told = notification()
    native = to_native(told.delivery)
    for _ in range(2):
        assert asyncio.run(force.edge.deliver(native, told)) == Delivered()
    (file,) = force.out.iterdir()
    assert file.name == f"{told.delivery.id}.xml"
    assert file.read_bytes() == native.content
    before = file.stat()
    asyncio.run(force.edge.deliver(native, told))
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_out_directory_that_is_away_or_full_is_tried_again(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    told = notification()
    native = to_native(told.delivery)
    force.out.rmdir()
    assert asyncio.run(force.edge.deliver(native, told)) == Retry("out-directory-away")
    force.out.mkdir()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as away:
        away.setattr("os.fsync", full)
        assert asyncio.run(force.edge.deliver(native, told)) == Retry("out-directory-away")
    assert not list(force.out.glob("*.xml"))
    assert asyncio.run(force.edge.deliver(native, told)) == Delivered()


def test_the_declaration_names_every_family_of_its_types() -> None:
    assert {REGISTRY[event_type].family for event_type in far.BODIES} == DECLARATION.publishes
