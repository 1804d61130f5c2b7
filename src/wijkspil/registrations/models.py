"""Tables of registrations: lists of practices, wishes, rounds, moves, re-housing.

Private to this context. A practice is a service of the directory that gives GP care.
Who somebody is stands sealed in ``WishMember`` and apart from what a round computes
with. The database itself keeps that a household has one live proposal at a time, that
a region has one live round, and that a refusal has a reason.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from wijkspil.core.private_links import PrivateLink
from wijkspil.core.validity import HalfOpenPeriod, PeriodQuerySet, no_overlap
from wijkspil.registrations.types import (
    LIVE_MOVES,
    LIVE_ROUNDS,
    MOST_CHOICES,
    AgeBand,
    Answer,
    Consent,
    ContactKind,
    DeclineReason,
    Frailty,
    ListReason,
    ListStatus,
    MoveStatus,
    RefusalReason,
    RehousingStatus,
    RoundStatus,
    WishReason,
    WishStatus,
)


class PracticeList(HalfOpenPeriod):
    """What a practice says of its list, for a period. Rows are only added and ended."""

    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.CASCADE, related_name="+"
    )
    status = models.CharField(max_length=10, choices=ListStatus.choices)
    reason = models.CharField(max_length=12, choices=ListReason.choices, blank=True)
    expected_until = models.DateField(
        null=True, blank=True, help_text="Until when it is expected to be so."
    )
    places_per_month = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="New people a month; empty: not limited."
    )
    load_per_month = models.PositiveIntegerField(
        null=True, blank=True, help_text="New load a month, thousandths."
    )
    postcodes = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    most_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="By car from the practice."
    )
    only_with_member = models.BooleanField(
        default=False, help_text="Only who has somebody of the household on the list."
    )
    most_of_band = models.JSONField(
        default=dict, blank=True, help_text='People a month per age band: {"85+": 2}.'
    )
    people = models.PositiveIntegerField(
        null=True, blank=True, help_text="People on the list."
    )
    work_per_day = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Registrations its desk usually enters a day; empty: not said.",
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    publisher_name = models.CharField(max_length=120)
    is_fictional = models.BooleanField(default=False)

    objects = PeriodQuerySet.as_manager()

    class Meta(HalfOpenPeriod.Meta):
        constraints = [
            *HalfOpenPeriod.Meta.constraints,
            no_overlap(name="practicelist_one_at_a_time", same={"service": "id"}),
            models.CheckConstraint(
                condition=Q(status="open") | ~Q(reason=""),
                name="practicelist_not_open_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["service"],
                condition=Q(valid_until=None),
                name="practicelist_now",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_id}: {self.status}"


class Wish(models.Model):
    """A household that wants a place on a list; it keeps its place in line.

    A direct registration is a wish with one choice and a move outside any round.
    """

    number = models.CharField(max_length=12, unique=True, help_text="As in H-7K3F9Q.")
    status = models.CharField(max_length=12, choices=WishStatus.choices)
    reason = models.CharField(max_length=16, choices=WishReason.choices)
    priority_class = models.PositiveSmallIntegerField(help_text="0, 1 or 2.")
    region = models.ForeignKey(
        "directory.Area",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Of the regional GP organization.",
    )
    place = models.ForeignKey(
        "directory.Area", on_delete=models.PROTECT, related_name="+"
    )
    postcode = models.CharField(max_length=6)
    current_practice = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    is_direct = models.BooleanField(
        default=False,
        help_text="Registers at the first choice, which has room, once all agreed.",
    )
    size = models.PositiveSmallIntegerField(help_text="People in the household.")
    load = models.PositiveIntegerField(help_text="Thousandths.")
    waiting_since = models.DateTimeField(help_text="Place in line; editing keeps it.")
    reconfirm_until = models.DateField(help_text="Yearly: are you still looking?")
    reminded_at = models.DateTimeField(null=True, blank=True)
    contact_kind = models.CharField(max_length=8, choices=ContactKind.choices)
    contact = models.BinaryField(
        null=True, help_text="Sealed: e-mail address or phone number."
    )
    contact_confirmed_at = models.DateTimeField(null=True, blank=True)
    helper = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who wrote it down for them at a desk or by phone.",
    )
    helper_organization = models.ForeignKey(
        "directory.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=12, blank=True)
    retain_until = models.DateField(
        help_text="Day on which contact and names are removed."
    )
    is_fictional = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(priority_class__lte=2), name="wish_class"
            ),
            models.CheckConstraint(
                condition=Q(size__gte=1, load__gte=1), name="wish_has_people"
            ),
            models.CheckConstraint(
                condition=~Q(priority_class=0) | Q(current_practice=None),
                name="wish_without_gp_has_no_practice",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "status", "waiting_since"]),
            models.Index(fields=["current_practice", "status"]),
            models.Index(
                fields=["reconfirm_until"],
                condition=Q(status="waiting"),
                name="wish_to_reconfirm",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class WishMember(models.Model):
    """Somebody of the household; who it is stands sealed."""

    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="members")
    row = models.PositiveSmallIntegerField(help_text="1 is who asks.")
    identity = models.BinaryField(
        null=True, help_text='Sealed: {"name": .., "birth_date": ..}.'
    )
    key = models.CharField(
        max_length=64,
        blank=True,
        help_text="Keyed digest of who it is: nobody is in two wishes that run.",
    )
    age_band = models.CharField(max_length=6, choices=AgeBand.choices)
    consents_self = models.BooleanField(help_text="16 or over when it was written.")
    consent = models.CharField(
        max_length=10, choices=Consent.choices, default=Consent.PENDING
    )
    consent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wish", "row"], name="wishmember_row"),
            models.CheckConstraint(
                condition=Q(consent="pending") | Q(consent_at__isnull=False),
                name="wishmember_consent_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["key"], condition=~Q(key=""), name="wishmember_key")
        ]

    def __str__(self) -> str:
        return f"{self.wish_id}/{self.row}"


class WishChoice(models.Model):
    """One practice a household would go to; 1 is the best."""

    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="choices")
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.CASCADE, related_name="+"
    )
    rank = models.PositiveSmallIntegerField()
    has_member = models.BooleanField(
        default=False,
        help_text="Somebody of the household is on this list already, they say.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wish", "rank"], name="wishchoice_rank"),
            models.UniqueConstraint(
                fields=["wish", "service"], name="wishchoice_service"
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=1, rank__lte=MOST_CHOICES),
                name="wishchoice_rank_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wish_id}: {self.rank}"


class WishLink(PrivateLink):
    """The private link of who asks."""

    wish = models.OneToOneField(
        Wish, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.wish_id)


class MemberLink(PrivateLink):
    """The private link of one member of 16 or over, to say yes or no."""

    member = models.OneToOneField(
        WishMember, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.member_id)


class WishEvent(models.Model):
    """Something that happened to a wish. Rows are only added."""

    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(max_length=120)
    detail = models.JSONField(default=dict, help_text="Codes, numbers and days.")

    class Meta:
        indexes = [models.Index(fields=["wish", "at", "id"])]

    def __str__(self) -> str:
        return f"{self.wish_id}: {self.kind}"


class Round(models.Model):
    """One round in which wishes of a region are divided together."""

    name = models.CharField(max_length=80)
    region = models.ForeignKey(
        "directory.Area",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the whole country.",
    )
    status = models.CharField(max_length=10, choices=RoundStatus.choices)
    mechanism = models.CharField(max_length=30, default="optimum")
    levels = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    is_guarded = models.BooleanField(
        default=False, help_text="No group is served worse than by a waiting list."
    )
    seed = models.PositiveIntegerField(help_text="Of the lottery among equals.")
    join_until = models.DateTimeField(help_text="Until when practices join.")
    answer_days = models.PositiveSmallIntegerField(default=10)
    answer_by = models.DateTimeField(null=True, blank=True)
    effective_on = models.DateField(help_text="Day on which registrations change.")
    passes = models.PositiveSmallIntegerField(
        default=0, help_text="How often proposals were made."
    )
    practices_csv = models.BinaryField(null=True, help_text="What was solved.")
    wishes_csv = models.BinaryField(null=True, help_text="What was solved; no names.")
    moves_csv = models.BinaryField(null=True)
    receipt = models.JSONField(null=True, blank=True)
    fairness = models.JSONField(null=True, blank=True)
    progress = models.JSONField(
        null=True, blank=True, help_text="How far the job is that works on it."
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    opened_by_name = models.CharField(max_length=120)
    opened_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    is_fictional = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region"],
                condition=Q(status__in=[*map(str, LIVE_ROUNDS)]),
                name="round_one_live",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(answer_by__isnull=False),
                name="round_published_has_a_date",
            ),
        ]
        indexes = [models.Index(fields=["region", "-opened_at"])]

    def __str__(self) -> str:
        return self.name


class RoundPractice(models.Model):
    """A practice that joined a round, with what it gives and what it comes to."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="practices")
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.CASCADE, related_name="+"
    )
    free_places = models.PositiveIntegerField(default=0)
    max_inflow = models.PositiveIntegerField(null=True, blank=True)
    free_load = models.PositiveIntegerField(
        null=True, blank=True, help_text="Thousandths; empty: not bound."
    )
    people_before = models.PositiveIntegerField(null=True, blank=True)
    people_in = models.PositiveIntegerField(default=0)
    people_out = models.PositiveIntegerField(default=0)
    load_in = models.PositiveIntegerField(default=0)
    load_out = models.PositiveIntegerField(default=0)
    seat_price = models.PositiveIntegerField(
        null=True, blank=True, help_text="People who could also move by one more place."
    )
    joined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    joined_by_name = models.CharField(max_length=120)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round", "service"], name="roundpractice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.service_id}"


class RoundPass(models.Model):
    """One time a round was divided: first all wishes, later those around a "no".

    ``wishes_csv`` is empty for the first pass: that is the file of the round.
    """

    round = models.ForeignKey(
        Round, on_delete=models.CASCADE, related_name="round_passes"
    )
    number = models.PositiveSmallIntegerField()
    wishes_csv = models.BinaryField(null=True, help_text="What was solved; no names.")
    moves_csv = models.BinaryField(help_text="Everybody who moves, held moves too.")
    receipt = models.JSONField()
    solved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="roundpass_number")
        ]

    def __str__(self) -> str:
        return f"{self.round_id}/{self.number}"


class RoundWish(models.Model):
    """A wish as it took part in a round, under a name of that round only.

    ``key`` stands in the files of the round; what was left out of the choices, and
    why, and what became of it, are codes and numbers.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="wishes")
    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="rounds")
    key = models.CharField(max_length=16)
    left_out = models.JSONField(
        default=list, blank=True, help_text='[{"service": id, "why": [code, ..]}].'
    )
    outcome = models.JSONField(
        null=True, blank=True, help_text="Why it moved or not: codes and numbers."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "key"], name="roundwish_key"),
            models.UniqueConstraint(fields=["round", "wish"], name="roundwish_once"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.key}"


class RoundEvent(models.Model):
    """A step of a round, and who set it. Rows are only added."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["round", "at", "id"])]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.kind}"


class Move(models.Model):
    """A place proposed to a household: both sides answer, then it is carried out.

    Without a round it is a direct registration where there is room.
    """

    round = models.ForeignKey(
        Round, null=True, blank=True, on_delete=models.PROTECT, related_name="moves"
    )
    number_of_pass = models.PositiveSmallIntegerField(default=1)
    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="moves")
    from_service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    to_service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.PROTECT, related_name="+"
    )
    choice_rank = models.PositiveSmallIntegerField()
    size = models.PositiveSmallIntegerField()
    load = models.PositiveIntegerField(help_text="Thousandths.")
    status = models.CharField(max_length=10, choices=MoveStatus.choices)
    proposed_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    household_answer = models.CharField(
        max_length=3, choices=Answer.choices, blank=True
    )
    household_reason = models.CharField(
        max_length=10, choices=DeclineReason.choices, blank=True
    )
    household_at = models.DateTimeField(null=True, blank=True)
    practice_answer = models.CharField(max_length=3, choices=Answer.choices, blank=True)
    practice_reason = models.CharField(
        max_length=14, choices=RefusalReason.choices, blank=True
    )
    practice_at = models.DateTimeField(null=True, blank=True)
    practice_by_name = models.CharField(max_length=120, blank=True)
    effective_on = models.DateField(help_text="Never the first day of a quarter.")
    work_on = models.DateField(
        null=True, blank=True, help_text="Day planned for the practice's desk."
    )
    worked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the practice had entered it."
    )
    record_on = models.DateField(
        null=True, blank=True, help_text="Day planned to send the record on."
    )
    record_sent_at = models.DateTimeField(
        null=True, blank=True, help_text="When the old practice had sent the record."
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["wish"],
                condition=Q(status__in=[*map(str, LIVE_MOVES)]),
                name="move_one_live_each",
            ),
            models.CheckConstraint(
                condition=~Q(practice_answer="no") | ~Q(practice_reason=""),
                name="move_refusal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "executed"])
                | Q(household_answer="yes", practice_answer="yes"),
                name="move_carried_out_by_both",
            ),
            models.CheckConstraint(
                condition=Q(from_service=None) | ~Q(from_service=F("to_service")),
                name="move_goes_elsewhere",
            ),
            models.CheckConstraint(
                condition=~(
                    Q(effective_on__day=1) & Q(effective_on__month__in=[1, 4, 7, 10])
                ),
                name="move_not_on_a_quarter_day",
            ),
        ]
        indexes = [
            models.Index(fields=["to_service", "status"]),
            models.Index(fields=["from_service", "status"]),
            models.Index(fields=["round", "status"]),
            models.Index(
                fields=["answer_by"],
                condition=Q(status="proposed"),
                name="move_to_answer",
            ),
            models.Index(
                fields=["to_service", "work_on"],
                condition=Q(status="executed"),
                name="move_to_work",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wish_id} to {self.to_service_id}: {self.status}"


class Outlook(models.Model):
    """Prices of simulated rounds of a region: what a wish may expect, without people.

    ``content`` is what ``wijkspil_engines.exchange.outlook`` writes and reads.
    """

    region = models.OneToOneField(
        "directory.Area", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    made_at = models.DateTimeField()
    practice_ids = ArrayField(models.BigIntegerField())
    content = models.BinaryField()
    wishes = models.PositiveIntegerField(help_text="How many it was made from.")
    seeds = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return str(self.region_id)


class Rehousing(models.Model):
    """A practice falls over: its people get another practice, all at once."""

    name = models.CharField(max_length=80)
    region = models.ForeignKey(
        "directory.Area", on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=10, choices=RehousingStatus.choices)
    starts_on = models.DateField(help_text="First day on which people are moved.")
    most_minutes = models.PositiveSmallIntegerField(default=15)
    receipt = models.JSONField(null=True, blank=True)
    progress = models.JSONField(
        null=True, blank=True, help_text="How far the job is that works on it."
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    opened_by_name = models.CharField(max_length=120)
    opened_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    is_fictional = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["region", "-opened_at"])]

    def __str__(self) -> str:
        return self.name


class RehousingPractice(models.Model):
    """A practice that fails, or one that takes people over."""

    rehousing = models.ForeignKey(
        Rehousing, on_delete=models.CASCADE, related_name="practices"
    )
    service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.PROTECT, related_name="+"
    )
    is_failing = models.BooleanField(default=False)
    is_temporary = models.BooleanField(default=False)
    places = models.PositiveIntegerField(default=0)
    per_day = models.PositiveSmallIntegerField(default=50)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rehousing", "service"], name="rehousingpractice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rehousing_id}: {self.service_id}"


class RehousedHousehold(models.Model):
    """A household of a failing practice; the practice's own key, no names."""

    rehousing = models.ForeignKey(
        Rehousing, on_delete=models.CASCADE, related_name="households"
    )
    key = models.CharField(max_length=40, help_text="Known to the practice only.")
    from_service = models.ForeignKey(
        "directory.HealthcareService", on_delete=models.PROTECT, related_name="+"
    )
    place = models.ForeignKey(
        "directory.Area", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    postcode = models.CharField(max_length=6)
    size = models.PositiveSmallIntegerField()
    load = models.PositiveIntegerField(help_text="Thousandths.")
    frailty = models.CharField(max_length=12, choices=Frailty.choices)
    to_service = models.ForeignKey(
        "directory.HealthcareService",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    move_on = models.DateField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)
    why_not = models.CharField(max_length=20, blank=True, help_text="Code.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rehousing", "key"], name="rehousedhousehold_once"
            )
        ]
        indexes = [models.Index(fields=["rehousing", "move_on"])]

    def __str__(self) -> str:
        return f"{self.rehousing_id}: {self.key}"
