"""People and systems that sign in, and the roles they hold for a period."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
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


class ApiToken(HalfOpenPeriod):
    """A secret by which an organization's own system signs in.

    Only the SHA-256 of the secret is kept; it is shown once, when made.
    """

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=120, help_text="Which system it is for.")
    digest = models.CharField(max_length=64, unique=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        pass

    def __str__(self) -> str:
        return self.name
