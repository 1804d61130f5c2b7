"""Who has no account is told outside the app, without a word about them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from tests.apps.communications.topics import CALM
from wijkspil.communications.models import Communication, Delivery
from wijkspil.communications.selectors.outside import list_undelivered
from wijkspil.communications.services.delivering import Outcome, deliver_next
from wijkspil.communications.services.sending import send
from wijkspil.communications.types import Channel, DeliveryStatus, OutsideAddress

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAIL = OutsideAddress(Channel.EMAIL, "bewoner@example.nl", path="/volg/geheim-token/")


def tell(address: OutsideAddress, **more: str) -> Communication:
    (told,) = send(
        topic=CALM,
        to_addresses=[address],
        params={"number": "H-7K3F9Q"},
        link="/volg/",
        about="wish:H-7K3F9Q",
        at=NOW,
        **more,  # type: ignore[arg-type]
    )
    return Communication.objects.get(pk=told)


def stored_bytes() -> str:
    """Return every column of every message and delivery, as the database has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(row_to_json(c)::text, '') FROM "
            "communications_communication c"
        )
        (messages,) = cursor.fetchone()
        cursor.execute(
            "SELECT string_agg(d::text || encode(coalesce(to_address, ''), 'escape'),"
            " '') FROM communications_delivery d"
        )
        (deliveries,) = cursor.fetchone()
    return f"{messages}{deliveries}"


def test_the_address_and_a_private_link_cannot_be_read_from_the_database() -> None:
    tell(MAIL)
    assert "bewoner@" not in stored_bytes()
    assert "geheim-token" not in stored_bytes()


def test_the_mail_says_what_it_is_about_and_leads_to_the_private_page() -> None:
    tell(MAIL)
    attempt = deliver_next(at=NOW)
    assert attempt is not None
    assert attempt.outcome is Outcome.SENT
    (sent,) = mail.outbox
    assert sent.to == ["bewoner@example.nl"]
    assert "A calm thing" in sent.subject
    assert "/volg/geheim-token/" in sent.body
    assert "H-7K3F9Q is calm" not in sent.body


def test_the_address_is_gone_from_the_row_once_it_was_sent() -> None:
    tell(MAIL)
    deliver_next(at=NOW)
    row = Delivery.objects.get()
    assert (row.status, row.to_address) == (DeliveryStatus.SENT, None)


def test_without_a_path_the_link_of_the_message_goes_out() -> None:
    tell(OutsideAddress(Channel.EMAIL, "bewoner@example.nl"))
    deliver_next(at=NOW)
    assert mail.outbox[0].body.count("/volg/\n") == 1


def test_sent_again_with_the_same_key_nothing_is_added() -> None:
    assert tell(MAIL, key="1").pk == tell(MAIL, key="1").pk
    assert Delivery.objects.count() == 1


def test_a_text_without_a_gateway_is_not_delivered_and_can_be_found() -> None:
    tell(OutsideAddress(Channel.TEXT, "06 5550 0711"))
    attempt = deliver_next(at=NOW + timedelta(seconds=1))
    assert attempt is not None
    assert attempt.outcome is Outcome.HOPELESS
    assert list_undelivered(["wish:H-7K3F9Q"]) == {"wish:H-7K3F9Q"}


def test_the_message_is_in_nobodys_inbox() -> None:
    message = tell(MAIL)
    assert message.to_outside
    assert (message.to_user, message.to_organization, message.to_region) == (
        None,
        None,
        None,
    )


def test_a_path_that_leads_off_the_site_is_refused() -> None:
    with pytest.raises(ValueError, match="no path in the app"):
        tell(OutsideAddress(Channel.EMAIL, "x@example.nl", path="//elders.example/"))
