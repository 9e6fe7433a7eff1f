"""The same dispatch by mail, handed over to a real mail server by SMTP, and answered by its link."""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from engine.testing.twilio_standin import TwilioStandIn
from tests.stories import pages
from tests.stories.product import Product, free_port, until
from tests.stories.story import Story, account, check_nobody_got_it_twice

SENDER = "desk@example.org"
BY_MAIL = "mail.handler@desk.example.org"


class Mailboxes:
    """What the mail server took: recipient and mail."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=default)
        self.taken += [(recipient, mail) for recipient in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
def mailboxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
def smtp_url(mailboxes: Mailboxes) -> Iterator[str]:
    port = free_port()
    controller = Controller(mailboxes, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


def test_a_handler_without_a_telephone_is_dispatched_by_mail_and_answers_by_its_link(
    make_product: Callable[..., Product], twilio: TwilioStandIn, mailboxes: Mailboxes, smtp_url: str
) -> None:
    product = make_product(
        **account(twilio), CALLWRIGHT_SMTP_URL=smtp_url, CALLWRIGHT_MAIL_FROM=f"City desk <{SENDER}>"
    )
    product.up()
    story = Story(product, twilio)
    story.report()
    story.wait_for(story.is_dispatched)
    until(lambda: mailboxes.taken, f"the mail has come\n{product.said()}")

    ((recipient, mail),) = mailboxes.taken
    (said,) = [one for one in story.notifications() if one["channel"] == "email"]
    assert recipient == BY_MAIL
    assert mail["To"] == BY_MAIL
    assert mail["From"].addresses[0].addr_spec == SENDER
    assert mail["Message-ID"] == f"<{said['id']}@example.org>"
    assert mail["Subject"] == f"{story.number} Burst pipe"
    link = re.search(rf"{product.url}/t/\w+", mail.get_content())
    assert link is not None
    assert (said["person_key"], said["gateway"], said["message_key"]) == ("handler_mail", "smtp", "dispatch")

    def is_sent() -> bool:
        return [one["state"] for one in story.notifications(gateway="smtp")] == ["sent"]

    story.wait_for(is_sent)
    pages.press(link[0], "on_it")
    assert story.task("handle")["acknowledged_by"] == "handler_mail"
    pages.finish(link[0], "valve replaced")
    story.wait_for(story.is_done)
    handled = story.task("handle")
    assert (handled["ended_by"], handled["ended_through"]) == ("handler_mail", "link")
    (photo,) = story.variables()["photos"]
    assert (photo["name"], photo["type"], photo["size"]) == ("valve.png", "image/png", len(pages.PNG))
    check_nobody_got_it_twice(twilio)
    assert len(mailboxes.taken) == 1
    product.stop()
