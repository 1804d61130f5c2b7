"""What a FHIR interaction is made of: a call, its answer, and the words of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from enum import StrEnum
from typing import Any

from wijkspil.accounts.types import Actor

#: A resource as JSON holds it.
Resource = dict[str, Any]

FHIR_JSON = "application/fhir+json"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class DirectoryType(StrEnum):
    """Types of which versions are kept and published (IHE mCSD)."""

    ORGANIZATION = "Organization"
    LOCATION = "Location"
    HEALTHCARE_SERVICE = "HealthcareService"
    ENDPOINT = "Endpoint"
    ORGANIZATION_AFFILIATION = "OrganizationAffiliation"
    CARE_TEAM = "CareTeam"
    PRACTITIONER = "Practitioner"
    PRACTITIONER_ROLE = "PractitionerRole"
    PROVENANCE = "Provenance"


@dataclass(frozen=True)
class Call:
    """One interaction as it was asked, apart from HTTP.

    ``params`` keeps order and repeats; ``base_url`` has no slash at its end.
    ``patch`` holds the operations of a JSON Patch.
    """

    actor: Actor
    at: datetime
    method: str
    base_url: str
    type: str = ""
    id: str = ""
    version: str = ""
    operation: str = ""
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Resource | None = None
    patch: Sequence[Any] | None = None

    @property
    def is_known(self) -> bool:
        """Whether a system or person acts, not a visitor."""
        return self.actor.is_professional


@dataclass(frozen=True)
class Answer:
    """What goes back. ``text`` is the JSON itself, so that it is written only once."""

    text: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def tick_of(moment: datetime) -> int:
    """Return a moment as microseconds since 1970: how versions are ordered."""
    return (moment - _EPOCH) // _MICROSECOND


def instant_of(tick: int) -> str:
    """Return a tick as FHIR writes an instant, in UTC to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=tick)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"


def http_date_of(instant: str | int) -> str:
    """Return an instant, or a tick, as HTTP writes it: for ``Last-Modified``."""
    if isinstance(instant, str):
        instant = tick_of(datetime.fromisoformat(instant))
    return formatdate(instant // 1_000_000, usegmt=True)


def etag_of(version: int | str) -> str:
    """Return the weak ETag of a version."""
    return f'W/"{version}"'
