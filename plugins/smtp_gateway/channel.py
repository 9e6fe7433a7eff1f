"""Mail through an SMTP server: handed over once, never repeated blindly.

A mail server cannot be asked what it took. A notification's ``Message-ID`` is always the same, so that
whoever receives a mail twice can tell; but once the text was sent and the server's word did not come, only
a person can settle it.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from engine.errors import AddressRefused, ConfigurationError, OutcomeUnknown, TechnicalFailure
from engine.history import mask
from engine.i18n import _
from engine.plugin import Outgoing, Sent
from engine.settings import Settings

# Mailbox does not exist, is on another server, or its name is not allowed.
_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
# Nothing but ASCII goes over the wire: no server has to know more than the oldest.
_POLICY = SMTP.clone(cte_type="7bit")
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def gateway(settings: Settings) -> SmtpGateway:
    """Make the gateway from the server that is set, or not set."""
    return SmtpGateway(settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed over.

    Args:
        host: Name or address.
        port: 25, 587 or 465 where the setting names none.
        scheme: ``smtp``, ``smtp+starttls`` (refuses to go on without), ``smtps``.
        user, password: Empty where the server asks for none.
    """

    host: str
    port: int
    scheme: str
    user: str = ""
    password: str = ""


def read_server(url: str) -> Server:
    """Read ``CALLWRIGHT_SMTP_URL``.

    Raises:
        ConfigurationError: It is no address of a mail server.
    """
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        host, port = None, None
    if not host or split.scheme not in _PORTS:
        raise ConfigurationError(
            "CALLWRIGHT_SMTP_URL is no mail server's address. Write smtp://host:25, smtps://host:465 or "
            "smtp+starttls://user:password@host:587."
        )
    return Server(
        host=host,
        port=port or _PORTS[split.scheme],
        scheme=split.scheme,
        user=unquote(split.username or ""),
        password=unquote(split.password or ""),
    )


def read_sender(mail_from: str) -> Address:
    """Read ``CALLWRIGHT_MAIL_FROM``: ``desk@example.org`` or ``City desk <desk@example.org>``.

    Raises:
        ConfigurationError: It is no mail address.
    """
    name, address = parseaddr(mail_from)
    try:
        return Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        raise ConfigurationError(
            "CALLWRIGHT_MAIL_FROM is %(address)s. Write a mail address such as desk@example.org.",
            address=mail_from,
        ) from None


class SmtpGateway:
    """Carries mail.

    Args:
        settings: The server and the sender.
        timeout_s: How long to wait for each of the server's words.
    """

    name = "smtp"
    channels: tuple[str, ...] = ("email",)

    def __init__(self, settings: Settings, *, timeout_s: float = 10.0) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._server = read_server(settings.smtp_url) if settings.smtp_url else None
        if self._server:
            read_sender(settings.mail_from)

    def configured(self) -> bool:
        """Whether a server is set."""
        return self._server is not None

    def send(self, message: Outgoing) -> Sent:
        """Hand over once.

        Raises:
            AddressRefused: There is no such mailbox.
            TechnicalFailure: The server did not take it.
            OutcomeUnknown: The text was sent, the server's word did not come.
        """
        if self._server is None:
            raise TechnicalFailure(_("No mail server is set."), permanent=True)
        mail = compose(message, sender=self._settings.mail_from)
        asyncio.run(self._hand_over(self._server, mail, message.address))
        return Sent(provider_id=str(mail["Message-ID"]))

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Say that nobody can tell.

        Raises:
            OutcomeUnknown: Always.
        """
        raise OutcomeUnknown(
            _("A mail server cannot be asked whether it took a message. Ask whoever it was meant for."),
            permanent=True,
        )

    async def _hand_over(self, server: Server, mail: EmailMessage, address: str) -> None:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.scheme == "smtps",
            start_tls=server.scheme == "smtp+starttls",
            timeout=self._timeout_s,
        )
        try:
            await self._before_the_text(client, address)
            await self._text(client, mail.as_bytes())
        finally:
            await _leave(client)

    async def _before_the_text(self, client: aiosmtplib.SMTP, address: str) -> None:
        """Connect, sign in and name both ends: whatever fails here, nothing was taken."""
        sender = read_sender(self._settings.mail_from).addr_spec
        try:
            await client.connect()
            await client.mail(sender)
            await client.rcpt(address)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code in _NO_SUCH_MAILBOX:
                raise AddressRefused(
                    _("The mailbox takes no mail: %(reason)s"), reason=_words(error)
                ) from error
            raise _refusal(error) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _unreached(error) from error
        except ValueError as error:
            raise AddressRefused(
                _("The mailbox takes no mail: %(reason)s"), reason=mask(str(error))
            ) from error

    async def _text(self, client: aiosmtplib.SMTP, content: bytes) -> None:
        try:
            await client.data(content)
        except aiosmtplib.SMTPDataError as error:
            raise _refusal(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown(
                _("The mail server does not say whether it took the message: %(reason)s"),
                permanent=True,
                reason=type(error).__name__,
            ) from error


def compose(message: Outgoing, *, sender: str) -> EmailMessage:
    """Write the mail: text, HTML beside it where there is one, headers that nobody can smuggle into.

    Args:
        message: What to say.
        sender: What ``CALLWRIGHT_MAIL_FROM`` says.

    Raises:
        AddressRefused: The recipient's address is none.
    """
    desk = read_sender(sender)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = desk
    try:
        mail["To"] = Address(addr_spec=message.address)
    except (MessageError, ValueError, IndexError) as error:
        raise AddressRefused(_("The mailbox takes no mail: %(reason)s"), reason=mask(str(error))) from error
    mail["Subject"] = _one_line(message.subject)
    mail["Message-ID"] = f"<{message.key}@{desk.domain}>"
    # Answers of machines to machines go round for ever.
    mail["Auto-Submitted"] = "auto-generated"
    for header, value in message.headers.items():
        mail[header] = _one_line(value)
    mail.set_content(message.body)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _refusal(error: aiosmtplib.SMTPResponseException) -> TechnicalFailure:
    """A code from 500 on is the server's last word; one below asks to come again."""
    return TechnicalFailure(
        _("The mail server refused the message: %(reason)s"),
        permanent=error.code >= 500,
        reason=_words(error),
    )


def _unreached(error: Exception) -> TechnicalFailure:
    # TLS from the first byte wraps what is wrong with the certificate, STARTTLS does not.
    for said in (error, error.__cause__):
        if isinstance(said, ssl.SSLCertVerificationError):
            return TechnicalFailure(
                _("The mail server's certificate is not trusted: %(reason)s"),
                permanent=True,
                reason=said.verify_message,
            )
    return TechnicalFailure(_("The mail server cannot be reached: %(reason)s"), reason=str(error))


def _words(error: aiosmtplib.SMTPResponseException) -> str:
    return mask(f"{error.code} {error.message}")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say good-bye; what fails here changes nothing about the message."""
    try:
        if client.is_connected:
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        pass
    finally:
        client.close()
