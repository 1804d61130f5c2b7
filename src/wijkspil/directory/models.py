"""Tables of the directory: areas, organizations, coverage, duty and room.

Private to this context; others go through selectors and services. Answers "what is
kept"; what may change is in ``services``, who may see it in ``permissions``. Field
names follow FHIR R4 (Organization, HealthcareService, CareTeam, ContactPoint).
"""

from typing import Any, TypeVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Cast

from wijkspil.core.identifiers import (
    validate_agb_code,
    validate_kvk_number,
    validate_postcode,
    validate_ura,
)
from wijkspil.core.validity import HalfOpenPeriod, PeriodQuerySet, no_overlap
from wijkspil.directory.types import (
    WEEKDAYS,
    AllianceRole,
    AreaKind,
    Audience,
    CapacitySource,
    Care,
    CareLaw,
    CareTask,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    NoRoomReason,
    OrganizationType,
    PartOfDay,
    RegionPurpose,
    SizeBand,
)

ModelClass = TypeVar("ModelClass", bound=type[models.Model])


def tracked(model: ModelClass) -> ModelClass:
    """Keep a row for every insert, update and delete, by database trigger."""
    tracked_model: ModelClass = pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()
    )(model)
    return tracked_model


def fhir_id_field() -> "models.CharField[str, str]":
    """Return the logical id by which other systems know a row; never used again."""
    return models.CharField(
        max_length=64,
        unique=True,
        editable=False,
        db_default=Cast(Func(function="gen_random_uuid"), models.CharField()),
        help_text="Logical id in FHIR.",
    )


class Area(models.Model):
    """A piece of the country in one year's division, or a region made of them.

    ``within`` holds the ids of this area and of every area it lies in (its gemeente,
    its regions, ...), so that "who covers this address" is one index lookup. It is
    kept by ``services.areas.refresh_within`` and never edited by hand.
    """

    kind = models.CharField(max_length=10, choices=AreaKind.choices)
    purpose = models.CharField(
        max_length=20,
        choices=RegionPurpose.choices,
        blank=True,
        help_text="Only for regions: what it is for.",
    )
    code = models.CharField(max_length=60, help_text="CBS code, postcode or slug.")
    name = models.CharField(max_length=120)
    year = models.PositiveSmallIntegerField(
        help_text="Year of the division the code belongs to."
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="children",
        help_text="gemeente of a wijk, wijk of a buurt, PC4 of a PC6.",
    )
    within = ArrayField(models.BigIntegerField(), default=list)
    within_is_estimate = models.BooleanField(
        default=False,
        help_text="The buurt was taken as the nearest centre, not from a register.",
    )
    lon = models.FloatField(null=True, help_text="Point inside, WGS84 degrees.")
    lat = models.FloatField(null=True, help_text="Point inside, WGS84 degrees.")
    population = models.PositiveIntegerField(null=True, help_text="Inhabitants.")
    population_by_age = models.JSONField(
        default=dict, help_text='Inhabitants per age band: {"0-14": 812.5, "65+": ..}.'
    )
    source = models.CharField(max_length=200, help_text="Publisher, file and year.")
    is_fictional = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "purpose", "code", "year"], name="area_key"
            ),
            models.CheckConstraint(
                condition=Q(kind="region") ^ Q(purpose=""),
                name="area_purpose_of_region",
            ),
        ]
        indexes = [
            models.Index(fields=["code"]),
            GinIndex(fields=["within"], name="area_within"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class AreaShape(models.Model):
    """The polygon of an area, as GeoJSON geometry in WGS84."""

    area = models.OneToOneField(
        Area, primary_key=True, on_delete=models.CASCADE, related_name="shape"
    )
    geometry = models.JSONField()

    def __str__(self) -> str:
        return str(self.area_id)


class AreaOverlap(models.Model):
    """How a postcode area (part) and a wijk or buurt (whole) share ground."""

    part = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    whole = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    share_of_part = models.FloatField(help_text="Share of the part's ground, 0..1.")
    share_of_whole = models.FloatField(help_text="Share of the whole's ground, 0..1.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["part", "whole"], name="area_overlap_key")
        ]

    def __str__(self) -> str:
        return f"{self.part_id} in {self.whole_id}"


class RegionMember(models.Model):
    """A gemeente, wijk or postcode that belongs to a region."""

    region = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="members")
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "area"], name="region_member_key")
        ]

    def __str__(self) -> str:
        return f"{self.area_id} in {self.region_id}"


class RegionPolicy(models.Model):
    """What a region agreed on: policy is data."""

    region = models.OneToOneField(
        Area, primary_key=True, on_delete=models.CASCADE, related_name="policy"
    )
    capacity_valid_hours = models.PositiveSmallIntegerField(
        default=72, help_text="Hours after which a capacity report is stale."
    )

    def __str__(self) -> str:
        return str(self.region_id)


@tracked
class Organization(models.Model):
    """A legal care organization (FHIR Organization)."""

    fhir_id = fhir_id_field()
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=30, choices=OrganizationType.choices)
    agb_code = models.CharField(
        max_length=8, blank=True, validators=[validate_agb_code]
    )
    ura = models.CharField(max_length=8, blank=True, validators=[validate_ura])
    kvk_number = models.CharField(
        max_length=8, blank=True, validators=[validate_kvk_number]
    )
    part_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts"
    )
    is_active = models.BooleanField(default=True)
    is_fictional = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agb_code"], condition=~Q(agb_code=""), name="organization_agb"
            ),
            models.UniqueConstraint(
                fields=["ura"], condition=~Q(ura=""), name="organization_ura"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def validate_opening_hours(value: Any) -> None:
    """Check FHIR-like available times: see ``HealthcareService.opening_hours``."""
    if not isinstance(value, list):
        raise ValidationError("Opening hours are a list of {days, from, until}.")
    for place, item in enumerate(value, start=1):
        if not isinstance(item, dict) or set(item) != {"days", "from", "until"}:
            raise ValidationError(f"Line {place}: give days, from and until.")
        if not item["days"] or not set(item["days"]) <= set(WEEKDAYS):
            raise ValidationError(
                f"Line {place}: days {item['days']!r} are not among {WEEKDAYS}."
            )
        if not (
            _is_clock(item["from"])
            and _is_clock(item["until"])
            and item["from"] < item["until"]
        ):
            raise ValidationError(
                f"Line {place}: {item['from']}-{item['until']} is not a span "
                "within one day, as in 08:00-17:00 or 00:00-24:00."
            )


def _is_clock(text: Any) -> bool:
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":":
        return False
    hour, minute = text[:2], text[3:]
    if not (hour.isdigit() and minute.isdigit()):
        return False
    return (int(hour) < 24 and int(minute) < 60) or text == "24:00"


@tracked
class HealthcareService(models.Model):
    """What an organization offers from one place (FHIR HealthcareService)."""

    fhir_id = fhir_id_field()
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="services"
    )
    care = models.CharField(max_length=30, choices=Care.choices)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    specialty = models.CharField(
        max_length=60, blank=True, help_text="For example physiotherapy."
    )
    tasks = ArrayField(
        models.CharField(max_length=30, choices=CareTask.choices),
        default=list,
        blank=True,
    )
    languages = ArrayField(
        models.CharField(max_length=5), default=list, blank=True, help_text="ISO 639-1."
    )
    insurers = ArrayField(
        models.CharField(max_length=4),
        default=list,
        blank=True,
        help_text="UZOVI codes of contracted health insurers.",
    )
    care_laws = ArrayField(
        models.CharField(max_length=3, choices=CareLaw.choices),
        default=list,
        blank=True,
    )
    opening_hours = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_opening_hours],
        help_text='Local: [{"days": ["mon"], "from": "08:00", "until": "17:00"}].',
    )
    is_open_on_holidays = models.BooleanField(
        default=False, help_text="Open at its usual hours on public holidays."
    )
    postcode = models.CharField(
        max_length=6, blank=True, validators=[validate_postcode]
    )
    lon = models.FloatField(null=True, blank=True, help_text="WGS84 degrees.")
    lat = models.FloatField(null=True, blank=True, help_text="WGS84 degrees.")
    is_active = models.BooleanField(default=True)
    is_fictional = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["care", "is_active"]),
            models.Index(
                fields=["lat", "lon"],
                condition=Q(care="gp-care", is_active=True),
                name="gp_practice_place",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked
class CareTeam(models.Model):
    """The named team that carries out a service (FHIR CareTeam)."""

    fhir_id = fhir_id_field()
    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="teams"
    )
    name = models.CharField(max_length=120)
    composition = models.JSONField(
        default=dict, help_text='Members per profession: {"district-nurse": 3}.'
    )

    def __str__(self) -> str:
        return self.name


@tracked
class ContactPoint(HalfOpenPeriod):
    """A number or address with the audience it is meant for.

    With ``area`` it holds for that neighborhood only, for example the coordinator
    for complex questions of one wijk.
    """

    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="contacts"
    )
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    audience = models.CharField(max_length=20, choices=Audience.choices)
    purpose = models.CharField(max_length=20, choices=ContactPurpose.choices)
    system = models.CharField(max_length=10, choices=ContactSystem.choices)
    value = models.CharField(max_length=250, help_text="Number, address or URL.")
    person_name = models.CharField(
        max_length=120, blank=True, help_text="Function holder; professionals only."
    )

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        pass

    def __str__(self) -> str:
        return self.value


@tracked
class Coverage(HalfOpenPeriod):
    """A service plays a part in an area, for a kind of care, during a period."""

    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="coverages"
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    care = models.CharField(max_length=30, choices=Care.choices)
    role = models.CharField(max_length=20, choices=CoverageRole.choices)
    rank = models.PositiveSmallIntegerField(
        default=1, help_text="Order among services with the same part; 1 is first."
    )

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        constraints = [
            *HalfOpenPeriod.Meta.constraints,
            no_overlap(
                name="coverage_no_overlap",
                same={
                    "service_id": "id",
                    "area_id": "id",
                    "care": "text",
                    "role": "text",
                },
            ),
        ]
        indexes = [models.Index(fields=["area", "care"])]

    def __str__(self) -> str:
        return f"{self.service_id} {self.role} {self.area_id}"


@tracked
class DutyPeriod(HalfOpenPeriod):
    """A person is on duty for a service in an area. Rank 1 is called first."""

    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="duties"
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    care = models.CharField(max_length=30, choices=Care.choices)
    rank = models.PositiveSmallIntegerField(default=1, help_text="1 is called first.")
    person_name = models.CharField(max_length=120)
    phone = models.CharField(max_length=30)
    external_uid = models.CharField(
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text="UID of the event in the provider's own calendar.",
    )

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        constraints = [
            *HalfOpenPeriod.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_until__isnull=False), name="duty_has_an_end"
            ),
            no_overlap(
                name="duty_no_overlap",
                same={
                    "service_id": "id",
                    "area_id": "id",
                    "care": "text",
                    "rank": "id",
                },
            ),
        ]
        indexes = [models.Index(fields=["area", "care", "valid_until"])]

    def __str__(self) -> str:
        return f"{self.service_id} duty {self.valid_from:%Y-%m-%d %H:%M}"


class DutyCalendar(models.Model):
    """A private address where a calendar program reads the duties of a service.

    Of the address only a digest is kept: who loses it asks for a new one. It answers
    while its owner may see these duties, and until it is revoked.
    """

    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="duty_calendars"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    digest = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the token, hexadecimal."
    )
    person_name = models.CharField(
        max_length=120, blank=True, help_text="Only duties of this person."
    )
    with_phone = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.service_id} calendar {self.pk}"


class CapacityReport(models.Model):
    """What a team said of its room, once. Rows are only added: the history is full.

    The newest row of a service counts, until ``valid_until``; then room is unknown.
    """

    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="capacity_reports"
    )
    new_clients = models.PositiveSmallIntegerField(
        help_text="New clients the team can take; 0 is no room."
    )
    size_band = models.CharField(max_length=10, choices=SizeBand.choices, blank=True)
    parts_of_day = ArrayField(
        models.CharField(max_length=10, choices=PartOfDay.choices),
        default=list,
        blank=True,
    )
    tasks_excluded = ArrayField(
        models.CharField(max_length=30, choices=CareTask.choices),
        default=list,
        blank=True,
    )
    hours_per_week = models.DecimalField(
        max_digits=6,
        decimal_places=1,
        null=True,
        blank=True,
        help_text="Free hours a week, where the planning system knows them.",
    )
    no_room_reason = models.CharField(
        max_length=20, choices=NoRoomReason.choices, blank=True
    )
    no_room_until = models.DateField(
        null=True, blank=True, help_text="Expected end of having no room."
    )
    reported_at = models.DateTimeField()
    valid_until = models.DateTimeField(help_text="First moment it counts as stale.")
    source = models.CharField(max_length=12, choices=CapacitySource.choices)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reporter_label = models.CharField(max_length=120, help_text="Who, in words.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(new_clients__gt=0) | ~Q(no_room_reason=""),
                name="capacity_no_room_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=models.F("reported_at")),
                name="capacity_period_order",
            ),
        ]
        indexes = [models.Index(fields=["service", "-reported_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.service_id}: {self.new_clients}"


class CapacityReservation(models.Model):
    """Room of a service taken by an accepted request, before the team reports anew.

    A running reservation made at or after the newest report lowers what that report
    leaves; an older one is already in the report's figures. Changed only by
    ``services.reservations``.
    """

    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="reservations"
    )
    reference = models.CharField(
        max_length=40,
        help_text="Opaque number of the request in another room; says nothing of whom.",
    )
    clients = models.PositiveSmallIntegerField(default=1)
    hours_per_week = models.DecimalField(max_digits=5, decimal_places=2)
    parts_of_day = ArrayField(
        models.CharField(max_length=10, choices=PartOfDay.choices),
        default=list,
        blank=True,
    )
    reserved_at = models.DateTimeField()
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="Last change of hours or parts of the day."
    )
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty while it runs."
    )
    release_reason = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(released_at__isnull=True),
                name="reservation_one_running",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True)
                | Q(released_at__gte=models.F("reserved_at")),
                name="reservation_period_order",
            ),
            models.CheckConstraint(
                condition=Q(clients__gte=1, hours_per_week__gte=0),
                name="reservation_takes_room",
            ),
        ]
        indexes = [
            models.Index(
                fields=["service", "reserved_at"],
                condition=Q(released_at__isnull=True),
                name="reservation_running",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_id}: {self.reference}"


@tracked
class Alliance(models.Model):
    """A tight neighborhood alliance (hecht wijkverband) for a set of areas.

    Its area is a region of purpose ``alliance``, so membership of wijken is kept as
    for every other region.
    """

    fhir_id = fhir_id_field()
    name = models.CharField(max_length=120)
    area = models.OneToOneField(Area, on_delete=models.PROTECT, related_name="+")
    complex_care_name = models.CharField(
        max_length=120, blank=True, help_text="Contact for complex care: function."
    )
    complex_care_phone = models.CharField(max_length=30, blank=True)
    is_active = models.BooleanField(default=True)
    is_fictional = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


@tracked
class AllianceMember(models.Model):
    """A service takes part in an alliance in a role."""

    fhir_id = fhir_id_field()
    alliance = models.ForeignKey(
        Alliance, on_delete=models.CASCADE, related_name="members"
    )
    service = models.ForeignKey(
        HealthcareService, on_delete=models.CASCADE, related_name="alliances"
    )
    role = models.CharField(max_length=20, choices=AllianceRole.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alliance", "service", "role"], name="alliance_member_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_id} in {self.alliance_id}"
