"""Tables of referrals: requests, who they are about, offers, and what happened.

Private to this context. Identity (``Patient``) stands apart from what is asked
(``ServiceRequest``), so that ranking, offering and counting never read it. Names follow
FHIR R4 (ServiceRequest, Task as ``Offer``, Patient, Consent). What may follow what is
in ``policies``; the database itself keeps that one offer wins and that everybody who
waits has an owner and a date.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from wijkspil.core.private_links import PrivateLink
from wijkspil.directory.types import CareLaw, CareTask, PartOfDay
from wijkspil.referrals.types import (
    OWNED,
    PLACED,
    CloseReason,
    ConsentDecision,
    ConsentGiver,
    DeclineReason,
    EventKind,
    OfferOrigin,
    OfferStatus,
    OwnerKind,
    Party,
    PolicyStatus,
    Presence,
    RequesterKind,
    RequestStatus,
    SafetyGround,
    SignalStatus,
    SignalTopic,
    UnmetKind,
    Urgency,
    UrgencyReason,
)


class PolicyVersion(models.Model):
    """A version of what a region agreed on asking teams. Policy is data.

    In force at a moment is the newest approved version whose ``effective_from`` has
    come; a region without one works by ``selectors.policy.DEFAULT``.
    """

    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    number = models.PositiveSmallIntegerField(help_text="1 is the region's first.")
    status = models.CharField(max_length=10, choices=PolicyStatus.choices)
    terms = models.JSONField(
        default=dict, help_text="What differs from the national values."
    )
    why = models.CharField(max_length=500, blank=True, help_text="What it is to mend.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    proposed_at = models.DateTimeField(null=True, blank=True)
    effective_from = models.DateTimeField(null=True, blank=True)
    preview = models.JSONField(
        null=True, blank=True, help_text="What it would have done last month."
    )
    previewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "number"], name="policy_number_once"
            ),
            models.UniqueConstraint(
                fields=["region"],
                condition=Q(status__in=["draft", "proposed"]),
                name="policy_one_in_the_making",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(effective_from__isnull=False),
                name="policy_approved_has_a_start",
            ),
        ]
        indexes = [
            models.Index(
                fields=["region", "-effective_from"],
                condition=Q(status="approved"),
                name="policy_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region_id} version {self.number}"


class PolicyApproval(models.Model):
    """What the representatives of nurses or of referrers said to a version."""

    policy = models.ForeignKey(
        PolicyVersion, on_delete=models.CASCADE, related_name="approvals"
    )
    party = models.CharField(max_length=10, choices=Party.choices)
    agrees = models.BooleanField()
    remark = models.CharField(max_length=500, blank=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    given_by_name = models.CharField(max_length=120)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "party"], name="policy_party_says_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.party}"


class Signal(models.Model):
    """Somebody who works with the agreements says that they do harm. It is answered."""

    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    topic = models.CharField(max_length=10, choices=SignalTopic.choices)
    text = models.CharField(max_length=1000, help_text="Without names of clients.")
    about = models.ForeignKey(
        PolicyVersion,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="signals",
        help_text="The version that held; none: the national values.",
    )
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    filed_by_name = models.CharField(max_length=120)
    filed_as = models.CharField(max_length=30, help_text="In which role.")
    filed_at = models.DateTimeField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    owner_name = models.CharField(max_length=120)
    due_on = models.DateField()
    status = models.CharField(
        max_length=10, choices=SignalStatus.choices, default=SignalStatus.OPEN
    )
    answer = models.CharField(max_length=1000, blank=True)
    answered_by_name = models.CharField(max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    led_to = models.ForeignKey(
        PolicyVersion,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="prompted_by",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open") | ~Q(answer=""),
                name="signal_answered_has_an_answer",
            ),
            models.CheckConstraint(
                condition=~Q(owner_name=""), name="signal_has_an_owner"
            ),
        ]
        indexes = [models.Index(fields=["region", "status", "due_on"])]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.topic}"


class ServiceRequest(models.Model):
    """What is asked, where and how soon, and who has it in hand (no identity)."""

    number = models.CharField(max_length=12, unique=True, help_text="As in A-7K3F9Q.")
    status = models.CharField(max_length=20, choices=RequestStatus.choices)
    region = models.ForeignKey(
        "directory.Area", on_delete=models.PROTECT, related_name="+"
    )
    place = models.ForeignKey(
        "directory.Area",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="PC6 or PC4 where the care is given.",
    )
    postcode = models.CharField(max_length=6)
    wijk = models.ForeignKey(
        "directory.Area",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The wijk of the place, in the newest division.",
    )

    requester_kind = models.CharField(max_length=20, choices=RequesterKind.choices)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    requester_name = models.CharField(max_length=120)
    requester_phone = models.CharField(max_length=30, blank=True)
    requester_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    tasks = ArrayField(models.CharField(max_length=30, choices=CareTask.choices))
    parts_of_day = ArrayField(
        models.CharField(max_length=10, choices=PartOfDay.choices)
    )
    first_visit_on = models.DateField(help_text="Local day of the first visit.")
    urgency = models.CharField(max_length=12, choices=Urgency.choices)
    urgency_reason = models.CharField(max_length=12, choices=UrgencyReason.choices)
    age = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Years; teams see a band of ten years."
    )
    language = models.CharField(max_length=5, default="nl", help_text="ISO 639-1.")
    insurer = models.CharField(max_length=4, blank=True, help_text="UZOVI code.")
    care_law = models.CharField(max_length=3, choices=CareLaw.choices)
    order_present = models.CharField(
        max_length=12,
        choices=Presence.choices,
        help_text="Instruction for reserved acts (uitvoeringsverzoek).",
    )
    materials_present = models.CharField(max_length=12, choices=Presence.choices)
    preferred_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    known_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Provider that already cares for the client.",
    )
    refused_organizations = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="Providers the client objects to (ids).",
    )
    note = models.CharField(
        max_length=500, blank=True, help_text="Without names; teams asked can read it."
    )

    hours_low = models.DecimalField(max_digits=5, decimal_places=2)
    hours_high = models.DecimalField(
        max_digits=5, decimal_places=2, help_text="Provisional; this is reserved."
    )
    hours_by_part = models.JSONField(
        default=dict, help_text='Hours a week per part of day: {"morning": 3.5}.'
    )
    complexity = models.FloatField(
        default=1.0, help_text="Weight of the case for the fair share; 1 is plain."
    )
    hours_set = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Hours a week as the nurse set them after the intake.",
    )
    hours_expected = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Hours a week expected at the review (reablement).",
    )
    review_on = models.DateField(null=True, blank=True)

    profile_area = models.ForeignKey(
        "directory.Area",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The area teams see before one of them accepts.",
    )
    profile_residents = models.PositiveIntegerField(
        null=True, blank=True, help_text="Residents of the age band in that area."
    )
    one_at_a_time = models.BooleanField(
        default=False, help_text="A rare profile: only one team sees it at a time."
    )

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    owner_kind = models.CharField(
        max_length=12, choices=OwnerKind.choices, default=OwnerKind.REQUESTER
    )
    owner_name = models.CharField(
        max_length=120, blank=True, help_text="Who has it in hand, in words."
    )
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="Before this something must have happened."
    )
    overdue_since = models.DateTimeField(
        null=True, blank=True, help_text="The date that passed, once it was noticed."
    )
    reminded_for = models.DateTimeField(
        null=True, blank=True, help_text="The date the owner was reminded of."
    )
    escalated_for = models.DateTimeField(
        null=True, blank=True, help_text="The date of which every coordinator was told."
    )
    bridged_by = models.CharField(
        max_length=200, blank=True, help_text="Who helps for now."
    )
    room_kept_until = models.DateField(
        null=True, blank=True, help_text="A paused client's place is kept until then."
    )
    placed_service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    close_reason = models.CharField(
        max_length=20, choices=CloseReason.choices, blank=True
    )
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    placed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=[*map(str, OWNED)])
                | (Q(due_at__isnull=False) & ~Q(owner_name="")),
                name="request_has_owner_and_date",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[*map(str, PLACED)])
                | (Q(placed_service__isnull=False) & Q(placed_at__isnull=False)),
                name="request_placed_with_a_team",
            ),
            models.CheckConstraint(
                condition=Q(hours_low__lte=models.F("hours_high")),
                name="request_band_order",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "status", "due_at"]),
            models.Index(fields=["requester_organization", "status"]),
            models.Index(fields=["placed_service", "placed_at"]),
            models.Index(fields=["owner", "status"]),
        ]

    def __str__(self) -> str:
        return self.number


class Patient(models.Model):
    """Who it is about. Only the team that accepts reads it, and who typed it in."""

    request = models.OneToOneField(
        ServiceRequest, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=120)
    birth_date = models.DateField()
    address = models.CharField(max_length=200)
    phone = models.CharField(max_length=30, blank=True)
    representative_name = models.CharField(max_length=120, blank=True)
    representative_phone = models.CharField(max_length=30, blank=True)
    gp_name = models.CharField(max_length=120, blank=True)
    retain_until = models.DateField(help_text="Day on which this row is removed.")

    def __str__(self) -> str:
        return str(self.request_id)


class Consent(models.Model):
    """What the client or representative said, to everything or to one provider."""

    request = models.ForeignKey(
        ServiceRequest, on_delete=models.CASCADE, related_name="consents"
    )
    decision = models.CharField(max_length=10, choices=ConsentDecision.choices)
    given_by = models.CharField(max_length=20, choices=ConsentGiver.choices)
    organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Only for an objection to one provider.",
    )
    purpose = models.CharField(max_length=40, default="placement")
    recorded_by = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    retain_until = models.DateField()

    def __str__(self) -> str:
        return f"{self.request_id}: {self.decision}"


class Offer(models.Model):
    """The question to one team (FHIR Task): one request, many offers, one winner."""

    request = models.ForeignKey(
        ServiceRequest, on_delete=models.CASCADE, related_name="offers"
    )
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=10, choices=OfferStatus.choices)
    origin = models.CharField(max_length=12, choices=OfferOrigin.choices)
    rank = models.PositiveSmallIntegerField(
        default=1, help_text="1 was proposed first."
    )
    reasons = models.JSONField(
        default=list, help_text="Why this team: what the engine's explain returned."
    )
    offered_at = models.DateTimeField()
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
        max_length=20, choices=DeclineReason.choices, blank=True
    )
    decline_note = models.CharField(max_length=300, blank=True)
    room_again_on = models.DateField(null=True, blank=True)
    against_own_room = models.BooleanField(
        default=False, help_text="Declined although it had said there was room."
    )
    remind_at = models.DateTimeField(
        null=True, blank=True, help_text="When the team is told that time runs out."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(status="accepted"),
                name="offer_one_winner",
            ),
            models.UniqueConstraint(
                fields=["request", "service"],
                condition=Q(status="open"),
                name="offer_asked_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(decline_reason=""),
                name="offer_decline_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "status", "answer_by"]),
            models.Index(
                fields=["answer_by"], condition=Q(status="open"), name="offer_waiting"
            ),
            models.Index(
                fields=["remind_at"], condition=Q(status="open"), name="offer_to_remind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} to {self.service_id}: {self.status}"


class RequestEvent(models.Model):
    """Something that happened to a request. Rows are only added: the timeline."""

    request = models.ForeignKey(
        ServiceRequest, on_delete=models.CASCADE, related_name="events"
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=EventKind.choices)
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
        indexes = [models.Index(fields=["request", "at", "id"])]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.kind}"


class ClientLink(PrivateLink):
    """The client's private link: progress for who has it, more with the code."""

    request = models.OneToOneField(
        ServiceRequest, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.request_id)


class AssignmentAgreement(models.Model):
    """A provider signed that requests may be assigned to it without asking first."""

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.PROTECT, related_name="+"
    )
    region = models.ForeignKey(
        "directory.Area", on_delete=models.PROTECT, related_name="+"
    )
    signed_by = models.CharField(max_length=120, help_text="Who signed, and as what.")
    signed_on = models.DateField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    document = models.CharField(max_length=200, help_text="Where the document is kept.")

    def __str__(self) -> str:
        return f"{self.organization_id} in {self.region_id}"


class AssignmentStop(models.Model):
    """A nurse stopped an automatic assignment on a stated safety ground."""

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="stop")
    ground = models.CharField(max_length=12, choices=SafetyGround.choices)
    explanation = models.CharField(max_length=300)
    stopped_by = models.CharField(max_length=120)
    stopped_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.ground}"


class RoomCheck(models.Model):
    """Somebody asked where there is room: the ledger of demand, without a person."""

    at = models.DateTimeField()
    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    wijk = models.ForeignKey(
        "directory.Area", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    tasks = ArrayField(models.CharField(max_length=30))
    parts_of_day = ArrayField(models.CharField(max_length=10))
    days_until_first_visit = models.SmallIntegerField()
    hours_high = models.DecimalField(max_digits=5, decimal_places=2)
    candidates = models.PositiveSmallIntegerField(help_text="Teams that could take it.")
    with_room = models.PositiveSmallIntegerField(help_text="Of these, with known room.")

    class Meta:
        indexes = [models.Index(fields=["region", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.with_room} of {self.candidates}"


class UnmetDemand(models.Model):
    """Demand that was not met, or not at once: the ledger of a region. Rows are added.

    Pseudonymous and without a place finer than the wijk; ``pseudonym`` tells rows of
    one request together within a year, and cannot be led back without the key.
    """

    at = models.DateTimeField()
    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    wijk = models.ForeignKey(
        "directory.Area", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=UnmetKind.choices)
    reason = models.CharField(max_length=30, blank=True, help_text="As coded.")
    tasks = ArrayField(models.CharField(max_length=30))
    parts_of_day = ArrayField(models.CharField(max_length=10))
    urgency = models.CharField(max_length=12, choices=Urgency.choices)
    hours_high = models.DecimalField(max_digits=5, decimal_places=2)
    waited_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="From sending until this; none for a search."
    )
    pseudonym = models.CharField(max_length=16, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["region", "at"]),
            models.Index(fields=["region", "kind", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.kind}"
