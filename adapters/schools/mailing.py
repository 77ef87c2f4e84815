"""Sends pointers by e-mail, over TLS or not at all; a provider of another kind needs `send` alone."""

import ssl
from email.message import EmailMessage
from typing import Protocol

import aiosmtplib

from adapters.schools.pointing import Message
from adapters.schools.settings import Mail

TIMEOUT_S = 20
FOR_GOOD = 500
"""From this code on, a mail server means what it says for good (RFC 5321, 4.2.1)."""


class Bounced(Exception):
    """The address takes nothing, and never will."""


class NotNow(Exception):
    """The provider is away or asks to come again."""


class Provider(Protocol):
    """Something that carries messages."""

    async def send(self, address: str, message: Message, *, identity: str) -> None:
        """Hand over one message; raises Bounced or NotNow. `identity` is the same over every try."""
        ...


class MailServer:
    """A mail server that is spoken to by SMTP."""

    def __init__(self, settings: Mail) -> None:
        self._settings = settings
        self._context = ssl.create_default_context(cafile=settings.ca_file)

    async def send(self, address: str, message: Message, *, identity: str) -> None:
        settings = self._settings
        try:
            mail = _mail(settings.sender, address, message, identity)
            await aiosmtplib.send(
                mail,
                hostname=settings.host,
                port=settings.port,
                username=settings.username,
                password=settings.password.get_secret_value() if settings.password else None,
                use_tls=settings.tls,
                start_tls=not settings.tls,
                tls_context=self._context,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(recipient.code >= FOR_GOOD for recipient in refused.recipients):
                raise Bounced from None
            raise NotNow(type(refused).__name__) from None
        except aiosmtplib.SMTPDataError as refused:
            if refused.code >= FOR_GOOD:
                raise Bounced from None
            raise NotNow(type(refused).__name__) from None
        except (aiosmtplib.SMTPException, OSError) as failure:
            raise NotNow(type(failure).__name__) from None
        except ValueError:  # what was given as the address is none
            raise Bounced from None


def _mail(sender: str, address: str, message: Message, identity: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, address, message.subject
    mail["Message-ID"] = f"<{identity}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail
