"""Pointers by a real mail server over TLS: both languages, no personal data, and a person told where one bounces."""

import asyncio
import email
import email.policy
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.mailing import MailServer, NotNow
from adapters.schools.pointing import Message
from adapters.schools.roles import Role
from adapters.schools.sending import send_one
from adapters.schools.settings import Mail
from tests.schools_ground import DESK, ENGLISH, WELSH, Ground, encompass

pytestmark = pytest.mark.connected


@dataclass
class Post:
    """A mail server and what it was given; `answers` by address, else all is taken."""

    port: int = 0
    ca: Path = Path()
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @property
    def settings(self) -> dict[str, object]:
        sender = "porth@dolen.example"
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "ca_file": self.ca,
            "sender": sender,
            "text_gateway": "text.example",
        }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    post = Post(ca=tmp_path_factory.mktemp("ca") / "ca.pem")
    authority.cert_pem.write_to_path(post.ca)
    with socket.create_server(("127.0.0.1", 0)) as free:
        post.port = free.getsockname()[1]
    controller = Controller(
        post, hostname="127.0.0.1", port=post.port, tls_context=context, require_starttls=True, ready_timeout=60
    )
    controller.start()
    yield post
    controller.stop()


@pytest.fixture
def post(server: Post, schools: Ground) -> Post:
    server.answers, server.mails = {}, []
    schools.more = {"mail": server.settings, "out_of_hours": {"cardiff-education": {"mobile": "07700900123"}}}
    return server


def send(schools: Ground, *, most: int = 20) -> int:
    """Send what is due; gives how many tries that took."""

    async def sending(database: AsyncEngine) -> int:
        portal, tries = schools.portal(database), 0
        provider = MailServer(Mail.model_validate(schools.more["mail"]))
        while tries < most and await send_one(
            database, provider, addressing=portal.addressing, calendar=portal.calendar, clock=portal.clock
        ):
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


def test_while_another_designated_person_is_reached_the_desk_is_not(schools: Ground, post: Post) -> None:
    post.answers = {"gone@adamsdown.example": "550 5.1.1 No such user"}
    schools.person("one", (ENGLISH, Role.DSP), email="gone@adamsdown.example")
    schools.person("two", (ENGLISH, Role.DEPUTY), email="sam@adamsdown.example")
    schools.receive(encompass())
    send(schools)
    assert [mail["to"] for mail in post.mails] == ["sam@adamsdown.example"]
    assert sorted(kind for kind, _ in schools.steps()) == ["bounced", "pointed", "received"]


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
        asyncio.run(provider.send("sam@adamsdown.example", Message("x", "y"), identity="z"))
    assert post.mails == []
