"""Providers of one region with the answers they gave, written as rows.

For figures that need many answers: ``make_providers`` makes providers that cover one
wijk, ``answer`` writes what a team said to questions, ``take`` the clients it took.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AT,
    OfferFactory,
    Person,
    ServiceRequestFactory,
    make_person,
    make_team,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.models import Area, HealthcareService
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.types import DeclineReason, OfferStatus


@dataclass(frozen=True)
class Providers:
    """Providers in one region, each with one team; ``at`` is when one looks."""

    region: Area
    wijk: Area
    teams: list[HealthcareService]
    at: datetime

    def manager(self, n: int) -> Person:
        """Return who manages the n-th provider."""
        return make_person(
            Role.PROVIDER_MANAGER,
            name=f"M. Anager {n}",
            at=self.at,
            organization=self.teams[n].organization,
            region=self.region,
        )

    def person(self, role: Role, **bound_to: object) -> Person:
        """Return somebody with a role in the region."""
        return make_person(
            role, name=f"P. {role.value}", at=self.at, region=self.region, **bound_to
        )

    def request(self, **values: object) -> ServiceRequest:
        """Return a request in the wijk."""
        return ServiceRequestFactory(
            region=self.region,
            wijk=self.wijk,
            place=self.wijk,
            postcode="2512AB",
            **values,
        )


def make_providers(n: int, *, at: datetime = AT) -> Providers:
    """Make ``n`` providers with a team that reported room for four clients."""
    region = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, name="Duinstreek"
    )
    wijk = AreaFactory(name="Zuiderpark", lies_in=[region])
    teams = [
        make_team(wijk, at=at, name=f"Team Nummer{i}", new_clients=4) for i in range(n)
    ]
    for i, team in enumerate(teams):
        team.organization.name = f"Aanbieder Uniek{'abcdefghij'[i]}"
        team.organization.save()
    return Providers(region, wijk, teams, at)


def answer(
    providers: Providers,
    n: int,
    *,
    yes: int = 0,
    no: int = 0,
    silent: int = 0,
    against: int = 0,
    minutes: int = 30,
    at: datetime | None = None,
) -> None:
    """Write answers of the n-th provider; ``against`` are among the noes."""
    offered = (at or providers.at) - timedelta(days=2)
    for i in range(yes + no + silent):
        is_no = yes <= i < yes + no
        is_silent = i >= yes + no
        status = (
            OfferStatus.EXPIRED
            if is_silent
            else OfferStatus.DECLINED
            if is_no
            else OfferStatus.ACCEPTED
        )
        OfferFactory(
            request=providers.request(),
            service=providers.teams[n],
            status=status,
            offered_at=offered,
            answer_by=offered + timedelta(hours=4),
            answered_at=offered + timedelta(minutes=240 if is_silent else minutes),
            answered_by_name="" if is_silent else "N. Urse",
            decline_reason=DeclineReason.NO_ROOM if is_no else "",
            against_own_room=is_no and i - yes < against,
        )


def take(
    providers: Providers, n: int, clients: int, *, complexity: float = 1.0
) -> None:
    """Write clients that the n-th provider took."""
    for _client in range(clients):
        providers.request(
            status="in-care",
            placed_service=providers.teams[n],
            placed_at=providers.at - timedelta(days=1),
            complexity=complexity,
        )
