"""Deliver what leaves the app: one try at a time, and never lost.

A try takes the row (``FOR UPDATE SKIP LOCKED``), counts the attempt and puts the next
try ahead, and commits; only then something is sent; then the outcome is written. A
worker that dies in between leaves a row that is taken again after ``LEASE``: the same
message with the same id may then arrive twice, and is never missed.

What goes out: the topic's title, the stable id, the moment and a link. No parameters.
"""

import hashlib
import json
import smtplib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from wijkspil.communications.models import Communication, Delivery, WebhookEndpoint
from wijkspil.communications.outside import NotReached, PrivateAddress, post
from wijkspil.communications.selectors.contact import get_contact_choice
from wijkspil.communications.selectors.inbox import title_of
from wijkspil.communications.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    sign,
)
from wijkspil.communications.text_gateway import (
    TextGateway,
    TextNotSent,
    load_text_gateway,
)
from wijkspil.communications.types import Channel, DeliveryStatus
from wijkspil.core.sealing import Unreadable, unseal

#: Longer than any try takes (``outside.TIMEOUT_S``, the mail server's ten seconds).
LEASE = timedelta(minutes=2)
#: The first try and twelve more: a bit over a day.
MAX_ATTEMPTS = 13
_LONGEST_WAIT = timedelta(hours=6)
#: HTTP status by which a system says that it will never take anything again.
_GONE = 410


class Outcome(Enum):
    """How a try ended."""

    SENT = "sent"
    FAILED = "failed"
    HOPELESS = "hopeless"
    GONE = "gone"
    NOT_NEEDED = "not-needed"


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was made: which delivery, to which endpoint, and its outcome."""

    delivery_id: int
    endpoint_id: int | None
    outcome: Outcome
    error: str = ""


def deliver_next(
    *,
    at: datetime,
    communication_ids: Collection[uuid.UUID | str] | None = None,
    skip_endpoint_ids: Collection[int] = (),
) -> Try | None:
    """Take the delivery that waits longest and try it; None if none is due.

    Call it outside a transaction. ``communication_ids`` narrows to some messages.
    """
    delivery = _take(
        at=at,
        communication_ids=communication_ids,
        skip_endpoint_ids=skip_endpoint_ids,
    )
    if delivery is None:
        return None
    outcome, error = _try(delivery, at=at)
    _write_outcome(delivery, outcome, error, at=at)
    return Try(delivery.pk, delivery.endpoint_id, outcome, error)


def wait_before(attempt: int, *, delivery_id: int) -> timedelta:
    """Return how long to wait after a failed attempt (1, 2, ...).

    One minute, doubled each time up to six hours, and a fifth more or less so that
    what failed together does not come back together.
    """
    wait = min(timedelta(minutes=2 ** (attempt - 1)), _LONGEST_WAIT)
    digest = hashlib.sha256(f"{delivery_id}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return wait * (0.8 + 0.4 * share)


def _take(
    *,
    at: datetime,
    communication_ids: Collection[uuid.UUID | str] | None,
    skip_endpoint_ids: Collection[int],
) -> Delivery | None:
    due = Delivery.objects.filter(status=DeliveryStatus.WAITING, next_try_at__lte=at)
    if communication_ids is not None:
        due = due.filter(communication_id__in=communication_ids)
    if skip_endpoint_ids:
        due = due.exclude(endpoint_id__in=skip_endpoint_ids)
    with transaction.atomic():
        taken = (
            due.select_for_update(skip_locked=True)
            .order_by("next_try_at", "pk")
            .first()
        )
        if taken is None:
            return None
        Delivery.objects.filter(pk=taken.pk).update(
            attempts=F("attempts") + 1, next_try_at=at + LEASE
        )
    return Delivery.objects.select_related("communication", "endpoint", "to_user").get(
        pk=taken.pk
    )


def _try(delivery: Delivery, *, at: datetime) -> tuple[Outcome, str]:
    if delivery.attempts > MAX_ATTEMPTS:  # each try so far killed its worker
        return Outcome.HOPELESS, delivery.last_error or "interrupted"
    if delivery.channel == Channel.WEBHOOK:
        return _try_webhook(delivery, at=at)
    if delivery.to_address is not None:
        return _try_outside(delivery)
    if delivery.to_user is None or not delivery.to_user.is_active:
        return Outcome.NOT_NEEDED, ""
    if delivery.communication.read_at is not None:  # it was seen in the app already
        return Outcome.NOT_NEEDED, ""
    with translation.override(settings.LANGUAGE_CODE):
        if delivery.channel == Channel.EMAIL:
            return _try_email(delivery, address=delivery.to_user.email)
        return _try_text(delivery, user_id=delivery.to_user.pk)


def webhook_body(message: Communication) -> bytes:
    """Return what a system is sent: an id, a topic, a moment and a link."""
    link = reverse("api-v1:read_communication", args=[message.pk])
    return json.dumps(
        {
            "id": str(message.pk),
            "topic": message.topic,
            "createdAt": message.created_at.isoformat(),
            "link": f"{settings.SITE_URL}{link}",
        }
    ).encode()


def _try_webhook(delivery: Delivery, *, at: datetime) -> tuple[Outcome, str]:
    endpoint, message = delivery.endpoint, delivery.communication
    if endpoint is None or (
        endpoint.valid_until is not None and endpoint.valid_until <= at
    ):
        return Outcome.NOT_NEEDED, ""
    try:
        secret = unseal(endpoint.secret)
    except Unreadable:
        return Outcome.HOPELESS, "unreadable-secret"
    body = webhook_body(message)
    timestamp_s = int(at.timestamp())
    try:
        status = post(
            endpoint.url,
            body=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Wijkspil",
                ID_HEADER: str(message.pk),
                TIMESTAMP_HEADER: str(timestamp_s),
                SIGNATURE_HEADER: sign(secret, timestamp_s=timestamp_s, body=body),
            },
            allow_private=settings.WEBHOOK_PRIVATE,
        )
    except PrivateAddress as error:
        return Outcome.HOPELESS, error.code
    except NotReached as error:
        return Outcome.FAILED, error.code
    if 200 <= status < 300:
        return Outcome.SENT, ""
    return (Outcome.GONE if status == _GONE else Outcome.FAILED), f"http-{status}"


def _try_outside(delivery: Delivery) -> tuple[Outcome, str]:
    """Tell somebody without an account: what it is about, and a link that opens."""
    try:
        told = json.loads(unseal(bytes(delivery.to_address or b"")))
    except Unreadable:
        return Outcome.HOPELESS, "unreadable-address"
    message = delivery.communication
    url = f"{settings.SITE_URL}{told['path'] or message.link}"
    with translation.override(settings.LANGUAGE_CODE):
        title = title_of(message.topic)
        if delivery.channel == Channel.TEXT:
            gateway = load_text_gateway()
            if gateway is None:
                return Outcome.HOPELESS, "no-text-gateway"
            return _hand_text(gateway, told["to"], f"Wijkspil: {title}. {url}")
        mail = _mail_of(
            delivery,
            title=title,
            paragraphs=(
                f"{title}.",
                _("Read it here:") + f"\n{url}",
                _(
                    "This e-mail says no more on purpose: e-mail is not safe for what "
                    "is about you. Did you not ask for this? Then do nothing."
                ),
            ),
            address=told["to"],
        )
        return _hand_mail(mail)


def _page_url(message: Communication) -> str:
    path = reverse("communications:message", args=[message.pk])
    return f"{settings.SITE_URL}{path}"


def _try_email(delivery: Delivery, *, address: str) -> tuple[Outcome, str]:
    message = delivery.communication
    title = title_of(message.topic)
    mail = _mail_of(
        delivery,
        title=title,
        paragraphs=(
            _("There is a message for you in Wijkspil: %(title)s.") % {"title": title},
            _("Read it here, after signing in:") + f"\n{_page_url(message)}",
            _(
                "This e-mail says no more on purpose: e-mail is not safe for what "
                "is about clients. You choose what you get by e-mail in Wijkspil, "
                "under Messages."
            ),
        ),
        address=address,
    )
    return _hand_mail(mail)


def _mail_of(
    delivery: Delivery, *, title: str, paragraphs: Sequence[str], address: str
) -> EmailMessage:
    message = delivery.communication
    return EmailMessage(
        subject=f"Wijkspil: {title}",
        body="\n\n".join(paragraphs),
        to=[address],
        headers={
            # The same at each repetition, so that mail programs show it once.
            "Message-ID": f"<{message.pk}.{delivery.pk}@wijkspil>",
            ID_HEADER: str(message.pk),
            "Auto-Submitted": "auto-generated",
        },
    )


def _hand_mail(mail: EmailMessage) -> tuple[Outcome, str]:
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        if all(code >= 500 for code, _answer in refusal.recipients.values()):
            return Outcome.HOPELESS, "mail-refused"
        return Outcome.FAILED, "mail-refused"
    except smtplib.SMTPException:
        return Outcome.FAILED, "mail-server"
    except OSError:
        return Outcome.FAILED, "no-connection"
    return Outcome.SENT, ""


def _try_text(delivery: Delivery, *, user_id: int) -> tuple[Outcome, str]:
    gateway = load_text_gateway()
    number = get_contact_choice(user_id).text_number
    if gateway is None or not number:
        return Outcome.NOT_NEEDED, ""
    message = delivery.communication
    text = f"Wijkspil: {title_of(message.topic)}. {_page_url(message)}"
    return _hand_text(gateway, number, text)


def _hand_text(gateway: TextGateway, number: str, text: str) -> tuple[Outcome, str]:
    try:
        gateway.send(number, text)
    except (TextNotSent, OSError):
        return Outcome.FAILED, "text-gateway"
    return Outcome.SENT, ""


def _write_outcome(
    delivery: Delivery, outcome: Outcome, error: str, *, at: datetime
) -> None:
    """Write how a try ended, unless the delivery was ended meanwhile."""
    row = Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.WAITING)
    if outcome is Outcome.SENT:
        row.update(
            status=DeliveryStatus.SENT, sent_at=at, last_error="", to_address=None
        )
    elif outcome is Outcome.NOT_NEEDED:
        row.update(status=DeliveryStatus.CANCELLED, to_address=None)
    elif outcome is Outcome.GONE and delivery.endpoint is not None:
        with transaction.atomic():
            row.update(status=DeliveryStatus.DEAD, last_error=error)
            close_endpoint(delivery.endpoint, WebhookEndpoint.Ending.GONE, at=at)
    elif outcome is Outcome.HOPELESS or delivery.attempts >= MAX_ATTEMPTS:
        row.update(status=DeliveryStatus.DEAD, last_error=error, to_address=None)
    else:
        # Whoever took it meanwhile, after the lease, says when it goes again.
        row.filter(attempts=delivery.attempts).update(
            next_try_at=at + wait_before(delivery.attempts, delivery_id=delivery.pk),
            last_error=error,
        )


def close_endpoint(
    endpoint: WebhookEndpoint, ending: WebhookEndpoint.Ending, *, at: datetime
) -> None:
    """End an address, and what was on its way to it; in the caller's transaction."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).at(at).update(
        valid_until=max(at, endpoint.valid_from + timedelta(microseconds=1)),
        ending=ending,
    )
    Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.WAITING).update(
        status=DeliveryStatus.CANCELLED
    )
