"""Take in quality indicators of providers: look first, then all of it or nothing.

A figure has one place: provider, indicator, first day. A later file with the same place
corrects it, and a count of 0 takes it back; so every mistake is undone by bringing in a
correction. Over few people the value is not kept at all.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db import connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import Conflict
from wijkspil.core.permissions import Scope
from wijkspil.directory.selectors.insight import (
    list_agb_codes,
    list_organizations_by_agb,
)
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.insight.catalogue import INDICATORS, SMALL
from wijkspil.insight.errors import InvalidUpload
from wijkspil.insight.intervals import student_interval, wilson
from wijkspil.insight.models import IndicatorUpload, UploadedFigure
from wijkspil.insight.permissions import (
    UPLOAD_INDICATORS,
    check_can_upload_indicators,
)
from wijkspil.insight.services.upload_files import (
    MOST_BYTES,
    Fault,
    UploadLine,
    read_upload,
)

#: Of the advisory lock under which figures are brought in.
_LOCK = 713_002

Status = Literal["new", "changed", "same", "removed"]


class FileChanged(Conflict):
    """What a file would do is no longer what was on the screen."""

    code = "upload-changed"


@dataclass(frozen=True, slots=True)
class Valued:
    """The value of a line with its 95 % interval; None: kept out of the table."""

    value: float | None
    low: float | None
    high: float | None
    is_withheld: bool


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """What a line of the file would do."""

    line: UploadLine
    organization_id: int
    organization: str
    valued: Valued
    status: Status
    before: float | None


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What a file would do, or why not; ``same_as`` is when it came in before."""

    name: str
    sha256: str
    lines: tuple[PlannedLine, ...]
    faults: tuple[Fault, ...]
    same_as: datetime | None

    @property
    def effect(self) -> int:
        """How many figures would change."""
        return sum(one.status != "same" for one in self.lines)

    @property
    def can_be_done(self) -> bool:
        """Whether there is something to do and nothing in the way."""
        return not self.faults and self.effect > 0

    @property
    def signature(self) -> str:
        """What was looked at: the file and what it would do."""
        did = ",".join(f"{one.line.line}{one.status}" for one in self.lines)
        return hashlib.sha256(f"{self.sha256}:{did}".encode()).hexdigest()


def list_own_providers(actor: Actor, *, at: datetime) -> dict[int, str]:
    """Return id -> AGB code of the providers an actor may bring figures in for."""
    check_can_upload_indicators(actor)
    own: set[int] = set()
    for grant in actor.grants:
        scope = UPLOAD_INDICATORS.grants.get(grant.role)
        if scope is Scope.ORGANIZATION and grant.organization_id is not None:
            own.add(grant.organization_id)
        elif scope is Scope.REGION and grant.region_id is not None:
            own.update(list_home_care_of_region(grant.region_id, at=at))
    return list_agb_codes(own)


def plan_upload(*, actor: Actor, name: str, content: bytes, at: datetime) -> UploadPlan:
    """Return what a file would do; nothing is stored.

    Raises
    ------
    NotPermitted
        If the actor brings in no indicators at all.
    InvalidUpload
        If the file as a whole cannot be read.
    """
    name = _file_name(name)
    own = list_own_providers(actor, at=at)
    if len(content) > MOST_BYTES:
        raise InvalidUpload(
            _("%(file)s is larger than 1 MB: split it.") % {"file": name}
        )
    read = read_upload(name, content, today=localdate(at))
    providers = list_organizations_by_agb({one.agb_code for one in read.lines})
    faults = list(read.faults)
    known: list[tuple[UploadLine, int, str]] = []
    for line in read.lines:
        pk, organization = providers.get(line.agb_code, (0, ""))
        if pk in own:
            known.append((line, pk, organization))
        else:
            faults.append(Fault(line.line, "agb_code", line.agb_code, _strange(pk)))
    stored = _list_stored({pk for _line, pk, _name in known})
    lines = tuple(
        _plan_line(line, pk, organization, stored) for line, pk, organization in known
    )
    sha256 = hashlib.sha256(content).hexdigest()
    earlier = (
        IndicatorUpload.objects.filter(sha256=sha256).order_by("-uploaded_at").first()
    )
    return UploadPlan(
        name=name,
        sha256=sha256,
        lines=lines,
        faults=tuple(sorted(faults, key=lambda one: one.line)),
        same_as=None if earlier is None else earlier.uploaded_at,
    )


def bring_in(
    *, actor: Actor, name: str, content: bytes, at: datetime, expected: str
) -> UploadPlan:
    """Store the figures of a file, all of them or none; return what was done.

    ``expected`` is the signature of the plan that was on the screen. One file at a time
    is taken in (advisory lock).

    Raises
    ------
    NotPermitted, InvalidUpload
        As ``plan_upload``; InvalidUpload too if a line cannot be taken.
    FileChanged
        If somebody else changed these figures since the file was looked at.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two people who bring in the same wait for each other here.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        plan = plan_upload(actor=actor, name=name, content=content, at=at)
        if plan.faults:
            raise InvalidUpload(
                _("Nothing was taken in: %(fault)s") % {"fault": plan.faults[0]}
            )
        for pk in {one.organization_id for one in plan.lines}:
            check_can_upload_indicators(actor, _target(actor, pk))
        if plan.signature != expected:
            raise FileChanged(
                _(
                    "These figures were changed since you looked at the file. Look at "
                    "it once more."
                )
            )
        if plan.effect:
            _store(plan, actor=actor, at=at)
    return plan


def _store(plan: UploadPlan, *, actor: Actor, at: datetime) -> None:
    organization_ids = {one.organization_id for one in plan.lines}
    uploads: dict[str, IndicatorUpload] = {}
    for one in plan.lines:
        code = one.line.indicator
        if code not in uploads:
            uploads[code] = IndicatorUpload.objects.create(
                organization_id=next(iter(organization_ids))
                if len(organization_ids) == 1
                else None,
                indicator=code,
                file_name=plan.name,
                sha256=plan.sha256,
                rows=sum(each.line.indicator == code for each in plan.lines),
                uploaded_at=at,
                uploaded_by_id=actor.user_id,
            )
        place: dict[str, Any] = {
            "organization_id": one.organization_id,
            "indicator": code,
            "valid_from": one.line.valid_from,
        }
        if one.status == "removed":
            UploadedFigure.objects.filter(**place).delete()
        elif one.status != "same":
            UploadedFigure.objects.update_or_create(
                **place,
                defaults={
                    "upload": uploads[code],
                    "valid_until": one.line.valid_until,
                    "count": one.line.count,
                    "value": one.valued.value,
                    "low": one.valued.low,
                    "high": one.valued.high,
                    "is_withheld": one.valued.is_withheld,
                },
            )


def value_of(line: UploadLine) -> Valued:
    """Return the value of a line with its 95 % interval.

    A share has Wilson's interval, a mean score Student's. Withheld is what rests on
    fewer people than the indicator asks, and a share that is true, or not true, for
    fewer than ``SMALL`` of them.
    """
    if line.count < INDICATORS[line.indicator].smallest:
        return Valued(None, None, None, is_withheld=True)
    if line.number is None:
        low = high = None
        if line.score is not None and line.deviation is not None:
            low, high = student_interval(line.score, line.deviation, line.count)
            low, high = max(1.0, low), min(10.0, high)
        return Valued(line.score, low, high, is_withheld=False)
    if 0 < line.number < SMALL or 0 < line.count - line.number < SMALL:
        return Valued(None, None, None, is_withheld=True)
    factor = INDICATORS[line.indicator].factor
    low, high = (factor * bound for bound in wilson(line.number, line.count))
    return Valued(factor * line.number / line.count, low, high, is_withheld=False)


_Stored = dict[tuple[int, str, date], UploadedFigure]


def _list_stored(organization_ids: Iterable[int]) -> _Stored:
    return {
        (row.organization_id, row.indicator, row.valid_from): row
        for row in UploadedFigure.objects.filter(
            organization_id__in=list(organization_ids)
        )
    }


def _plan_line(
    line: UploadLine, organization_id: int, organization: str, stored: _Stored
) -> PlannedLine:
    valued = value_of(line) if line.count else Valued(None, None, None, False)
    found = stored.get((organization_id, line.indicator, line.valid_from))
    status: Status
    if line.count == 0:
        status = "same" if found is None else "removed"
    elif found is None:
        status = "new"
    elif (
        found.valid_until,
        found.count,
        found.value,
        found.low,
        found.high,
        found.is_withheld,
    ) == (
        line.valid_until,
        line.count,
        valued.value,
        valued.low,
        valued.high,
        valued.is_withheld,
    ):
        status = "same"
    else:
        status = "changed"
    return PlannedLine(
        line=line,
        organization_id=organization_id,
        organization=organization,
        valued=valued,
        status=status,
        before=None if found is None else found.value,
    )


def _strange(organization_id: int) -> str:
    if organization_id:
        return _("you cannot bring in figures of this provider: take the line out.")
    return _("no provider has this code: look it up in the directory.")


def _target(actor: Actor, organization_id: int) -> Target:
    """Return where bringing in figures of a provider lands, in the actor's regions."""
    return Target(
        organization_id=organization_id,
        region_ids=frozenset(
            grant.region_id for grant in actor.grants if grant.region_id is not None
        ),
    )


def _file_name(name: str) -> str:
    short = name.replace("\\", "/").rpartition("/")[2][:120]
    return "".join(sign if sign.isprintable() else "?" for sign in short) or "-"
