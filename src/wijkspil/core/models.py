"""The trail of who read and wrote personal data, and why."""

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One access to personal data or one act with consequence (after NEN 7513).

    Written in the same transaction as the act; never changed or removed.
    """

    class Action(models.TextChoices):
        READ = "read"
        CREATE = "create"
        UPDATE = "update"
        DELETE = "delete"
        SIGN_IN = "sign-in"
        SIGN_IN_FAILED = "sign-in-failed"
        EXPORT = "export"

    at = models.DateTimeField(help_text="Moment of the act.")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Person who acted; empty for a system or an unknown visitor.",
    )
    actor_label = models.CharField(
        max_length=200, help_text="Who acted, readable also when the account is gone."
    )
    action = models.CharField(max_length=20, choices=Action.choices)
    entity_type = models.CharField(max_length=60, help_text="What kind of thing.")
    entity_id = models.CharField(max_length=60, help_text="Which one.")
    purpose = models.CharField(max_length=200, help_text="Why, in words.")
    detail = models.JSONField(default=dict, help_text="Fields concerned; no values.")

    class Meta:
        indexes = [
            models.Index(fields=["entity_type", "entity_id", "at"]),
            models.Index(fields=["actor", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.action}"
