"""Tables of insight: figures, scenarios and their runs, plans, uploads, warnings.

Private to this context, and the only ones it writes. No table holds a person who gets
care; a figure over few people is withheld before it is stored.
"""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wijkspil.insight.types import MeasureStatus, OwnerKind, RunStatus


class Figure(models.Model):
    """One number of one area and one period; see ``types.FigureRow``.

    Of ``run`` empty: what was counted. Of a run: what is projected.
    """

    indicator = models.CharField(max_length=60)
    area = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    valid_from = models.DateField(help_text="First day it is about.")
    valid_until = models.DateField(help_text="Day after the last it is about.")
    part_of_day = models.CharField(max_length=20, blank=True)
    value = models.FloatField(null=True)
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    low = models.FloatField(null=True, help_text="Lower bound of the 80 % interval.")
    high = models.FloatField(null=True, help_text="Upper bound of the 80 % interval.")
    is_withheld = models.BooleanField(default=False)
    source = models.CharField(max_length=300, blank=True)
    measured_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField()
    run = models.ForeignKey(
        "ScenarioRun", null=True, on_delete=models.CASCADE, related_name="figures"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "area", "valid_from", "part_of_day", "run"],
                nulls_distinct=False,
                name="figure_key",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__lt=F("valid_until")), name="figure_period"
            ),
            models.CheckConstraint(
                condition=Q(is_withheld=False)
                | Q(value=None, numerator=None, low=None, high=None),
                name="figure_withheld_is_empty",
            ),
        ]
        indexes = [models.Index(fields=["area", "indicator", "valid_from"])]

    def __str__(self) -> str:
        return f"{self.indicator} of {self.area_id} from {self.valid_from}"


@pghistory.track()
class Scenario(models.Model):
    """What somebody supposes of the future of a region: a shipped base, overridden.

    ``overrides`` is ``{parameter: {"low", "high", "why", "set_by", "set_at"}}``, in
    the words of the engine's published JSON schema.
    """

    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    base = models.CharField(max_length=60, help_text="Key of a shipped scenario.")
    overrides = models.JSONField(default=dict)
    closing = models.JSONField(
        default=list, help_text='Practices that stop: [{"service": 4, "year": 2028}].'
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    is_shared = models.BooleanField(
        default=False, help_text="Seen by everybody with insight in the region."
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    is_fictional = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class ScenarioRun(models.Model):
    """A computation of a scenario; kept whole, so that it can be done again."""

    scenario = models.ForeignKey(
        Scenario, on_delete=models.CASCADE, related_name="runs"
    )
    status = models.CharField(
        max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED
    )
    seed = models.BigIntegerField()
    draws = models.PositiveIntegerField()
    horizon_year = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0, help_text="Draws done.")
    error = models.TextField(blank=True)
    #: totals per year with bounds, waterfall, tornado, assumptions, versions
    result = models.JSONField(default=dict)
    input_hash = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scenario"],
                condition=Q(status__in=["queued", "running"]),
                name="one_live_run_per_scenario",
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.scenario_id}"


@pghistory.track()
class Measure(models.Model):
    """What is agreed to do about a gap: whose, by when, what is expected of it."""

    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    area = models.ForeignKey(
        "directory.Area",
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Where the gap is: a wijk, a gemeente or the region.",
    )
    indicator = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    owner_kind = models.CharField(max_length=10, choices=OwnerKind.choices)
    owner = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    status = models.CharField(
        max_length=10, choices=MeasureStatus.choices, default=MeasureStatus.PROPOSED
    )
    due_on = models.DateField()
    #: the figure at the moment it was agreed
    start_value = models.FloatField(null=True)
    start_on = models.DateField(null=True)
    expected_effect = models.FloatField(
        null=True, help_text="Change of the figure, in its own unit."
    )
    expected_low = models.FloatField(null=True)
    expected_high = models.FloatField(null=True)
    scenario = models.ForeignKey(
        Scenario, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    measured_effect = models.FloatField(null=True)
    measured_on = models.DateField(null=True)
    outcome = models.TextField(blank=True, help_text="What came of it, in words.")
    created_at = models.DateTimeField()
    is_fictional = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.title


class IndicatorUpload(models.Model):
    """A file of indicators a provider or analyst brought in."""

    organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Of whom the figures are; empty: of more than one.",
    )
    indicator = models.CharField(max_length=60)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"{self.file_name} ({self.indicator})"


class UploadedFigure(models.Model):
    """A figure of a provider over a period, with how many answers it rests on.

    Over fewer than the indicator's smallest number it is kept out of the table.
    """

    upload = models.ForeignKey(
        IndicatorUpload, on_delete=models.CASCADE, related_name="figures"
    )
    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    indicator = models.CharField(max_length=60)
    valid_from = models.DateField()
    valid_until = models.DateField()
    #: how many people or visits it rests on
    count = models.PositiveIntegerField()
    value = models.FloatField(null=True)
    low = models.FloatField(null=True, help_text="Lower bound of the 95 % interval.")
    high = models.FloatField(null=True, help_text="Upper bound of the 95 % interval.")
    is_withheld = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "indicator", "valid_from"],
                name="uploaded_figure_key",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__lt=F("valid_until")),
                name="uploaded_figure_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} of {self.organization_id}"


class Subscription(models.Model):
    """Who wants to hear when an area is about to cross a threshold."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    region = models.ForeignKey(
        "directory.Area", on_delete=models.CASCADE, related_name="+"
    )
    indicator = models.CharField(max_length=60)
    threshold = models.FloatField(help_text="In the unit of the indicator.")
    within_years = models.PositiveSmallIntegerField()
    #: tell from this chance on, 0..1
    chance = models.FloatField()
    created_at = models.DateTimeField()
    #: areas told of, so that nobody is told twice
    told = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "region", "indicator"], name="one_warning_per_user"
            ),
            models.CheckConstraint(
                condition=Q(chance__gt=0, chance__lte=1), name="warning_chance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} of {self.region_id} for {self.user_id}"
