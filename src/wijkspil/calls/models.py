"""Tables of calls: the call, who it is about, who was alerted, and what happened.

Private to this context. Identity and safety (``CallPatient``) stand apart from what is
asked (``Call``), so that choosing, alerting and settling never read them. The
instruction of the key safe is encrypted (``core.sealing``). What may follow what is in
``policies``; the database itself keeps that one nurse wins, that a nurse is alerted
once, and that a running call has an owner and a date.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from wijkspil.calls.types import (
    RUNNING,
    WITH_NURSE,
    AccessBasis,
    AlertDeclineReason,
    AlertStatus,
    CallCloseReason,
    CallerKind,
    CallEventKind,
    CallOutcome,
    CallOwnerKind,
    CallReason,
    CallStatus,
    CallUrgency,
    Known,
    TreatmentLimit,
)
from wijkspil.directory.types import CareTask


class Call(models.Model):
    """Somebody needs a nurse, unplanned: what, where, how urgent, who has it."""

    number = models.CharField(max_length=12, unique=True, help_text="As in N-7K3F9Q.")
    status = models.CharField(max_length=12, choices=CallStatus.choices)
    region = models.ForeignKey(
        "directory.Area", on_delete=models.PROTECT, related_name="+"
    )
    place = models.ForeignKey(
        "directory.Area",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="PC6 or PC4 where the nurse is needed.",
    )
    postcode = models.CharField(max_length=6)

    caller_kind = models.CharField(max_length=20, choices=CallerKind.choices)
    caller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    caller_name = models.CharField(max_length=120)
    caller_phone = models.CharField(max_length=30, help_text="Number to call back.")
    caller_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    reason = models.CharField(max_length=20, choices=CallReason.choices)
    tasks = ArrayField(
        models.CharField(max_length=30, choices=CareTask.choices),
        default=list,
        blank=True,
        help_text="What the nurse must be able to do.",
    )
    note = models.CharField(
        max_length=300, blank=True, help_text="Without names; nurses alerted read it."
    )
    urgency = models.CharField(max_length=10, choices=CallUrgency.choices)
    arrive_by = models.DateTimeField(help_text="Before this a nurse must be there.")
    own_service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The client's own team: it gets the report.",
    )
    own_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The client's own provider: it settles the minutes.",
    )

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    owner_kind = models.CharField(max_length=12, choices=CallOwnerKind.choices)
    owner_name = models.CharField(
        max_length=120, blank=True, help_text="Who has it in hand, in words."
    )
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="Before this something must have happened."
    )
    overdue_since = models.DateTimeField(
        null=True, blank=True, help_text="First date that passed with the same owner."
    )

    nurse_service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    nurse_duty = models.ForeignKey(
        "directory.DutyPeriod",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    nurse_name = models.CharField(max_length=120, blank=True)
    nurse_phone = models.CharField(max_length=30, blank=True)
    expected_arrival_at = models.DateTimeField(null=True, blank=True)

    started_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    check_in_due_at = models.DateTimeField(
        null=True, blank=True, help_text="Before this the nurse says that all is well."
    )
    check_in_missed_at = models.DateTimeField(
        null=True, blank=True, help_text="The check-in that passed, once noticed."
    )

    outcome = models.CharField(max_length=12, choices=CallOutcome.choices, blank=True)
    report = models.TextField(blank=True, help_text="For the client's own team.")
    travel_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    care_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    close_reason = models.CharField(
        max_length=20, choices=CallCloseReason.choices, blank=True
    )
    reported_at = models.DateTimeField(
        null=True, blank=True, help_text="When the own team was told of it."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=[*map(str, RUNNING)])
                | (Q(due_at__isnull=False) & ~Q(owner_name="")),
                name="call_has_owner_and_date",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[*map(str, (*WITH_NURSE, CallStatus.DONE))])
                | (Q(nurse_service__isnull=False) & Q(accepted_at__isnull=False)),
                name="call_with_a_nurse",
            ),
            models.CheckConstraint(
                condition=~Q(status=CallStatus.DONE.value)
                | (
                    Q(done_at__isnull=False)
                    & Q(travel_minutes__isnull=False)
                    & Q(care_minutes__isnull=False)
                ),
                name="call_done_with_minutes",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "status", "due_at"]),
            models.Index(fields=["region", "done_at"]),
            models.Index(fields=["caller_organization", "started_at"]),
            models.Index(fields=["nurse_service", "status"]),
            models.Index(fields=["own_service", "started_at"]),
        ]

    def __str__(self) -> str:
        return self.number


class CallPatient(models.Model):
    """Who it is about and how to act safely; open to the nurse only during the call."""

    call = models.OneToOneField(
        Call, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200)
    phone = models.CharField(max_length=30, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    alarm_number = models.CharField(
        max_length=30, blank=True, help_text="By which the alarm center knows them."
    )
    treatment_limit = models.CharField(max_length=20, choices=TreatmentLimit.choices)
    medication_list_present = models.CharField(max_length=10, choices=Known.choices)
    order_present = models.CharField(
        max_length=10,
        choices=Known.choices,
        help_text="Instruction for reserved acts (uitvoeringsverzoek).",
    )
    allergies = models.CharField(max_length=200, blank=True)
    key_safe = models.BinaryField(
        null=True, blank=True, help_text="How to get in; encrypted."
    )
    basis = models.CharField(max_length=20, choices=AccessBasis.choices)
    recorded_by = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    retain_until = models.DateField(help_text="Day on which this row is removed.")

    def __str__(self) -> str:
        return str(self.call_id)


class CallAlert(models.Model):
    """The question to one nurse on duty: one call, several alerts, one winner."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="alerts")
    duty = models.ForeignKey(
        "directory.DutyPeriod",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.PROTECT, related_name="+"
    )
    person_name = models.CharField(max_length=120)
    phone = models.CharField(max_length=30)
    rank = models.PositiveSmallIntegerField(help_text="1 was alerted first.")
    status = models.CharField(max_length=10, choices=AlertStatus.choices)
    alerted_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    answered_by_name = models.CharField(max_length=120, blank=True)
    decline_reason = models.CharField(
        max_length=20, choices=AlertDeclineReason.choices, blank=True
    )
    expected_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="From the alert; empty: place not known."
    )
    is_elsewhere = models.BooleanField(
        default=False, help_text="On duty elsewhere in the region."
    )
    reasons = models.JSONField(
        default=list, help_text="Why this nurse: what the engine returned."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call"],
                condition=Q(status=AlertStatus.ACCEPTED.value),
                name="alert_one_winner",
            ),
            models.UniqueConstraint(
                fields=["call", "service", "person_name"],
                condition=Q(status=AlertStatus.OPEN.value),
                name="alert_sent_once",
            ),
            models.CheckConstraint(
                condition=~Q(status=AlertStatus.DECLINED.value) | ~Q(decline_reason=""),
                name="alert_decline_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "status"]),
            models.Index(
                fields=["answer_by"],
                condition=Q(status=AlertStatus.OPEN.value),
                name="alert_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} to {self.service_id}: {self.status}"


class CallEvent(models.Model):
    """Something that happened to a call. Rows are only added: the timeline."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=CallEventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(max_length=120, blank=True)
    service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    detail = models.JSONField(default=dict, help_text="Codes and figures; no identity.")

    class Meta:
        indexes = [models.Index(fields=["call", "at", "id"])]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.kind}"


class BreakGlass(models.Model):
    """Somebody opened a client's data after the access had ended, and said why."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    open_until = models.DateTimeField()
    reported_at = models.DateTimeField(
        null=True, blank=True, help_text="When the privacy officer was told."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__regex=r"^\S.{8,}\S$"), name="glass_has_a_reason"
            )
        ]
        indexes = [models.Index(fields=["call", "actor", "open_until"])]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.at:%Y-%m-%d %H:%M}"
