"""REST of agreements and signals: what a region agreed on, and that it does harm.

Only translates; the rules live in the services. Reading takes a signed-in professional
or a token; a signal by a system names no person.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Status
from pydantic import Field

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.core.api import CamelSchema, Problem
from wijkspil.core.errors import NotFound
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.referrals.permissions import (
    check_can_file_signal,
    check_can_view_policy,
)
from wijkspil.referrals.selectors.policy import TERMS, Agreed, get_agreed
from wijkspil.referrals.selectors.policy_history import Said, Version, list_versions
from wijkspil.referrals.services.signals import file_signal
from wijkspil.referrals.types import (
    AnswerHours,
    Party,
    PolicyStatus,
    SignalStatus,
    SignalTopic,
    Urgency,
)

router = Router(by_alias=True)

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem}


class AgreedOut(CamelSchema):
    """What holds, every value filled in; who owns what nobody takes is no name."""

    version: int = Field(description="0: the values of Wijkspil.")
    ranking: dict[str, Any] = Field(description="What differs from the national.")
    own_team_first: bool
    teams_at_once: dict[Urgency, int]
    answer_minutes: dict[Urgency, int]
    coordinator_minutes: dict[Urgency, int]
    min_residents: int
    answer_hours: AnswerHours
    day_from: str
    day_until: str
    room_kept_days: int
    retention_days: int
    reach_name: str
    reach_phone: str

    @classmethod
    def of(cls, agreed: Agreed) -> "AgreedOut":
        """Return the agreements with what is national filled in."""

        def minutes(span: timedelta) -> int:
            return round(span / timedelta(minutes=1))

        return cls(
            version=agreed.version,
            ranking=dict(agreed.ranking),
            own_team_first=agreed.own_team_first,
            teams_at_once={u: agreed.wave_of(u) for u in Urgency},
            answer_minutes={u: minutes(agreed.time_to_answer(u)) for u in Urgency},
            coordinator_minutes={u: minutes(agreed.time_to_move(u)) for u in Urgency},
            min_residents=agreed.min_residents,
            answer_hours=AnswerHours(agreed.answer_hours),
            day_from=agreed.day_from,
            day_until=agreed.day_until,
            room_kept_days=agreed.room_kept_days,
            retention_days=agreed.retention_days,
            reach_name=agreed.reach_name,
            reach_phone=agreed.reach_phone,
        )


class WordOut(CamelSchema):
    """What a party said to a version."""

    party: Party
    agrees: bool
    remark: str
    at: datetime

    @classmethod
    def of(cls, said: Said) -> "WordOut":
        """Return it without who spoke."""
        return cls(
            party=Party(said.party),
            agrees=said.agrees,
            remark=said.remark,
            at=said.at,
        )


class VersionOut(CamelSchema):
    """A version: what it changes against what was approved before it."""

    number: int
    status: PolicyStatus
    why: str
    changed: list[str] = Field(description="Names of the terms it keeps.")
    effective_from: datetime | None
    effective_until: datetime | None
    words: list[WordOut]
    signals: list[str] = Field(description="What led to it, in the filer's words.")

    @classmethod
    def of(cls, version: Version) -> "VersionOut":
        """Return a version with what was said to it."""
        return cls(
            number=version.number,
            status=PolicyStatus(version.status),
            why=version.why,
            changed=[
                name
                for name in TERMS
                if getattr(version.agreed, name) != getattr(version.base, name)
            ],
            effective_from=version.effective_from,
            effective_until=version.effective_until,
            words=[WordOut.of(said) for said in version.said],
            signals=[signal.text for signal in version.prompted_by],
        )


class AgreementsOut(CamelSchema):
    """What holds in a region now, and its versions, newest first."""

    region: str = Field(description="Code of the care office region.")
    region_name: str
    in_force: AgreedOut
    versions: list[VersionOut]


class SignalIn(CamelSchema):
    """Somebody says that an agreement does harm."""

    region: str = Field(description="Code or number of the region.", max_length=40)
    topic: SignalTopic
    text: str = Field(
        description="What goes wrong, without names of clients.",
        min_length=10,
        max_length=1000,
    )


class SignalOut(CamelSchema):
    """A signal that was filed, with who answers it and by when."""

    id: int
    status: SignalStatus
    owner: str
    due_on: date
    about_version: int = Field(description="0: the values of Wijkspil.")


@router.get(
    "/regions/{region}/agreements",
    response={200: AgreementsOut, **_REFUSALS},
    summary="What a region agreed on asking teams, and how it came so",
    tags=["agreements"],
)
def read_agreements(request: HttpRequest, region: str) -> AgreementsOut:
    """Answer what holds now with every version; ``region`` is a code or a number."""
    check_can_view_policy(get_request_actor(request))
    found = _find_region(region)
    return AgreementsOut(
        region=found.code,
        region_name=found.name,
        in_force=AgreedOut.of(get_agreed(found.id, at=timezone.now())),
        versions=[VersionOut.of(version) for version in list_versions(found.id)],
    )


@router.post(
    "/signals",
    response={201: SignalOut, **_REFUSALS},
    summary="Say that an agreement does harm; a coordinator answers",
    tags=["agreements"],
)
def write_signal(request: HttpRequest, body: SignalIn) -> Status[SignalOut]:
    """Keep a signal; the same twice within a day is kept once."""
    actor = get_writing_actor(request)
    check_can_file_signal(actor)
    found = _find_region(body.region)
    row = file_signal(
        actor=actor,
        region_id=found.id,
        topic=body.topic.value,
        text=body.text,
        at=timezone.now(),
    )
    return Status(
        201,
        SignalOut(
            id=row.pk,
            status=SignalStatus(row.status),
            owner=row.owner_name,
            due_on=row.due_on,
            about_version=row.about.number if row.about is not None else 0,
        ),
    )


def _find_region(text: str) -> RegionChoice:
    """Return a care office region by code, or by the number the pages use.

    Raises
    ------
    NotFound
        If there is none.
    """
    regions = list_coverage_regions()
    by_code = next((r for r in regions if r.code.lower() == text.lower()), None)
    by_id = next((r for r in regions if str(r.id) == text), None)
    found = by_code or by_id
    if found is None:
        raise NotFound(
            _("There is no region %(region)s. Give the code of a care office region.")
            % {"region": text[:40]}
        )
    return found
