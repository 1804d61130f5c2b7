"""Tables of communications: what is said to whom, and each way it travels.

Who has no account is told outside only: the address stands sealed on the delivery, and
is removed when that has ended.

A delivery's state lives in its row, so that a worker that is killed loses nothing:
``next_try_at`` is when somebody may take it, and is put ahead while it is being tried.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wijkspil.communications.types import (
    MAX_CODE_CHARACTERS,
    Channel,
    DeliveryStatus,
    EmailChoice,
)
from wijkspil.core.validity import HalfOpenPeriod, PeriodQuerySet

_UNREAD = Q(read_at=None)


class Communication(models.Model):
    """One message to one receiver: a person, an organization, a team or a region."""

    id = models.UUIDField(
        primary_key=True,
        default=uuid.uuid4,
        help_text="Stable: the same on every channel and at every repetition.",
    )
    topic = models.CharField(max_length=MAX_CODE_CHARACTERS)
    key = models.CharField(
        max_length=200, blank=True, help_text="What it was sent once for."
    )
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    to_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    to_service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        help_text="One team of the organization; empty: the whole organization.",
    )
    to_region = models.ForeignKey(
        "directory.Area",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        help_text="The coordinators of this region.",
    )
    to_outside = models.BooleanField(
        default=False, help_text="To an address of somebody without an account."
    )
    params = models.JSONField(default=dict, help_text="Codes and numbers only.")
    link = models.CharField(max_length=300, blank=True, help_text="Path in the app.")
    about = models.CharField(
        max_length=120, blank=True, help_text='What it is about: "request:A-7K3F9Q".'
    )
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Who read it first; empty for a system.",
    )

    class Meta:
        verbose_name = _("message")
        constraints = [
            models.CheckConstraint(
                name="communication_has_one_receiver",
                condition=Q(
                    to_user__isnull=False,
                    to_organization=None,
                    to_service=None,
                    to_region=None,
                    to_outside=False,
                )
                | Q(
                    to_user=None,
                    to_organization__isnull=False,
                    to_region=None,
                    to_outside=False,
                )
                | Q(
                    to_user=None,
                    to_organization=None,
                    to_service=None,
                    to_region__isnull=False,
                    to_outside=False,
                )
                | Q(
                    to_user=None,
                    to_organization=None,
                    to_service=None,
                    to_region=None,
                    to_outside=True,
                ),
            ),
            models.CheckConstraint(
                name="communication_read_by_somebody_at_a_moment",
                condition=Q(read_by=None) | Q(read_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["to_user", "-created_at"], name="message_of_user"),
            models.Index(
                fields=["to_organization", "-created_at"],
                name="message_of_organization",
            ),
            models.Index(
                fields=["to_service", "-created_at"], name="message_of_service"
            ),
            models.Index(fields=["to_region", "-created_at"], name="message_of_region"),
            models.Index(fields=["to_user"], name="unread_of_user", condition=_UNREAD),
            models.Index(
                fields=["to_organization"],
                name="unread_of_organization",
                condition=_UNREAD,
            ),
            models.Index(
                fields=["to_service"], name="unread_of_service", condition=_UNREAD
            ),
            models.Index(
                fields=["to_region"], name="unread_of_region", condition=_UNREAD
            ),
            models.Index(fields=["created_at"], name="message_by_age"),
            models.Index(fields=["about"], name="message_about"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.id}"


class WebhookEndpoint(HalfOpenPeriod):
    """An address of an organization's system that is told of messages."""

    class Ending(models.TextChoices):
        BY_PERSON = "by-person", _("Ended here")
        GONE = "gone", _("The system said that it is gone (410)")

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    url = models.CharField(max_length=500)
    secret = models.BinaryField(help_text="Encrypted; shown once, when made.")
    topics = ArrayField(
        models.CharField(max_length=MAX_CODE_CHARACTERS),
        default=list,
        help_text="Which topics; empty: all.",
    )
    ending = models.CharField(max_length=20, choices=Ending.choices, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        verbose_name = _("address of a system")

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One message on its way over one channel to one address."""

    communication = models.ForeignKey(
        Communication, on_delete=models.CASCADE, related_name="deliveries"
    )
    channel = models.CharField(max_length=20, choices=Channel.choices)
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="For e-mail and text: the address is looked up when it goes.",
    )
    to_address = models.BinaryField(
        null=True,
        help_text="Sealed, while it is on its way: who has no account, and the link.",
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        null=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    status = models.CharField(
        max_length=20, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(
        help_text="Nobody takes it before; ahead of now while it is being tried."
    )
    last_error = models.CharField(
        max_length=200, blank=True, help_text="Why the last try failed, as a code."
    )
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        constraints = [
            models.UniqueConstraint(
                fields=["communication", "endpoint"],
                name="one_delivery_per_endpoint",
                condition=Q(endpoint__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["communication", "channel", "to_user"],
                name="one_delivery_per_person_and_channel",
                condition=Q(to_user__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_goes_to_a_system_or_a_person",
                condition=Q(
                    channel=Channel.WEBHOOK,
                    endpoint__isnull=False,
                    to_user=None,
                    to_address=None,
                )
                | (
                    Q(endpoint=None, to_user__isnull=False, to_address=None)
                    & ~Q(channel=Channel.WEBHOOK)
                )
                | (
                    Q(endpoint=None, to_user=None)
                    & ~Q(channel=Channel.WEBHOOK)
                    & (Q(to_address__isnull=False) | ~Q(status=DeliveryStatus.WAITING))
                ),
            ),
            models.CheckConstraint(
                name="delivery_sent_at_a_moment",
                condition=Q(status=DeliveryStatus.SENT, sent_at__isnull=False)
                | (Q(sent_at=None) & ~Q(status=DeliveryStatus.SENT)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="delivery_to_do",
                condition=Q(status=DeliveryStatus.WAITING),
            ),
            models.Index(
                fields=["endpoint"],
                name="dead_letter",
                condition=Q(status=DeliveryStatus.DEAD),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.status} {self.communication_id}"


class ContactChoice(models.Model):
    """How a person wants to be reached outside the app; no row: what cannot wait."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    email = models.CharField(
        max_length=10, choices=EmailChoice.choices, default=EmailChoice.URGENT
    )
    text_number = models.CharField(
        max_length=20,
        blank=True,
        help_text="Mobile number for what cannot wait; empty: no text messages.",
    )

    class Meta:
        verbose_name = _("choice of contact")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.email}"
