"""The trail of who read and wrote personal data, and answers kept for sending again."""

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


class IdempotencyRecord(models.Model):
    """The answer to a write through the REST interface, in case it is sent again.

    Written in the transaction of the write, see ``wijkspil.core.idempotency``; never
    changed, removed after a day.
    """

    caller = models.CharField(
        max_length=100, help_text="Who sent it: one token of a system, or one account."
    )
    key = models.CharField(max_length=255, help_text="The Idempotency-Key sent.")
    method = models.CharField(max_length=10, help_text="HTTP method.")
    path = models.TextField(help_text="Path with query.")
    body_sha256 = models.CharField(
        max_length=64, help_text="HMAC-SHA256 of the body that was sent."
    )
    response_status = models.PositiveSmallIntegerField(help_text="HTTP status, 2xx.")
    response_body = models.BinaryField(help_text="The answer; encrypted.")
    response_content_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_index=True, help_text="Moment of the write.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["caller", "key"], name="one_answer_per_caller_and_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.response_status}"
