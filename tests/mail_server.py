"""A mail server on a real socket, with TLS, that a test can have refuse, and send back what it took."""

import contextlib
import email
import email.policy
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller


@dataclass
class Post:
    """A mail server and what it was given; `answers` by address, else all is taken."""

    port: int = 0
    ca: Path = Path()
    answers: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    """What it says of every mail's content; empty: it takes it."""
    returns_to: int = 0
    """The port of the mail server that takes what comes back."""
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        assert session.ssl is not None
        if self.refuses:
            return self.refuses
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def report(self, mail: EmailMessage, *, whole: bool, action: str = "failed") -> None:
        """Send back what a mail server says of a mail that it took before (RFC 3464)."""
        report = MIMEMultipart("report", **{"report-type": "delivery-status"})
        report["From"], report["To"], report["Subject"] = "MAILER-DAEMON@adamsdown.example", mail["from"], "Returned"
        report.attach(MIMEText("The mail could not be delivered."))
        status = Message()
        status["Reporting-MTA"] = "dns; adamsdown.example"
        recipient = Message()
        recipient["Final-Recipient"], recipient["Action"] = f"rfc822; {mail['to']}", action
        recipient["Status"] = "5.1.1" if action == "failed" else "4.4.1"
        about = Message()
        about["Content-Type"] = "message/delivery-status"
        about.set_payload([status, recipient])
        report.attach(about)
        if whole:
            report.attach(MIMEMessage(mail))
        else:
            headers = "".join(f"{name}: {value}\n" for name, value in mail.items())
            report.attach(MIMEText(headers, "rfc822-headers"))
        self.give_back(report)

    def give_back(self, mail: Message) -> None:
        """By SMTP, from nobody, as reports come."""
        with smtplib.SMTP("127.0.0.1", self.returns_to) as server:
            server.send_message(mail, from_addr="", to_addrs=["porth@dolen.example"])

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


@contextlib.contextmanager
def mail_server(folder: Path) -> Iterator[Post]:
    """One that demands STARTTLS; whom it is trusted by is written into the folder."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    post = Post(ca=folder / "ca.pem")
    authority.cert_pem.write_to_path(post.ca)
    with socket.create_server(("127.0.0.1", 0)) as free:
        post.port = free.getsockname()[1]
    controller = Controller(
        post, hostname="127.0.0.1", port=post.port, tls_context=context, require_starttls=True, ready_timeout=60
    )
    controller.start()
    yield post
    controller.stop()
