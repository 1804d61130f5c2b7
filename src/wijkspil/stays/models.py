"""Tables of stays: beds that are free, who claimed them, and what was asked.

Private to this context. A provider's report is a promise: what is free may be claimed,
and a claim binds. The database itself keeps that no bed is given twice
(``bedreport_not_below_zero``) and that an open request has an owner and a date.
Identity (``StayPatient``) stands apart from what is asked.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from wijkspil.stays.types import (
    LIVE,
    OWNED,
    Advice,
    BedSource,
    ClaimStatus,
    ConsentGiver,
    Decider,
    EventKind,
    Feature,
    Gender,
    Happened,
    NotDeliveredGround,
    OwnerKind,
    StayConsentDecision,
    StayKind,
    StayStatus,
)


class StayPolicy(models.Model):
    """What a region agreed on temporary stay. Without a row: ``types.Agreed``."""

    region = models.OneToOneField(
        "directory.Area", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    hold_hours = models.PositiveSmallIntegerField(
        default=4, help_text="Hours to confirm a claim before the bed returns."
    )
    bed_valid_hours = models.PositiveSmallIntegerField(
        default=24, help_text="Hours a report of free beds counts."
    )
    search_hours = models.PositiveSmallIntegerField(
        default=2, help_text="Hours who asks has before the coordinator gets it."
    )
    coordinator_hours = models.PositiveSmallIntegerField(
        default=4, help_text="Hours a coordinator has to move it."
    )
    arrival_grace_hours = models.PositiveSmallIntegerField(
        default=3, help_text="Hours after the planned arrival until somebody asks."
    )
    remind_days = models.PositiveSmallIntegerField(
        default=5, help_text="Days before the planned end to plan going home."
    )
    retention_days = models.PositiveSmallIntegerField(
        default=365, help_text="Days after the end until identity is removed."
    )

    def __str__(self) -> str:
        return str(self.region_id)


class BedReport(models.Model):
    """What a provider said of its free beds of one kind, once: a promise.

    The newest row of a service and kind counts, until ``valid_until``. Reports are
    only added; ``claimed`` and ``returned`` are kept by the services, so that
    ``free + returned - claimed`` is what is left.
    """

    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=StayKind.choices)
    free = models.PositiveSmallIntegerField(help_text="Beds free beside claimed ones.")
    claimed = models.PositiveSmallIntegerField(
        default=0, help_text="Of these, taken by a claim since."
    )
    returned = models.PositiveSmallIntegerField(
        default=0, help_text="Beds of earlier reports whose claim was given back."
    )
    from_on = models.DateField(
        null=True, blank=True, help_text="First local day; empty: now."
    )
    features = ArrayField(
        models.CharField(max_length=20, choices=Feature.choices),
        default=list,
        blank=True,
    )
    gender = models.CharField(max_length=10, choices=Gender.choices, default=Gender.ANY)
    reported_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    source = models.CharField(max_length=10, choices=BedSource.choices)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reporter_label = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed__lte=F("free") + F("returned")),
                name="bedreport_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("reported_at")),
                name="bedreport_period_order",
            ),
        ]
        indexes = [models.Index(fields=["service", "kind", "-reported_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.service_id} {self.kind}: {self.left} of {self.free}"

    @property
    def left(self) -> int:
        """Beds that can be claimed now."""
        return self.free + self.returned - self.claimed


class StayRequest(models.Model):
    """What is asked, where and how soon, and who has it in hand (no identity)."""

    number = models.CharField(max_length=12, unique=True, help_text="As in V-7K3F9Q.")
    status = models.CharField(max_length=12, choices=StayStatus.choices)
    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    place = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    postcode = models.CharField(max_length=6)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    requester_name = models.CharField(max_length=120)
    requester_phone = models.CharField(max_length=30)
    requester_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    age = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Years; goes with identity."
    )
    happened = models.CharField(max_length=12, choices=Happened.choices)
    answers = models.JSONField(default=dict, help_text="Question -> answer, as codes.")
    suggested = models.CharField(
        max_length=20,
        choices=[*StayKind.choices, *Advice.choices],
        help_text="What the rules suggested.",
    )
    rule = models.CharField(max_length=40, help_text="Which rule of which version.")
    decider = models.CharField(max_length=20, choices=Decider.choices)
    needed_on = models.DateField(help_text="Local day.")
    needs = ArrayField(
        models.CharField(max_length=20, choices=Feature.choices),
        default=list,
        blank=True,
    )
    gender = models.CharField(max_length=10, choices=Gender.choices, default=Gender.ANY)
    note = models.CharField(max_length=300, blank=True, help_text="Without names.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    owner_kind = models.CharField(max_length=12, choices=OwnerKind.choices)
    owner_name = models.CharField(max_length=120)
    due_at = models.DateTimeField(null=True, blank=True)
    overdue_since = models.DateTimeField(null=True, blank=True)
    planned_end = models.DateField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(
        max_length=12, blank=True, help_text="EndReason or CancelReason."
    )
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=[*map(str, OWNED)])
                | (Q(due_at__isnull=False) & ~Q(owner_name="")),
                name="stay_has_owner_and_date",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "status", "due_at"]),
            models.Index(fields=["requester_organization", "-created_at"]),
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=[*map(str, OWNED)]),
                name="stay_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class BedClaim(models.Model):
    """A free bed taken for one client (FHIR Encounter, planned): binding."""

    stay = models.ForeignKey(
        StayRequest, on_delete=models.CASCADE, related_name="claims"
    )
    report = models.ForeignKey(
        BedReport, on_delete=models.CASCADE, related_name="claims"
    )
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=StayKind.choices)
    status = models.CharField(max_length=14, choices=ClaimStatus.choices)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    claimed_by_name = models.CharField(max_length=120)
    held_at = models.DateTimeField()
    hold_until = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrives_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ground = models.CharField(
        max_length=14, choices=NotDeliveredGround.choices, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stay"],
                condition=Q(status__in=[*map(str, LIVE)]),
                name="bedclaim_one_bed_each",
            ),
            models.CheckConstraint(
                condition=~Q(status="not-delivered") | ~Q(ground=""),
                name="bedclaim_broken_has_ground",
            ),
            models.CheckConstraint(
                condition=~Q(status="confirmed") | Q(arrives_at__isnull=False),
                name="bedclaim_confirmed_has_arrival",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "status"]),
            models.Index(
                fields=["hold_until"], condition=Q(status="held"), name="claim_held"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stay_id} in {self.service_id}: {self.status}"


class StayPatient(models.Model):
    """Who it is about. Only the provider of the bed reads it, and who asked."""

    stay = models.OneToOneField(
        StayRequest, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=120)
    birth_date = models.DateField()
    address = models.CharField(max_length=200)
    phone = models.CharField(max_length=30, blank=True)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    gp_name = models.CharField(max_length=120, blank=True)
    retain_until = models.DateField(help_text="Day on which this row is removed.")

    def __str__(self) -> str:
        return str(self.stay_id)


class StayConsent(models.Model):
    """What the client or representative said to sharing with one provider."""

    stay = models.ForeignKey(
        StayRequest, on_delete=models.CASCADE, related_name="consents"
    )
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.CASCADE, related_name="+"
    )
    decision = models.CharField(max_length=10, choices=StayConsentDecision.choices)
    given_by = models.CharField(max_length=20, choices=ConsentGiver.choices)
    recorded_by = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    retain_until = models.DateField()

    def __str__(self) -> str:
        return f"{self.stay_id}: {self.decision}"


class StayEvent(models.Model):
    """Something that happened to a request for a stay. Rows are only added."""

    stay = models.ForeignKey(
        StayRequest, on_delete=models.CASCADE, related_name="events"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=14, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(max_length=120)
    service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    detail = models.JSONField(default=dict, help_text="Codes, moments and notes.")

    class Meta:
        indexes = [models.Index(fields=["stay", "at", "id"])]

    def __str__(self) -> str:
        return f"{self.stay_id}: {self.kind}"


class StaySearch(models.Model):
    """Somebody looked for a bed: the ledger of demand, without a person."""

    at = models.DateTimeField()
    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    wijk = models.ForeignKey(
        "directory.Area", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=[*StayKind.choices, *Advice.choices])
    happened = models.CharField(max_length=12, choices=Happened.choices)
    days_until_needed = models.SmallIntegerField()
    fitting = models.PositiveSmallIntegerField(help_text="Free beds that fitted.")
    of_kind = models.PositiveSmallIntegerField(help_text="Free beds of that kind.")
    nearest_km = models.FloatField(null=True, help_text="To the nearest that fitted.")

    class Meta:
        indexes = [models.Index(fields=["region", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.kind}, {self.fitting} of {self.of_kind}"
