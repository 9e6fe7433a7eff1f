import email
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from engine.errors import AddressRefused, ConfigurationError, OutcomeUnknown, TechnicalFailure
from engine.jobs import list_incidents
from engine.notify import MessageTemplate, MessageText, Recipient, list_notifications, notify
from engine.plugin import Outgoing
from engine.settings import Settings
from engine.testing import make_centre, system, work_off
from plugins.smtp_gateway.channel import SmtpGateway, compose, gateway, read_server


class Mailbox:
    """What a real local mail server took; ``answers`` are its words to one step or the other."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []
        self.on_recipient = "250 OK"
        self.on_text = "250 OK"
        self.delay_s = 0.0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.on_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.on_text.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.taken.append((list(envelope.rcpt_tos), envelope.content))
        if self.delay_s:
            time.sleep(self.delay_s)
        return self.on_text

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(content, policy=default) for _to, content in self.taken]


@contextmanager
def running(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with running(mailbox) as port:
        yield port


def made(port: int, *, scheme: str = "smtp", account: str = "") -> SmtpGateway:
    settings = Settings(
        smtp_url=f"{scheme}://{account}127.0.0.1:{port}", mail_from="市民熱線 <desk@example.org>"
    )
    return SmtpGateway(settings, timeout_s=1.0)


MESSAGE = Outgoing(
    key="018f0000-0000-7000-8000-000000000001",
    channel="email",
    address="handler@example.org",
    subject="T-260302-0017 水管爆裂",
    body="到期 16:00。\n.\nReply 1 on it.\n",
)


def test_a_mail_arrives_as_it_was_written(mailbox: Mailbox, port: int) -> None:
    sent = made(port).send(replace(MESSAGE, html="<p>到期 16:00。</p>"))
    [(recipients, content)] = mailbox.taken
    assert recipients == ["handler@example.org"]
    assert content.isascii()
    [mail] = mailbox.mails
    assert mail["Subject"] == "T-260302-0017 水管爆裂"
    assert mail["From"] == "市民熱線 <desk@example.org>"
    assert mail["Message-ID"] == sent.provider_id == f"<{MESSAGE.key}@example.org>"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.body
    assert "到期" in html.get_content()


def test_a_notification_has_the_same_message_id_at_every_try() -> None:
    first, second = (compose(MESSAGE, sender="desk@example.org") for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"


def test_nobody_smuggles_a_header_in() -> None:
    sly = replace(
        MESSAGE,
        subject="hello\r\nBcc: all@example.org",
        headers={"Reply-To": "a@example.org\nBcc: b@example.org"},
    )
    mail = compose(sly, sender="desk@example.org")
    assert mail["Bcc"] is None
    assert mail["Subject"] == "hello Bcc: all@example.org"
    with pytest.raises(AddressRefused):
        compose(replace(MESSAGE, address="a@example.org\r\nBcc: b@example.org"), sender="desk@example.org")


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "处@例.org"])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(
    mailbox: Mailbox, port: int, address: str
) -> None:
    with pytest.raises(AddressRefused):
        made(port).send(replace(MESSAGE, address=address))
    assert not mailbox.taken


def test_a_mailbox_that_does_not_exist_is_told_apart(mailbox: Mailbox, port: int) -> None:
    mailbox.on_recipient = "550 5.1.1 <handler@example.org> user unknown"
    with pytest.raises(AddressRefused) as refused:
        made(port).send(MESSAGE)
    assert "user unknown" in str(refused.value)
    assert "handler@example.org" not in str(refused.value)


@pytest.mark.parametrize(
    ("on_recipient", "on_text", "permanent"),
    [
        ("451 4.7.1 greylisted, come again", "250 OK", False),
        ("552 5.2.2 mailbox full", "250 OK", True),
        ("250 OK", "451 4.3.0 try later", False),
        ("250 OK", "554 5.7.1 no spam", True),
    ],
)
def test_a_refused_mail_was_not_taken(
    mailbox: Mailbox, port: int, on_recipient: str, on_text: str, permanent: bool
) -> None:
    mailbox.on_recipient, mailbox.on_text = on_recipient, on_text
    with pytest.raises(TechnicalFailure) as refused:
        made(port).send(MESSAGE)
    assert refused.value.permanent is permanent
    assert not isinstance(refused.value, OutcomeUnknown | AddressRefused)


def test_a_late_word_after_the_text_leaves_the_outcome_unknown(mailbox: Mailbox, port: int) -> None:
    mailbox.delay_s = 1.5
    sender = made(port)
    with pytest.raises(OutcomeUnknown) as unknown:
        sender.send(MESSAGE)
    assert unknown.value.permanent
    assert len(mailbox.taken) == 1, "it was taken, which the sender cannot know"
    with pytest.raises(OutcomeUnknown):
        sender.reconcile(MESSAGE)


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(TechnicalFailure) as failed:
        made(9).send(MESSAGE)
    assert not failed.value.permanent
    assert not isinstance(failed.value, OutcomeUnknown)


def _signs_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"desk", b"p@ss/word")
    return AuthResult(success=good, handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("password", "goes_out"), [("p%40ss%2Fword", True), ("wrong", False)])
def test_the_account_of_the_address_signs_in(mailbox: Mailbox, password: str, goes_out: bool) -> None:
    with running(mailbox, authenticator=_signs_in, auth_required=True, auth_require_tls=False) as port:
        sender = made(port, account=f"desk:{password}@")
        if goes_out:
            sender.send(MESSAGE)
        else:
            with pytest.raises(TechnicalFailure) as refused:
                sender.send(MESSAGE)
            assert refused.value.permanent
    assert len(mailbox.taken) == goes_out


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", "key.pem", "-out", "cert.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


Serve = Callable[[Mailbox], Any]


@pytest.fixture(params=["smtps", "smtp+starttls"])
def tls(request: pytest.FixtureRequest, certificate: Path) -> tuple[str, Serve]:
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    option = "ssl_context" if request.param == "smtps" else "tls_context"
    return request.param, lambda mailbox: running(mailbox, **{option: secure})


def test_tls_carries_the_mail_where_the_certificate_is_trusted(
    tls: tuple[str, Serve], mailbox: Mailbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme, serve = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    with serve(mailbox) as port:
        made(port, scheme=scheme).send(MESSAGE)
    assert len(mailbox.taken) == 1


def test_a_certificate_that_is_not_trusted_stops_the_mail(tls: tuple[str, Serve], mailbox: Mailbox) -> None:
    scheme, serve = tls
    with serve(mailbox) as port, pytest.raises(TechnicalFailure, match="certificate") as refused:
        made(port, scheme=scheme).send(MESSAGE)
    assert refused.value.permanent
    assert not mailbox.taken


def test_starttls_is_never_silently_given_up(mailbox: Mailbox, port: int) -> None:
    with pytest.raises(TechnicalFailure):
        made(port, scheme="smtp+starttls").send(MESSAGE)
    assert not mailbox.taken


def test_an_address_of_no_mail_server_is_refused_at_the_start() -> None:
    assert not gateway(Settings()).configured()
    for url in ("localhost:25", "http://localhost", "smtp://", "smtp://host:notaport"):
        with pytest.raises(ConfigurationError):
            read_server(url)
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_MAIL_FROM"):
        gateway(Settings(smtp_url="smtp://localhost", mail_from="desk"))
    assert read_server("smtp+starttls://localhost").port == 587


def test_a_notification_goes_by_mail_and_a_late_word_is_an_incident(
    tmp_path: Path, mailbox: Mailbox, port: int
) -> None:
    centre = make_centre(tmp_path, gateways=[made(port)])
    ctx = system(centre)
    note = MessageTemplate(
        key="note",
        title="Note",
        texts={"email": MessageText(subject="{{ subject }}", text="Closed. 已完成。")},
    )
    reader = Recipient(name="Wong", locale="en", email="handler@example.org")

    def say(subject: str) -> None:
        notify(ctx, event="result", to=reader, channel="email", message=note, scope={"subject": subject})
        work_off(centre)

    say("first")
    mailbox.delay_s = 1.5
    say("second")
    assert [mail["Subject"] for mail in mailbox.mails] == ["first", "second"]
    with ctx.read():
        states = [row["state"] for row in list_notifications(ctx)[1]]
        incidents = [row["code"] for row in list_incidents(ctx)[1]]
    centre.database.dispose()
    assert states == ["unknown", "sent"]
    assert incidents == ["outcome_unknown"]
