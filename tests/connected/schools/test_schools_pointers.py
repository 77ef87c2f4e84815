"""Pointers by a real mail server over TLS: both languages, no personal data, and a person told where one bounces."""

import asyncio
import random
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox as InMaildir
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.bouncing import failed_pointers, read_some
from adapters.schools.mailing import MailServer, NotNow
from adapters.schools.pointing import Address, Why
from adapters.schools.pointing import Message as Pointer
from adapters.schools.roles import Role
from adapters.schools.sending import send_one
from adapters.schools.settings import Mail
from adapters.schools.store import pointers
from tests.mail_server import Post, mail_server
from tests.schools_ground import DESK, ENGLISH, WELSH, Browser, Ground, encompass

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    with mail_server(tmp_path_factory.mktemp("ca")) as post:
        yield post


@pytest.fixture
def post(server: Post, schools: Ground) -> Post:
    server.answers, server.mails, server.refuses = {}, [], ""
    schools.more = {"mail": server.settings, "out_of_hours": {"cardiff-education": {"mobile": "07700900123"}}}
    return server


def send(schools: Ground, *, most: int = 20) -> int:
    """Send what is due; gives how many tries that took."""

    async def sending(database: AsyncEngine) -> int:
        portal, tries = schools.portal(database), 0
        provider = MailServer(Mail.model_validate(schools.more["mail"]))
        while tries < most and await send_one(database, provider, passing=portal.passing, clock=portal.clock):
            tries += 1
        return tries

    return schools.run_with(sending)


def test_a_designated_person_is_told_in_both_languages_the_schools_own_first(schools: Ground, post: Post) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), name="Sam Enghraifft", email="sam@adamsdown.example")
    schools.person("nia", (WELSH, Role.DSP), name="Nia Enghraifft", email="nia@curig.example")
    schools.person("head", (ENGLISH, Role.HEAD), email="head@adamsdown.example")
    refs = {
        "sam@adamsdown.example": schools.receive(encompass()),
        "nia@curig.example": schools.receive(encompass(WELSH)),
    }
    assert send(schools) == 2
    assert {mail["to"]: mail["subject"].split(" / ")[0].strip() for mail in post.mails} == {
        "sam@adamsdown.example": "A safeguarding notification is waiting",
        "nia@curig.example": "Mae hysbysiad diogelu yn aros",
    }
    for mail in post.mails:
        text = mail.get_content()
        assert "Friday 27 March 2026, 08:30" in text
        assert "Dydd Gwener 27 Mawrth 2026, 08:30" in text
        assert text.count(f"/n/{refs[mail['to']]}") == 2
        assert mail["auto-submitted"] == "auto-generated"
    assert send(schools) == 0


def test_a_pointer_holds_nothing_of_the_child(schools: Ground, post: Post) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    delivery = encompass()
    schools.receive(delivery)
    send(schools)
    (mail,) = post.mails
    said = mail.as_string() + mail.get_content()
    for personal in (
        "Mal",
        "Enghraifft",
        "2017",
        "A681",
        "Stryd",
        "OE-26",
        "domestic",
        "Police",
        delivery.id,
        delivery.subject,
    ):
        assert personal not in said
    assert not re.search(
        r"\d{7,}", re.sub(r"/n/[0-9a-f]{32}|Message-ID.*|boundary.*", "", said).replace(str(schools.port), "")
    )


def test_each_step_of_passing_on_has_its_own_pointer(schools: Ground, post: Post) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.person("desk", (DESK, Role.DESK), email="desk@cardiff.example")
    schools.receive(encompass())
    send(schools)
    schools.later(hours=9)
    send(schools)
    schools.later(hours=2)
    send(schools)
    assert [mail["to"] for mail in post.mails] == [
        "sam@adamsdown.example",
        "desk@cardiff.example",
        "07700900123@text.example",
    ]
    assert "passed on" in post.mails[1]["subject"]
    assert "Nid oes neb wedi agor" in post.mails[2]["subject"]


def test_a_pointer_that_bounces_has_the_desk_told_at_once(schools: Ground, post: Post) -> None:
    post.answers = {"gone@adamsdown.example": "550 5.1.1 No such user"}
    schools.person("dsp", (ENGLISH, Role.DSP), email="gone@adamsdown.example")
    schools.person("desk", (DESK, Role.DESK), email="desk@cardiff.example")
    schools.receive(encompass())
    assert send(schools) == 2
    assert [mail["to"] for mail in post.mails] == ["desk@cardiff.example"]
    assert schools.steps() == [
        ("received", None),
        ("bounced", None),
        ("to-desk", "pointer-bounced"),
        ("pointed", None),
    ]


def test_an_address_that_is_none_has_the_desk_told_too(schools: Ground, post: Post) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam\n@adamsdown.example")
    schools.receive(encompass())
    send(schools)
    assert schools.steps("to-desk") == [("to-desk", "pointer-bounced")]


OUT_OF_HOURS = {"cardiff-education": {"email": "duty@cardiff.example", "mobile": "07700900123"}}


def _passed_on_to_the_last(schools: Ground) -> None:
    """Nobody at the school opens it, nor at the desk: the out-of-hours contact is told, by e-mail and by text."""
    schools.more["out_of_hours"] = OUT_OF_HOURS
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.person("desk", (DESK, Role.DESK), email="desk@cardiff.example")
    schools.receive(encompass())
    send(schools)
    schools.later(hours=9)
    send(schools)
    schools.later(hours=2)


def test_where_the_out_of_hours_contact_is_not_reached_the_desk_is_told_that(schools: Ground, post: Post) -> None:
    post.answers = dict.fromkeys(("duty@cardiff.example", "07700900123@text.example"), "550 5.1.1 No such user")
    _passed_on_to_the_last(schools)
    send(schools)
    assert schools.steps()[-5:] == [
        ("bounced", None),
        ("bounced", None),
        ("to-desk", "pointer-bounced"),
        ("nobody-left", "not-opened-in-time"),
        ("pointed", None),
    ]
    told = post.mails[-1]
    assert told["to"] == "desk@cardiff.example"
    assert "no out-of-hours contact could be told" in told["subject"]
    assert "It was to be opened by Friday 27 March 2026, 08:30. Please open it now." in told.get_content()
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        board = browser.get("/en/desks/cardiff-education").text
        assert "No out-of-hours contact could be told" in board
        assert "The out-of-hours contact was told" not in board


def not_reached(schools: Ground, *contacts: str) -> int:
    return schools.run(lambda connection: pointers.count_not_reached(connection, frozenset(contacts)))


def test_a_contact_counts_as_not_reached_until_a_message_goes_through_or_another_is_named(
    schools: Ground, post: Post
) -> None:
    mail, text = "duty@cardiff.example", "07700900123@text.example"
    post.answers = {mail: "550 5.1.1 No such user"}
    _passed_on_to_the_last(schools)
    assert not_reached(schools, mail, text) == 0, "nothing was sent yet"
    send(schools)
    assert not_reached(schools, mail, text) == 1
    assert not_reached(schools, text, "another@cardiff.example") == 0
    post.answers = {}
    schools.now += timedelta(days=1)
    schools.receive(encompass(number=2))
    schools.later(days=1)
    schools.later(days=1)
    send(schools)
    assert not_reached(schools, mail, text) == 0


def test_an_out_of_hours_contact_that_is_reached_one_way_is_told(schools: Ground, post: Post) -> None:
    post.answers = {"duty@cardiff.example": "550 5.1.1 No such user"}
    _passed_on_to_the_last(schools)
    send(schools)
    assert schools.steps("nobody-left") == []
    assert post.mails[-1]["to"] == "07700900123@text.example"


def test_an_out_of_hours_contacts_mail_that_comes_back_later_has_the_desk_told_unless_it_was_opened(
    schools: Ground, post: Post, returns: Path
) -> None:
    _passed_on_to_the_last(schools)
    send(schools)
    for mail in post.mails[-2:]:
        post.report(mail, whole=False)
    (opened,) = schools.rows("UPDATE schools.notices SET desk_opened_at = :at RETURNING 1 AS n", at=schools.now)
    assert (opened.n, read_returns(schools, returns), schools.steps("nobody-left")) == (1, 2, [])
    schools.rows("UPDATE schools.notices SET desk_opened_at = NULL RETURNING 1")
    schools.rows("UPDATE schools.pointers SET bounced_at = NULL RETURNING 1")
    for mail in post.mails[-2:]:
        post.report(mail, whole=False)
    assert read_returns(schools, returns) == 2
    assert schools.steps("nobody-left") == [("nobody-left", "not-opened-in-time")]
    send(schools)
    assert post.mails[-1]["to"] == "desk@cardiff.example"


def test_while_another_designated_person_is_reached_the_desk_is_not(schools: Ground, post: Post) -> None:
    post.answers = {"gone@adamsdown.example": "550 5.1.1 No such user"}
    schools.person("one", (ENGLISH, Role.DSP), email="gone@adamsdown.example")
    schools.person("two", (ENGLISH, Role.DEPUTY), email="sam@adamsdown.example")
    schools.receive(encompass())
    send(schools)
    assert [mail["to"] for mail in post.mails] == ["sam@adamsdown.example"]
    assert sorted(kind for kind, _ in schools.steps()) == ["bounced", "pointed", "received"]


def test_a_message_that_is_refused_as_a_whole_is_a_bounce_too(schools: Ground, post: Post) -> None:
    post.refuses = "554 5.7.1 Refused by policy"
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.receive(encompass())
    send(schools, most=1)
    assert schools.steps("to-desk") == [("to-desk", "pointer-bounced")]


def test_a_webhooks_owner_being_told_is_not_the_school_being_reached(schools: Ground, post: Post) -> None:
    post.answers = {"gone@adamsdown.example": "550 5.1.1 No such user"}
    schools.person("dsp", (ENGLISH, Role.DSP), email="gone@adamsdown.example")
    ref = schools.receive(encompass())
    (kept,) = schools.rows("SELECT id FROM schools.notices WHERE ref = :ref", ref=ref)
    owner = [Address("it@adamsdown.example", "en")]
    schools.run(
        lambda connection: pointers.point(connection, kept.id, Why.WEBHOOK_OFF, addresses=owner, at=schools.now)
    )
    send(schools)
    assert schools.steps("to-desk") == [("to-desk", "pointer-bounced")]


@pytest.fixture
def returns(post: Post, schools: Ground, tmp_path: Path) -> Iterator[Path]:
    """The Maildir behind `sender`, with a real mail server that puts into it what comes; and reports go there."""
    folder = tmp_path / "returns"
    with socket.create_server(("127.0.0.1", 0)) as free:
        post.returns_to = free.getsockname()[1]
    controller = Controller(InMaildir(folder), hostname="127.0.0.1", port=post.returns_to, ready_timeout=60)
    controller.start()
    yield folder
    controller.stop()


def read_returns(schools: Ground, folder: Path) -> int:
    async def reading(database: AsyncEngine) -> int:
        return await read_some(database, folder, passing=schools.portal(database).passing, clock=lambda: schools.now)

    return schools.run_with(reading)


def left(folder: Path) -> tuple[int, int]:
    """Mails in `new` and in `cur`."""
    return len(list((folder / "new").iterdir())), len(list((folder / "cur").iterdir()))


@pytest.mark.parametrize("whole", [True, False], ids=["the whole mail returned", "its headers alone"])
def test_a_pointer_that_comes_back_hours_later_has_the_desk_told(
    schools: Ground, post: Post, returns: Path, whole: bool
) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.person("desk", (DESK, Role.DESK), email="desk@cardiff.example")
    schools.receive(encompass())
    send(schools)
    assert [kind for kind, _ in schools.steps()] == ["received", "pointed"]
    schools.now += timedelta(hours=3)
    post.report(post.mails[0], whole=whole)
    assert read_returns(schools, returns) == 1
    assert schools.steps()[2:] == [("bounced", None), ("to-desk", "pointer-bounced")]
    send(schools)
    assert post.mails[-1]["to"] == "desk@cardiff.example"
    assert left(returns) == (0, 0)
    post.report(post.mails[0], whole=whole)
    read_returns(schools, returns)
    assert [kind for kind, _ in schools.steps()].count("bounced") == 1


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
def test_a_report_that_it_is_only_late_is_no_bounce(schools: Ground, post: Post, returns: Path, action: str) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.receive(encompass())
    send(schools)
    post.report(post.mails[0], whole=True, action=action)
    assert read_returns(schools, returns) == 0
    assert schools.steps("to-desk") == []


def test_a_reply_and_a_report_of_a_pointer_that_is_none_of_ours_are_left_for_a_person(
    schools: Ground, post: Post, returns: Path
) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.receive(encompass())
    send(schools)
    mail = post.mails[0]
    reply = EmailMessage()
    reply["From"], reply["To"], reply["In-Reply-To"] = mail["to"], mail["from"], mail["message-id"]
    reply.set_content("I am on leave until Monday.")
    post.give_back(reply)
    mail.replace_header("Message-ID", "<00000000-0000-4000-8000-000000000000@dolen.example>")
    post.report(mail, whole=True)
    assert read_returns(schools, returns) == 0
    assert left(returns) == (0, 2)
    assert read_returns(schools, returns) == 0
    assert [kind for kind, _ in schools.steps()] == ["received", "pointed"]


def test_whatever_comes_by_mail_is_read_without_harm(schools: Ground, post: Post, returns: Path) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.receive(encompass())
    send(schools)
    post.report(post.mails[0], whole=True)
    (path,) = (returns / "new").iterdir()
    report, rng = path.read_bytes(), random.Random(7)
    assert len(list(failed_pointers(report))) == 1
    for _ in range(2000):
        changed = bytearray(report)
        for _ in range(rng.randrange(1, 30)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        start = rng.randrange(len(changed))
        assert len(list(failed_pointers(bytes(changed[start:] if rng.random() < 0.3 else changed)))) <= 1


def test_a_server_that_asks_to_come_again_is_asked_again_later_and_the_message_keeps_its_id(
    schools: Ground, post: Post
) -> None:
    post.answers = {"sam@adamsdown.example": "451 4.7.1 Greylisted"}
    schools.person("dsp", (ENGLISH, Role.DSP), email="sam@adamsdown.example")
    schools.receive(encompass())
    assert send(schools) == 1
    assert send(schools) == 0
    schools.now += timedelta(seconds=30)
    assert send(schools) == 1
    schools.now += timedelta(seconds=59)
    assert send(schools) == 0
    schools.now += timedelta(seconds=1)
    post.answers = {}
    assert send(schools) == 1
    (pointer,) = schools.rows("SELECT id, tries, sent_at FROM schools.pointers")
    assert post.mails[0]["message-id"] == f"<{pointer.id}@dolen.example>"
    assert pointer.tries == 2


def test_nothing_is_sent_to_a_server_whose_certificate_is_not_trusted(
    schools: Ground, post: Post, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    provider = MailServer(Mail.model_validate({**post.settings, "ca_file": other}))
    with pytest.raises(NotNow):
        asyncio.run(provider.send("sam@adamsdown.example", Pointer("x", "y"), identity="z"))
    assert post.mails == []
