"""A practice stops at once: place all its people, the ill and house-bound first.

Nobody is named: households have the practice's own key. Planning may be done again at
any moment, with more practices or more households: who has moved stays where they are,
the others are placed anew.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.directory.opening_hours import dutch_holidays
from wijkspil.directory.selectors.gp_practices import (
    list_gp_points,
    list_gp_practices,
)
from wijkspil.registrations.engine_io import MovingRow, TakerRow, plan_moves_out
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.models import (
    RehousedHousehold,
    Rehousing,
    RehousingPractice,
)
from wijkspil.registrations.permissions import check_can_rehouse
from wijkspil.registrations.rehousing_files import MOST_ERRORS, read_households
from wijkspil.registrations.selectors.rehousing import (
    count_people,
    get_rehousing,
    list_failing,
    list_takers,
    lock_rehousing,
)
from wijkspil.registrations.travel import DAY_SPEED_KMH, DETOUR, drive_minutes
from wijkspil.registrations.types import Frailty, RehousingStatus

#: Who is house-bound goes no further than a GP drives for a visit.
HOUSE_BOUND_MINUTES = 10
LONGEST_AHEAD = timedelta(days=365)
MOST_MINUTES = 60
MOST_FAILING = 10
#: A job that told nothing for so long has stopped.
SILENT = timedelta(seconds=90)
#: The job that plans; by name, since tasks lie above services.
PLAN = "wijkspil.registrations.tasks.plan_rehousing"
TOO_FAR, NO_ROOM = "too-far", "no-room"


@dataclass(frozen=True)
class RehousingGiven:
    """What is known when a practice stops."""

    name: str
    region_id: int
    failing: Sequence[int]
    starts_on: date
    most_minutes: int = 15


@dataclass(frozen=True)
class TakerGiven:
    """A practice that takes people over: places in all, and people a day."""

    service_id: int
    places: int
    per_day: int = 50
    is_temporary: bool = False


@transaction.atomic
def start_rehousing(*, actor: Actor, given: RehousingGiven, at: datetime) -> Rehousing:
    """Begin the re-housing of one or more practices.

    Raises
    ------
    NotPermitted
        If the actor is not the GP organization of the region.
    InvalidRegistration
        With every field that breaks a rule.
    """
    check_can_rehouse(actor, Target(region_ids=frozenset({given.region_id})))
    today = localdate(at)
    failing = list(dict.fromkeys(given.failing))
    known = list_gp_practices(failing, at=at)
    wrong: dict[str, list[str]] = {}
    if not given.name.strip("\0 "):
        wrong["name"] = [_("Give it a name, as in: Praktijk Duinzicht stopt.")]
    if not failing:
        wrong["failing"] = [_("Choose the practice that stops.")]
    elif len(failing) > MOST_FAILING or any(pk not in known for pk in failing):
        wrong["failing"] = [_("Choose practices of the region, at most ten.")]
    if not today <= given.starts_on <= today + LONGEST_AHEAD:
        wrong["starts_on"] = [_("Give today or a day within a year.")]
    if not 1 <= given.most_minutes <= MOST_MINUTES:
        wrong["most_minutes"] = [_("Give 1 to 60 minutes.")]
    if wrong:
        raise InvalidRegistration(wrong)
    row = Rehousing.objects.create(
        name=given.name.replace("\0", "").strip()[:80],
        region_id=given.region_id,
        status=RehousingStatus.PREPARED,
        starts_on=given.starts_on,
        most_minutes=given.most_minutes,
        opened_by_id=actor.user_id,
        opened_by_name=actor.label[:120],
        opened_at=at,
    )
    RehousingPractice.objects.bulk_create(
        RehousingPractice(rehousing=row, service_id=pk, is_failing=True)
        for pk in failing
    )
    return row


@transaction.atomic
def load_households(
    *, actor: Actor, rehousing_id: int, service_id: int, content: bytes, at: datetime
) -> int:
    """Take the file of a practice that stops; return how many households it has.

    The file replaces what was read before of this practice, but who has moved stays.
    Nothing is stored if a line is wrong.

    Raises
    ------
    UnknownRehousing
        If there is no such re-housing.
    NotPermitted
        If the actor is not the GP organization of the region.
    NotNow
        If everybody has a practice already.
    InvalidRegistration
        With the lines that are wrong, or a practice that does not stop.
    """
    row = _lock_open(actor, rehousing_id)
    if service_id not in {one.service_id for one in list_failing(row.pk)}:
        raise InvalidRegistration({"file": [_("This practice does not stop.")]})
    given = read_households(content)
    points = list_gp_points({one.postcode for one in given})
    unknown = [one for one in given if one.postcode not in points]
    others = set(
        RehousedHousehold.objects.filter(rehousing=row)
        .exclude(from_service_id=service_id, moved_at=None)
        .values_list("key", flat=True)
    )
    moved = set(
        RehousedHousehold.objects.filter(
            rehousing=row, from_service_id=service_id, moved_at__isnull=False
        ).values_list("key", flat=True)
    )
    twice = [one for one in given if one.key in others - moved]
    errors = [
        _("Line %(line)s, postcode: “%(value)s” is not a postcode we know.")
        % {"line": one.line, "value": one.postcode}
        for one in unknown
    ] + [
        _("Line %(line)s, key: “%(value)s” is used by another practice that stops.")
        % {"line": one.line, "value": one.key}
        for one in twice
    ]
    if errors:
        raise InvalidRegistration({"file": errors[:MOST_ERRORS]})
    RehousedHousehold.objects.filter(
        rehousing=row, from_service_id=service_id, moved_at=None
    ).delete()
    RehousedHousehold.objects.bulk_create(
        [
            RehousedHousehold(
                rehousing=row,
                key=one.key,
                from_service_id=service_id,
                place_id=points[one.postcode][0],
                postcode=one.postcode,
                size=one.size,
                load=one.load,
                frailty=one.frailty,
            )
            for one in given
            if one.key not in moved
        ],
        batch_size=2000,
    )
    _record(row, actor, AuditEvent.Action.CREATE, "rehousing.load", at=at)
    if row.status != RehousingStatus.PREPARED:
        _unplan(row)
    return len(given)


@transaction.atomic
def set_takers(
    *, actor: Actor, rehousing_id: int, given: Iterable[TakerGiven], at: datetime
) -> int:
    """Keep which practices take people over; return how many.

    Raises
    ------
    UnknownRehousing, NotPermitted, NotNow
        As for ``load_households``.
    InvalidRegistration
        If a number is wrong, or a practice stops itself.
    """
    row = _lock_open(actor, rehousing_id)
    failing = {one.service_id for one in list_failing(row.pk)}
    takers = [one for one in given if one.places > 0]
    known = list_gp_practices([one.service_id for one in takers], at=at)
    wrong = {}
    for one in takers:
        if one.service_id in failing or one.service_id not in known:
            wrong[f"places_{one.service_id}"] = [_("This practice cannot take people.")]
        elif one.places > 20_000 or not 1 <= one.per_day <= 1000:
            wrong[f"places_{one.service_id}"] = [
                _("Give at most 20,000 places, and 1 to 1,000 people a day.")
            ]
    if wrong:
        raise InvalidRegistration(wrong)
    used: dict[int | None, int] = dict(
        RehousedHousehold.objects.filter(rehousing=row, moved_at__isnull=False)
        .values_list("to_service_id")
        .annotate(people=Sum("size"))
        .order_by()
    )
    gone = RehousingPractice.objects.filter(rehousing=row, is_failing=False).exclude(
        service_id__in=[one.service_id for one in takers]
    )
    # Who has moved there stays; nobody more comes.
    for left in gone:
        left.places = used.get(left.service_id, 0)
        if left.places:
            left.save(update_fields=["places"])
        else:
            left.delete()
    for one in takers:
        RehousingPractice.objects.update_or_create(
            rehousing=row,
            service_id=one.service_id,
            defaults={
                "is_failing": False,
                "is_temporary": one.is_temporary,
                "places": one.places,
                "per_day": one.per_day,
            },
        )
    return len(takers)


@transaction.atomic
def ask_plan(*, actor: Actor, rehousing_id: int, at: datetime) -> bool:
    """Let the worker make the plan; False while it does so already.

    Raises
    ------
    UnknownRehousing, NotPermitted, NotNow
        As for ``load_households``; also without households or without practices.
    """
    row = _lock_open(actor, rehousing_id)
    if not RehousedHousehold.objects.filter(rehousing=row).exists():
        raise NotNow(_("Give the households of the practice first."))
    if not list_takers(row.pk):
        raise NotNow(_("Say first which practices take people over."))
    if is_planning(row, at=at):
        return False
    row.progress = {"done": 0, "of": 0, "beat": at.isoformat()}
    row.save(update_fields=["progress"])
    app.configure_task(PLAN).defer(rehousing_id=row.pk)
    return True


def is_planning(row: Rehousing, *, at: datetime) -> bool:
    """Whether a job makes the plan that told something lately."""
    if not row.progress or "beat" not in row.progress:
        return False
    return at - datetime.fromisoformat(row.progress["beat"]) < SILENT


def plan_rehousing(
    *, rehousing_id: int, at: datetime, clock: Callable[[], datetime]
) -> Rehousing:
    """Place everybody who has not moved, and give each a day. Done again it is anew.

    Computes outside the lock; what moved meanwhile keeps its place.

    Raises
    ------
    UnknownRehousing
        If there is no such re-housing.
    """
    row = get_rehousing(rehousing_id)
    today = localdate(at)
    first_day = max(row.starts_on, today)
    takers = list_takers(row.pk)
    households = list(
        RehousedHousehold.objects.filter(rehousing=row).select_related("place")
    )
    taken: dict[int, int] = {}
    for one in households:
        if one.moved_at is not None and one.to_service_id is not None:
            taken[one.to_service_id] = taken.get(one.to_service_id, 0) + one.size
    rows = [
        TakerRow(
            key=str(one.service_id),
            lon=one.service.lon,
            lat=one.service.lat,
            places=max(0, one.places - taken.get(one.service_id, 0)),
            per_day=one.per_day,
            is_temporary=one.is_temporary,
        )
        for one in takers
        if one.service.lon is not None and one.service.lat is not None
    ]
    moving = [
        MovingRow(
            key=str(one.pk),
            lon=one.place.lon,
            lat=one.place.lat,
            size=one.size,
            load=one.load,
            is_ill=one.frailty == Frailty.ILL,
            is_house_bound=one.frailty == Frailty.HOUSE_BOUND,
        )
        for one in households
        if one.moved_at is None
        and one.place is not None
        and one.place.lon is not None
        and one.place.lat is not None
    ]

    def tell(step: str, done: int, of: int) -> None:
        Rehousing.objects.filter(pk=rehousing_id).update(
            progress={
                "part": step,
                "done": done,
                "of": of,
                "beat": clock().isoformat(),
            }
        )

    plan = plan_moves_out(
        rows,
        moving,
        first_day=first_day,
        most_km=km_of(row.most_minutes),
        most_km_house_bound=km_of(min(HOUSE_BOUND_MINUTES, row.most_minutes)),
        holidays=dutch_holidays([first_day.year, first_day.year + 1]),
        tell=tell,
    )
    with transaction.atomic():
        locked = lock_rehousing(rehousing_id)
        changed = []
        for one in RehousedHousehold.objects.select_for_update().filter(
            rehousing=locked, moved_at=None
        ):
            placed = plan.placed.get(str(one.pk))
            one.to_service_id = None if placed is None else int(placed.practice)
            one.minutes = None if placed is None else round(drive_minutes(placed.km))
            one.move_on = None if placed is None else placed.day
            one.why_not = (
                ""
                if placed is not None
                else TOO_FAR
                if str(one.pk) in plan.far
                else NO_ROOM
            )
            changed.append(one)
        RehousedHousehold.objects.bulk_update(
            changed,
            ["to_service", "minutes", "move_on", "why_not"],
            batch_size=1000,
        )
        locked.receipt = dict(plan.receipt)
        locked.planned_at = at
        locked.progress = None
        locked.status = (
            RehousingStatus.RUNNING
            if any(one.moved_at is not None for one in households)
            else RehousingStatus.PLANNED
        )
        locked.save()
    return locked


@transaction.atomic
def mark_moved(
    *, actor: Actor, rehousing_id: int, household_ids: Iterable[int], at: datetime
) -> int:
    """Say that households were entered at their new practice; return how many new.

    Said twice is said once. When nobody is left the re-housing is done.

    Raises
    ------
    UnknownRehousing, NotPermitted
        As for ``load_households``.
    NotNow
        If there is no plan.
    """
    row = lock_rehousing(rehousing_id)
    check_can_rehouse(actor, Target(region_ids=frozenset({row.region_id})))
    if row.status == RehousingStatus.PREPARED:
        raise NotNow(_("Make the plan first."))
    count = RehousedHousehold.objects.filter(
        rehousing=row,
        pk__in=list(household_ids),
        to_service__isnull=False,
        moved_at=None,
    ).update(moved_at=at)
    if count:
        _record(row, actor, AuditEvent.Action.UPDATE, "rehousing.moved", at=at)
    counts = count_people(row.pk)
    if counts.people and counts.moved == counts.people:
        row.status, row.done_at = RehousingStatus.DONE, row.done_at or at
    elif counts.moved:
        row.status = RehousingStatus.RUNNING
    row.save(update_fields=["status", "done_at"])
    return count


@transaction.atomic
def undo_moved(
    *, actor: Actor, rehousing_id: int, household_id: int, at: datetime
) -> bool:
    """Take back that a household was entered; it is planned as it was.

    Raises
    ------
    UnknownRehousing, NotPermitted
        As for ``load_households``.
    """
    row = lock_rehousing(rehousing_id)
    check_can_rehouse(actor, Target(region_ids=frozenset({row.region_id})))
    changed = RehousedHousehold.objects.filter(
        rehousing=row, pk=household_id, moved_at__isnull=False
    ).update(moved_at=None)
    if changed:
        _record(row, actor, AuditEvent.Action.UPDATE, "rehousing.undo", at=at)
        row.status = RehousingStatus.RUNNING
        row.done_at = None
        row.save(update_fields=["status", "done_at"])
    return bool(changed)


def record_view(row: Rehousing, *, actor: Actor, purpose: str, at: datetime) -> None:
    """Write in the audit trail that somebody saw households of a re-housing."""
    with transaction.atomic():
        _record(row, actor, AuditEvent.Action.READ, purpose, at=at)


def km_of(minutes: float) -> float:
    """Return how far in a straight line one drives in so many minutes; an estimate."""
    return minutes * DAY_SPEED_KMH / DETOUR / 60.0


def _lock_open(actor: Actor, rehousing_id: int) -> Rehousing:
    row = lock_rehousing(rehousing_id)
    check_can_rehouse(actor, Target(region_ids=frozenset({row.region_id})))
    if row.status == RehousingStatus.DONE:
        raise NotNow(_("Everybody has a practice already. Nothing is left to plan."))
    return row


def _unplan(row: Rehousing) -> None:
    """New households ask for a new plan; days that were given hold until then."""
    row.planned_at = None
    row.save(update_fields=["planned_at"])


def _record(
    row: Rehousing,
    actor: Actor,
    action: AuditEvent.Action,
    purpose: str,
    *,
    at: datetime,
) -> None:
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="rehousing",
        entity_ids=[row.pk],
        purpose=purpose,
    )
