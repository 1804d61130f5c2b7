"""A provider promises beds; a claim takes one, at once and only if there is one left.

Reports are only added. Every act on the beds of a service locks the row of the service
first (as ``directory.services.capacity`` does), then its newest report. The database
refuses what would go below zero as well.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.selectors.listing import get_team
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.capacity import LONGEST_WAIT, lock_active_service
from wijkspil.directory.types import Care
from wijkspil.stays.errors import BedsChanged, BedTaken, InvalidStay, UnknownBeds
from wijkspil.stays.models import BedClaim, BedReport
from wijkspil.stays.permissions import check_can_report_beds
from wijkspil.stays.selectors.agreed import get_bed_valid_hours
from wijkspil.stays.selectors.beds import get_newest_report
from wijkspil.stays.types import Beds, BedSource, Feature, Gender, StayKind

#: More free beds of one kind than this is a slip of the finger.
MAX_FREE = 60
#: Nobody knows now what is free in more days than this.
LONGEST_VALID_HOURS = 168
#: A bed that comes free later than this is no promise.
LONGEST_AHEAD = timedelta(days=60)


@transaction.atomic
def report_beds(
    *,
    actor: Actor,
    service_id: int,
    kind: str,
    beds: Beds,
    at: datetime,
    source: BedSource = BedSource.PAGE,
    seen_report_id: int | None = None,
    seen_left: int | None = None,
) -> BedReport:
    """Promise what is free of one kind, beside the beds that are claimed already.

    With ``seen_report_id`` and ``seen_left`` (what the sender's page showed; 0 for
    none) sending the same page twice adds one report, and a figure that does not know
    of a later claim is refused once: it would give a bed twice.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    NotPermitted
        If the actor may not report for it.
    InvalidStay
        If the report breaks a rule; names the fields.
    BedsChanged
        If a bed was claimed after the sender's page was opened.
    """
    target = get_service_target(service_id)
    check_can_report_beds(actor, target)
    beds = check_beds(kind, beds, at=at)
    lock_active_service(service_id)
    _check_is_stay(service_id, at=at)
    newest = get_newest_report(service_id, kind)
    if newest is not None and seen_report_id is not None:
        is_same_again = (
            newest.pk != seen_report_id
            and newest.reported_by_id == actor.user_id
            and newest.reporter_label == actor.label
            and _says(newest) == _bare(beds)
            and newest.claimed == 0
        )
        if is_same_again:
            return newest
        if newest.pk != seen_report_id:
            raise BedsChanged(
                _("%(name)s reported something else meanwhile. Look if that is right.")
                % {"name": newest.reporter_label}
            )
        if seen_left is not None and newest.left != seen_left:
            raise BedsChanged(_say_taken(newest, seen_left))
    hours = beds.valid_hours or get_bed_valid_hours(target.region_ids)
    return _add(actor, service_id, kind, beds, newest, at, hours, source)


@transaction.atomic
def confirm_beds(
    *,
    actor: Actor,
    service_id: int,
    kind: str,
    at: datetime,
    seen_report_id: int | None = None,
) -> BedReport:
    """Say in one tap that what is left still holds: its time starts anew.

    Raises
    ------
    UnknownService, NotPermitted
        As for ``report_beds``.
    UnknownBeds
        If nothing of this kind was reported yet.
    BedsChanged
        If somebody reported something else after the page was opened.
    """
    target = get_service_target(service_id)
    check_can_report_beds(actor, target)
    lock_active_service(service_id)
    last = get_newest_report(service_id, kind)
    if last is None:
        raise UnknownBeds(_("Nothing was reported yet. Tell how many beds are free."))
    if seen_report_id is not None and last.pk != seen_report_id:
        if last.source == BedSource.CONFIRMED and last.reported_by_id == actor.user_id:
            return last
        raise BedsChanged(
            _("%(name)s reported something else meanwhile. Look if that is right.")
            % {"name": last.reporter_label}
        )
    told = _says(last)
    from_on = told.from_on
    if from_on is not None and from_on <= localdate(at):
        from_on = None
    return _add(
        actor,
        service_id,
        kind,
        Beds(last.left, from_on, told.features, told.gender),
        last,
        at,
        get_bed_valid_hours(target.region_ids),
        BedSource.CONFIRMED,
    )


def take_bed(*, service_id: int, kind: str, at: datetime) -> BedReport:
    """Take one free bed, in the caller's transaction; return the promise it is of.

    Checks no permission. Locks the service row.

    Raises
    ------
    UnknownService
        If the service has ended.
    BedTaken
        If none is left, or the report no longer counts; says which.
    """
    lock_active_service(service_id)
    newest = get_newest_report(service_id, kind)
    if newest is None or newest.valid_until <= at:
        raise BedTaken(
            _(
                "The provider has not said lately that this bed is free. Call the "
                "provider, or choose another bed."
            )
        )
    if newest.left < 1:
        raise BedTaken(
            _("Somebody else was first: this bed is taken. Choose another bed.")
        )
    BedReport.objects.filter(pk=newest.pk).update(claimed=F("claimed") + 1)
    newest.claimed += 1
    return newest


def return_bed(claim: BedClaim) -> None:
    """Give the bed of a claim back, in the caller's transaction.

    Locks the service row. It goes to the newest promise. A bed of before a correction
    does not come back: the provider said what is left then. A service that has ended
    has no beds.
    """
    try:
        lock_active_service(claim.service_id)
    except UnknownService:
        return
    newest = get_newest_report(claim.service_id, claim.kind)
    if newest is None:
        return
    row = BedReport.objects.filter(pk=newest.pk)
    if newest.pk == claim.report_id:
        row.update(claimed=F("claimed") - 1)
    elif not _was_corrected_since(claim):
        row.update(returned=F("returned") + 1)


def correct_beds(
    *, claim: BedClaim, actor: Actor, free_left: int, at: datetime
) -> BedReport | None:
    """Report what is left after a bed could not be delivered: never more than before.

    In the caller's transaction; locks the service row. None if it has ended.
    """
    try:
        lock_active_service(claim.service_id)
    except UnknownService:
        return None
    newest = get_newest_report(claim.service_id, claim.kind)
    assert newest is not None, "a claim is on a report"
    told = _says(newest)
    left = max(0, min(free_left, newest.left))
    target = get_service_target(claim.service_id)
    return _add(
        actor,
        claim.service_id,
        claim.kind,
        Beds(left, told.from_on, told.features, told.gender),
        newest,
        at,
        get_bed_valid_hours(target.region_ids),
        BedSource.CORRECTED,
    )


def check_beds(kind: str, beds: Beds, *, at: datetime) -> Beds:
    """Return the report with each choice once, in the order of the catalogue.

    Raises
    ------
    InvalidStay
        With every field that breaks a rule, the value and what is expected.
    """
    wrong: dict[str, list[str]] = {}
    unknown = _("“%(value)s” is not a known choice. Choose from: %(known)s.")
    if kind not in StayKind.values:
        known = ", ".join(StayKind.values)
        wrong["kind"] = [unknown % {"value": str(kind)[:40], "known": known}]
    if not 0 <= beds.free <= MAX_FREE:
        wrong["free"] = [
            _("%(value)s free beds: give a whole number from 0 to %(max)s.")
            % {"value": beds.free, "max": MAX_FREE}
        ]
    for feature in beds.features:
        if feature not in Feature.values:
            known = ", ".join(Feature.values)
            values = {"value": str(feature)[:40], "known": known}
            wrong["features"] = [unknown % values]
    if beds.gender not in Gender.values:
        known = ", ".join(Gender.values)
        wrong["gender"] = [unknown % {"value": str(beds.gender)[:40], "known": known}]
    today = localdate(at)
    if beds.from_on is not None and not (
        today <= beds.from_on <= today + LONGEST_AHEAD
    ):
        wrong["from_on"] = [
            _("%(day)s: give today or a day within %(days)s days.")
            % {"day": beds.from_on.isoformat(), "days": LONGEST_AHEAD.days}
        ]
    hours = beds.valid_hours
    if hours is not None and not 1 <= hours <= LONGEST_VALID_HOURS:
        wrong["valid_hours"] = [
            _("%(value)s hours: give a whole number from 1 to %(max)s.")
            % {"value": hours, "max": LONGEST_VALID_HOURS}
        ]
    if wrong:
        raise InvalidStay(wrong)
    return Beds(
        free=beds.free,
        from_on=None if beds.from_on == today else beds.from_on,
        features=tuple(f for f in Feature.values if f in beds.features),
        gender=beds.gender,
        valid_hours=hours,
    )


def _add(
    actor: Actor,
    service_id: int,
    kind: str,
    beds: Beds,
    newest: BedReport | None,
    at: datetime,
    hours: int,
    source: BedSource,
) -> BedReport:
    """Add a report, never before the newest: the order of the lock decides."""
    if newest and timedelta(0) < newest.reported_at - at < LONGEST_WAIT:
        at = newest.reported_at
    return BedReport.objects.create(
        service_id=service_id,
        kind=kind,
        free=beds.free,
        from_on=beds.from_on,
        features=list(beds.features),
        gender=beds.gender,
        reported_at=at,
        valid_until=at + timedelta(hours=hours),
        source=source,
        reported_by_id=actor.user_id,
        reporter_label=actor.label[:200],
    )


def _check_is_stay(service_id: int, *, at: datetime) -> None:
    if get_team(service_id, at=at).care != Care.TEMPORARY_STAY:
        raise InvalidStay(
            {"service_id": [_("This service is not one for temporary stay.")]}
        )


def _says(report: BedReport) -> Beds:
    return Beds(report.free, report.from_on, tuple(report.features), report.gender)


def _bare(beds: Beds) -> Beds:
    return Beds(beds.free, beds.from_on, beds.features, beds.gender)


def _was_corrected_since(claim: BedClaim) -> bool:
    return BedReport.objects.filter(
        service_id=claim.service_id,
        kind=claim.kind,
        source=BedSource.CORRECTED,
        pk__gt=claim.report_id,
    ).exists()


def _say_taken(newest: BedReport, seen_left: int) -> str:
    return ngettext(
        "You saw %(seen)s free; a bed was claimed or given back since. There is "
        "%(left)s left. Is your number still right? Then send it again.",
        "You saw %(seen)s free; a bed was claimed or given back since. There are "
        "%(left)s left. Is your number still right? Then send it again.",
        newest.left,
    ) % {"seen": seen_left, "left": newest.left}
