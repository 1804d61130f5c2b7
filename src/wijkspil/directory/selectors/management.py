"""The directory as its editors see it: search that forgives, and one entry in full.

Shows also what has ended, so that it can be found and taken back. It does not decide
who may change an entry; ``services`` does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process, utils

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.periods import Period
from wijkspil.directory.errors import UnknownEntry, UnknownService
from wijkspil.directory.models import (
    Alliance,
    AllianceMember,
    Area,
    CareTeam,
    ContactPoint,
    Coverage,
    DutyPeriod,
    HealthcareService,
    Organization,
)
from wijkspil.directory.types import AreaKind, RegionPurpose

PAGE_SIZE = 25
#: Below this likeness (0..100) a name is no answer to what was typed.
LEAST_LIKE = 72
#: Names that look like what was typed, at most.
MOST_GUESSES = 25
#: Duties shown from now on.
DUTY_DAYS = 14


@dataclass(frozen=True)
class OrganizationFilter:
    """What an editor looks for; ``only_ids`` keeps to these organizations."""

    text: str = ""
    type: str = ""
    with_ended: bool = False
    only_ids: frozenset[int] | None = None


@dataclass(frozen=True)
class FoundOrganizations:
    """One page of organizations; ``is_guess`` when only names like it were found.

    Each carries ``n_services`` and ``active_services``.
    """

    page: Page[Any]
    is_guess: bool


def search_organizations(
    wanted: OrganizationFilter, *, page_number: str | int
) -> FoundOrganizations:
    """Return organizations by name; at most six queries.

    Finds by words of the name or of a service, by AGB code, URA or KvK number (also
    their beginning), and by postcode of a service. When nothing fits, names that look
    like it are offered.
    """
    rows = Organization.objects.all()
    if not wanted.with_ended:
        rows = rows.filter(is_active=True)
    if wanted.type:
        rows = rows.filter(type=wanted.type)
    if wanted.only_ids is not None:
        rows = rows.filter(pk__in=wanted.only_ids)
    text = " ".join(wanted.text.replace("\0", "").split())[:200]
    found, is_guess = rows, False
    if text:
        found = rows.filter(_matches(text))
        # A number that is nobody's looks like no name.
        if any(sign.isalpha() for sign in text) and not found.exists():
            guessed = _names_like(text, rows)
            found, is_guess = rows.filter(pk__in=guessed), bool(guessed)
    ordered = (
        found.annotate(n_services=Count("services", filter=Q(services__is_active=True)))
        .prefetch_related(
            Prefetch(
                "services",
                queryset=HealthcareService.objects.filter(is_active=True).order_by(
                    "name", "pk"
                ),
                to_attr="active_services",
            )
        )
        .order_by("name", "pk")
    )
    return FoundOrganizations(
        page=Paginator(ordered, PAGE_SIZE).get_page(page_number), is_guess=is_guess
    )


def _matches(text: str) -> Q:
    digits = "".join(text.split())
    if digits.isascii() and digits.isdigit() and len(digits) >= 3:
        by_number = (
            Q(agb_code__startswith=digits)
            | Q(ura__startswith=digits)
            | Q(kvk_number__startswith=digits)
        )
        return by_number | _at_postcode(digits)
    named = Q()
    of_service = Q()
    for word in text.split():
        named &= Q(name__icontains=word)
        of_service &= Q(name__icontains=word)
    services = HealthcareService.objects.filter(of_service).values("organization_id")
    return named | Q(pk__in=services) | _at_postcode(text)


def _at_postcode(text: str) -> Q:
    try:
        postcode = clean_postcode(text)
    except InvalidValue:
        return Q(pk__in=[])
    return Q(
        pk__in=HealthcareService.objects.filter(postcode__startswith=postcode).values(
            "organization_id"
        )
    )


def _names_like(text: str, rows: QuerySet[Organization]) -> list[int]:
    names = dict(rows.values_list("pk", "name"))
    return [
        pk
        for _name, _score, pk in process.extract(
            text,
            names,
            scorer=fuzz.token_set_ratio,
            processor=utils.default_process,
            score_cutoff=LEAST_LIKE,
            limit=MOST_GUESSES,
        )
    ]


# --- one entry in full


@dataclass(frozen=True)
class OrganizationPage:
    """An organization with its services and how much each of them has."""

    organization: Organization
    services: Sequence[HealthcareService]


def get_organization_page(organization_id: int, *, at: datetime) -> OrganizationPage:
    """Return an organization, ended or not, with its services (two queries).

    Each service carries ``n_contacts``, ``n_coverages`` and ``n_teams`` as they hold
    at ``at``.

    Raises
    ------
    UnknownEntry
        If there is no such organization.
    """
    organization = (
        Organization.objects.filter(pk=organization_id)
        .select_related("part_of")
        .first()
    )
    if organization is None:
        raise UnknownEntry(
            _("There is no organization with number %(id)s.") % {"id": organization_id}
        )
    services = organization.services.annotate(
        n_contacts=Count("contacts", filter=_holding("contacts", at), distinct=True),
        n_coverages=Count("coverages", filter=_holding("coverages", at), distinct=True),
        n_teams=Count("teams", distinct=True),
    ).order_by("-is_active", "name", "pk")
    return OrganizationPage(organization=organization, services=list(services))


@dataclass(frozen=True)
class ServicePage:
    """A service with everything that belongs to it, as it holds now and later."""

    service: HealthcareService
    contacts: Sequence[ContactPoint]
    teams: Sequence[CareTeam]
    coverages: Page[Coverage]
    duties: Sequence[DutyPeriod]
    memberships: Sequence[AllianceMember]


def get_service_page(
    service_id: int,
    *,
    at: datetime,
    audiences: Sequence[str],
    with_duties: bool,
    page_number: str | int = 1,
) -> ServicePage:
    """Return a service, ended or not, in full (at most seven queries).

    Coverage comes in pages. Duties of the coming fourteen days hold persons: they are
    read only when asked, and the caller records the showing.

    Raises
    ------
    UnknownService
        If there is no such service.
    """
    service = get_service_entry(service_id)
    later = Q(valid_until=None) | Q(valid_until__gt=at)
    coverages = (
        service.coverages.filter(later)
        .select_related("area", "area__parent")
        .order_by("role", "care", "area__kind", "area__name", "valid_from", "pk")
    )
    duties = (
        DutyPeriod.objects.within(Period(at, at + timedelta(days=DUTY_DAYS)))
        .filter(service_id=service_id)
        .select_related("area")
        .order_by("valid_from", "rank", "pk")
        if with_duties
        else []
    )
    return ServicePage(
        service=service,
        contacts=list(
            service.contacts.filter(later, audience__in=audiences)
            .select_related("area")
            .order_by("audience", "purpose", "pk")
        ),
        teams=list(service.teams.order_by("name", "pk")),
        coverages=Paginator(coverages, PAGE_SIZE).get_page(page_number),
        duties=list(duties),
        memberships=list(
            service.alliances.select_related("alliance").order_by("alliance__name")
        ),
    )


def get_service_entry(service_id: int) -> HealthcareService:
    """Return a service with its organization, ended or not (one query).

    Raises
    ------
    UnknownService
        If there is no such service.
    """
    service = (
        HealthcareService.objects.filter(pk=service_id)
        .select_related("organization")
        .first()
    )
    if service is None:
        raise UnknownService(
            _("There is no service with number %(id)s.") % {"id": service_id}
        )
    return service


def get_contact(contact_id: int) -> ContactPoint:
    """Return a contact with its service (one query).

    Raises
    ------
    UnknownEntry
        If there is no such contact.
    """
    row: ContactPoint | None = (
        ContactPoint.objects.filter(pk=contact_id)
        .select_related("service__organization", "area")
        .first()
    )
    if row is None:
        raise _unknown(contact_id)
    return row


def get_team_entry(team_id: int) -> CareTeam:
    """Return a team with its service (one query); ``UnknownEntry`` if there is none."""
    row = (
        CareTeam.objects.filter(pk=team_id)
        .select_related("service__organization")
        .first()
    )
    if row is None:
        raise _unknown(team_id)
    return row


def get_coverage(coverage_id: int) -> Coverage:
    """Return a coverage with service and area; ``UnknownEntry`` if there is none."""
    row: Coverage | None = (
        Coverage.objects.filter(pk=coverage_id)
        .select_related("service__organization", "area")
        .first()
    )
    if row is None:
        raise _unknown(coverage_id)
    return row


def get_duty(duty_id: int) -> DutyPeriod:
    """Return a duty with service and area; ``UnknownEntry`` if there is none."""
    row: DutyPeriod | None = (
        DutyPeriod.objects.filter(pk=duty_id)
        .select_related("service__organization", "area")
        .first()
    )
    if row is None:
        raise _unknown(duty_id)
    return row


def get_alliance_member(member_id: int) -> AllianceMember:
    """Return a member with alliance and service; ``UnknownEntry`` if there is none."""
    row = (
        AllianceMember.objects.filter(pk=member_id)
        .select_related("alliance", "service")
        .first()
    )
    if row is None:
        raise _unknown(member_id)
    return row


def _unknown(entry_id: int) -> UnknownEntry:
    return UnknownEntry(
        _("There is no entry with number %(id)s, or it was withdrawn.")
        % {"id": entry_id}
    )


def search_services(text: str, *, limit: int = 15) -> list[HealthcareService]:
    """Return active services by words of a name, or by postcode (one query)."""
    words = text.replace("\0", "").split()
    if not words or len("".join(words)) < 2:
        return []
    named = Q()
    for word in words:
        named &= Q(name__icontains=word) | Q(organization__name__icontains=word)
    return list(
        HealthcareService.objects.filter(is_active=True, organization__is_active=True)
        .filter(named | Q(postcode__istartswith="".join(words)))
        .select_related("organization")
        .order_by("name", "pk")[:limit]
    )


# --- what follows when something ends


@dataclass(frozen=True)
class Consequences:
    """What would no longer count when an entry ends now."""

    n_services: int
    n_coverages: int
    n_duties: int
    n_contacts: int
    n_alliances: int


def weigh_end(service_ids: Sequence[int], *, at: datetime) -> Consequences:
    """Count what would no longer count without these services (four queries)."""
    return Consequences(
        n_services=len(service_ids),
        n_coverages=Coverage.objects.at(at).filter(service_id__in=service_ids).count(),
        n_duties=DutyPeriod.objects.filter(
            service_id__in=service_ids, valid_until__gt=at
        ).count(),
        n_contacts=ContactPoint.objects.at(at)
        .filter(service_id__in=service_ids)
        .count(),
        n_alliances=AllianceMember.objects.filter(service_id__in=service_ids).count(),
    )


def list_active_service_ids(organization_id: int) -> list[int]:
    """Return the active services of an organization (one query)."""
    return list(
        HealthcareService.objects.filter(
            organization_id=organization_id, is_active=True
        ).values_list("pk", flat=True)
    )


def count_others_covering(coverage: Coverage, *, at: datetime) -> int:
    """Return how many other services cover the same area and care (one query)."""
    return (
        Coverage.objects.at(at)
        .filter(
            area_id=coverage.area_id,
            care=coverage.care,
            service__is_active=True,
            service__organization__is_active=True,
        )
        .exclude(service_id=coverage.service_id)
        .values("service_id")
        .distinct()
        .count()
    )


# --- alliances


@dataclass(frozen=True)
class AlliancePage:
    """An alliance with its members, for who keeps it."""

    alliance: Alliance
    members: Sequence[AllianceMember]


def list_alliances_to_manage() -> list[Alliance]:
    """Return every alliance by name, with ``n_members`` (one query)."""
    return list(
        Alliance.objects.annotate(n_members=Count("members"))
        .select_related("area")
        .order_by("-is_active", "name", "pk")
    )


def get_alliance_page(alliance_id: int) -> AlliancePage:
    """Return an alliance with its members (two queries).

    Raises
    ------
    UnknownEntry
        If there is no such alliance.
    """
    alliance = Alliance.objects.filter(pk=alliance_id).select_related("area").first()
    if alliance is None:
        raise UnknownEntry(
            _("There is no alliance with number %(id)s.") % {"id": alliance_id}
        )
    return AlliancePage(
        alliance=alliance,
        members=list(
            alliance.members.select_related("service__organization").order_by(
                "role", "service__name", "pk"
            )
        ),
    )


def _holding(path: str, at: datetime) -> Q:
    return Q(**{f"{path}__valid_from__lte": at}) & (
        Q(**{f"{path}__valid_until": None}) | Q(**{f"{path}__valid_until__gt": at})
    )


# --- regions to check the coverage of


@dataclass(frozen=True)
class RegionChoice:
    """A region whose coverage can be looked at."""

    id: int
    name: str
    purpose: str
    code: str

    @property
    def address(self) -> str:
        """Return how ``check_coverage`` calls it."""
        return f"{self.purpose}/{self.code}"


def list_coverage_regions(
    region_ids: Iterable[int] | None = None,
) -> list[RegionChoice]:
    """Return these regions by name, or every care office region (one query)."""
    rows = Area.objects.filter(kind=AreaKind.REGION)
    rows = (
        rows.filter(purpose=RegionPurpose.ZORGKANTOOR)
        if region_ids is None
        else rows.filter(pk__in=list(region_ids))
    )
    return [
        RegionChoice(id=pk, name=name, purpose=purpose, code=code)
        for pk, name, purpose, code in rows.order_by("name", "pk").values_list(
            "pk", "name", "purpose", "code"
        )
    ]
