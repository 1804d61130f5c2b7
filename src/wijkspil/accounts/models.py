"""People and systems that sign in, and the roles they hold for a period."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.types import Role
from wijkspil.core.validity import HalfOpenPeriod, PeriodQuerySet


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address."""

    email = models.EmailField(unique=True, help_text="Sign-in name.")
    name = models.CharField(max_length=120, help_text="Name shown to colleagues.")
    is_active = models.BooleanField(default=True)
    is_fictional = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = BaseUserManager()

    def __str__(self) -> str:
        return self.name


class Membership(HalfOpenPeriod):
    """A role a person holds: for an organization, a service or a region."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role.choices)
    organization = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.CASCADE
    )
    service = models.ForeignKey(
        "directory.HealthcareService", null=True, blank=True, on_delete=models.CASCADE
    )
    region = models.ForeignKey(
        "directory.Area", null=True, blank=True, on_delete=models.CASCADE
    )

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        verbose_name = _("membership")

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class MachineClient(HalfOpenPeriod):
    """A system that signs in by itself: with a signed request or a certificate.

    It gets access tokens of a few minutes (SMART Backend Services), or shows its
    certificate with each call (mTLS, RFC 8705).
    """

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    client_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120, help_text="Which system it is.")
    jwks = models.JSONField(
        default=dict, blank=True, help_text="Its public keys (RFC 7517)."
    )
    certificates = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="SHA-256 of the certificates it may show, hexadecimal.",
    )
    scopes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="What it may ask for, as in system/HealthcareService.rs.",
    )

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class UsedAssertion(models.Model):
    """A signed request for a token that was used: it counts once."""

    client = models.ForeignKey(
        MachineClient, on_delete=models.CASCADE, related_name="+"
    )
    jti = models.CharField(max_length=255)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "jti"], name="assertion_once")
        ]

    def __str__(self) -> str:
        return self.jti


class ApiToken(HalfOpenPeriod):
    """A secret by which an organization's own system signs in.

    Only the SHA-256 of the secret is kept; it is shown once, when made. One that a
    machine client got is limited to its scopes; one without scopes is not.
    """

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    client = models.ForeignKey(
        MachineClient,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    name = models.CharField(max_length=120, help_text="Which system it is for.")
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=80), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        pass

    def __str__(self) -> str:
        return self.name
