"""Fill the database with a fictional region: `wijkspil generate`.

Where there are no areas, a geography is invented first; else providers are laid on
the areas that were loaded. Everything is marked fictional.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.services import (
    create_user,
    grant_role,
    issue_token,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import Conflict, InvalidValue
from wijkspil.core.progress import Progress
from wijkspil.directory.fictional import removal, store
from wijkspil.directory.fictional.geography import invent_geography
from wijkspil.directory.fictional.ground import Ground, read_ground
from wijkspil.directory.fictional.history import bulk_history
from wijkspil.directory.fictional.invention import digest, invent
from wijkspil.directory.fictional.regions import complete_regions
from wijkspil.directory.fictional.rows import Invention
from wijkspil.directory.importing.locations import GpLocation
from wijkspil.directory.types import Care, CoverageRole, RegionPurpose


@dataclass(frozen=True)
class Account:
    """A sign-in that was made, and what it is for."""

    role: str
    email: str
    name: str
    bound_to: str
    to_try: str


@dataclass(frozen=True)
class _Bound:
    organization_id: int | None = None
    service_id: int | None = None
    region_id: int | None = None


@dataclass(frozen=True)
class Summary:
    """What was made. ``digest`` is equal for equal seed, moment and areas."""

    seed: int
    at: datetime
    supply: float
    is_invented_geography: bool
    counts: dict[str, int]
    accounts: tuple[Account, ...]
    password: str
    token_organization: str
    token_secret: str
    example_postcode: str
    digest: str


def generate(
    *,
    seed: int,
    at: datetime,
    password: str,
    progress: Progress,
    supply: float = 1.0,
    gemeenten: int = 3,
    region_code: str | None = None,
    gp_locations: Sequence[GpLocation] | None = None,
    replace: bool = False,
) -> Summary:
    """Invent providers, teams, coverage, duty, room and accounts; all or nothing.

    ``supply`` is room for new clients over a week's new clients. ``gemeenten`` counts
    only where no areas were loaded.

    Raises
    ------
    Conflict
        If fictional providers exist and ``replace`` is false, or other rows hang on
        what would be replaced.
    InvalidValue
        If ``supply`` or ``at`` makes no sense.
    """
    if not 0 <= supply <= 20:
        raise InvalidValue(
            _("Supply %(supply)s: give a number from 0 to 20; 1 is balance.")
            % {"supply": supply},
            field="supply",
        )
    if at.tzinfo is None:
        raise InvalidValue(
            _("%(at)s has no time zone: add one.") % {"at": at.isoformat()}, field="at"
        )
    with transaction.atomic():
        if store.is_generated():
            if not replace:
                raise Conflict(
                    _(
                        "There are fictional providers already. Add --replace to "
                        "remove them and generate again."
                    )
                )
            with bulk_history():
                removal.remove_fictional(progress)
        is_invented = not store.has_areas()
        if is_invented:
            progress.start(_("Inventing a geography"), 1)
            geography = invent_geography(seed, gemeenten=gemeenten)
            progress.advance()
            store.store_geography(geography, progress)
        complete_regions(seed=seed, progress=progress)
        ground = read_ground(region_code=region_code)
        made = invent(
            ground,
            seed=seed,
            at=at,
            supply=supply,
            gp_locations=gp_locations,
            progress=progress,
        )
        with bulk_history():
            stored = store.store_invention(made, ground, progress)
        accounts = _make_accounts(made, ground, stored, at=at, password=password)
        organization, secret = _issue_token(made, ground, stored, at=at)
    return Summary(
        seed=seed,
        at=at,
        supply=supply,
        is_invented_geography=is_invented,
        counts=_counts(made, ground, len(accounts)),
        accounts=tuple(accounts),
        password=password,
        token_organization=organization,
        token_secret=secret,
        example_postcode=_example_postcode(made, ground),
        digest=digest(made),
    )


def _counts(made: Invention, ground: Ground, accounts: int) -> dict[str, int]:
    return {
        "gemeenten": len(ground.gemeenten),
        "wijken": len(ground.wijken),
        "inhabitants": int(ground.people),
        **{name: len(rows) for name, rows in made.tables().items()},
        "nursing_teams": sum(
            service.care == Care.DISTRICT_NURSING for service in made.services
        ),
        "accounts": accounts,
    }


def _main_wijk(ground: Ground) -> int:
    return int(ground.wijken.people.argmax())


def _neighbourhood_service(made: Invention, wijk: int) -> int:
    return next(
        row.service
        for row in made.coverages
        if row.area == ("wijk", wijk)
        and row.role == CoverageRole.FIRST_CONTACT
        and row.care == Care.DISTRICT_NURSING
    )


def _service_on_duty(made: Invention, wijk: int, otherwise: int) -> int:
    """Return the district nursing service that has the nights of a wijk, first rank."""
    return next(
        (
            row.service
            for row in made.duties
            if made.services[row.service].care == Care.DISTRICT_NURSING
            and row.area == ("wijk", wijk)
        ),
        otherwise,
    )


def _nearest(
    made: Invention,
    ground: Ground,
    wijk: int,
    care: Care,
    *,
    but_not: int | None = None,
) -> int:
    lon, lat = float(ground.wijken.lon[wijk]), float(ground.wijken.lat[wijk])

    def distance(place: int) -> float:
        service = made.services[place]
        if service.lon is None or service.lat is None:
            return float("inf")
        return (0.61 * (service.lon - lon)) ** 2 + (service.lat - lat) ** 2

    return min(
        (
            place
            for place, service in enumerate(made.services)
            if service.care == care and service.organization != but_not
        ),
        key=distance,
    )


def _example_postcode(made: Invention, ground: Ground) -> str:
    service = made.services[_neighbourhood_service(made, _main_wijk(ground))]
    if service.postcode:
        return service.postcode
    inside = [
        code
        for code, wijk in zip(ground.pc4.codes, ground.pc4_wijk.tolist(), strict=True)
        if wijk == _main_wijk(ground)
    ]
    return inside[0] if inside else (ground.pc4.codes or [""])[0]


def _make_accounts(
    made: Invention,
    ground: Ground,
    stored: store.Stored,
    *,
    at: datetime,
    password: str,
) -> list[Account]:
    wijk = _main_wijk(ground)
    team = _neighbourhood_service(made, wijk)
    provider = made.services[team].organization
    practice = _nearest(made, ground, wijk, Care.GP_CARE)
    practice_organization = made.services[practice].organization
    second = _nearest(made, ground, wijk, Care.GP_CARE, but_not=practice_organization)
    gp_region = int(ground.region_of_wijk[RegionPurpose.GP_OUT_OF_HOURS][wijk])
    post = made.services[
        _nearest(made, ground, wijk, Care.GP_OUT_OF_HOURS)
    ].organization
    stay = _nearest(made, ground, wijk, Care.TEMPORARY_STAY)
    night = _service_on_duty(made, wijk, team)
    region = int(ground.region_of_wijk[RegionPurpose.ZORGKANTOOR][wijk])
    region_id = int(ground.regions.ids[region])
    region_name = ground.regions.names[region]
    provider_name = made.organizations[provider].name
    plans: tuple[tuple[Role, str, str, str, str, _Bound], ...] = (
        (
            Role.REFERRER,
            "verwijzer",
            "Hanneke Zilverberg",
            made.organizations[practice_organization].name,
            _("Look up a postcode: every number, who is on duty and who has room."),
            _Bound(organization_id=stored.organizations[practice_organization]),
        ),
        (
            Role.TEAM_MEMBER,
            "wijkteam",
            "Sanne Lindenaar",
            made.services[team].name,
            _("Report in ten seconds how much room the team has."),
            _Bound(stored.organizations[provider], stored.services[team]),
        ),
        (
            Role.PROVIDER_MANAGER,
            "aanbieder",
            "Rachid Molenkamp",
            provider_name,
            _("Manage teams, numbers and duties of your own organization."),
            _Bound(organization_id=stored.organizations[provider]),
        ),
        (
            Role.COORDINATOR,
            "coordinator",
            "Femke Vuurtorens",
            region_name,
            _("See on the map where and when nobody is responsible."),
            _Bound(region_id=region_id),
        ),
        (
            Role.DIRECTORY_EDITOR,
            "beheerder-adresboek",
            "Joost Kompasse",
            region_name,
            _("Change a team, look at its history and undo it."),
            _Bound(region_id=region_id),
        ),
        (
            Role.INSURER,
            "verzekeraar",
            "Elif Waterlander",
            _("all regions"),
            _("See totals per region, without teams or persons."),
            _Bound(region_id=region_id),
        ),
        (
            Role.AUDITOR,
            "auditor",
            "Wouter Sluiswachter",
            _("everything"),
            _("See who looked at what."),
            _Bound(),
        ),
        (
            Role.ADMINISTRATOR,
            "beheerder",
            "Noor van der Spil",
            _("everything"),
            _("Manage users and roles."),
            _Bound(),
        ),
        (
            Role.TEAM_MEMBER,
            "nachtdienst",
            "Milan Avondster",
            made.services[night].name,
            _("Go to an unplanned call at night, with one thumb."),
            _Bound(
                stored.organizations[made.services[night].organization],
                stored.services[night],
            ),
        ),
        (
            Role.TRIAGE,
            "triage",
            "Yara Nachtegaal",
            made.organizations[post].name,
            _("Enter an unplanned call and see who comes, and when."),
            _Bound(stored.organizations[post]),
        ),
        (
            Role.TEAM_MEMBER,
            "verblijf",
            "Roos Tijdeling",
            made.services[stay].name,
            _("Say in ten seconds which beds are free; who says free delivers."),
            _Bound(
                stored.organizations[made.services[stay].organization],
                stored.services[stay],
            ),
        ),
        (
            Role.NURSE_REPRESENTATIVE,
            "verpleegkundigen",
            "Tess Wilgenhof",
            region_name,
            _("Approve other agreements for the nurses of the region."),
            _Bound(region_id=region_id),
        ),
        (
            Role.REFERRER_REPRESENTATIVE,
            "verwijzers",
            "Bram Korenaar",
            region_name,
            _("Approve other agreements for the referrers of the region."),
            _Bound(region_id=region_id),
        ),
        (
            Role.PRIVACY_OFFICER,
            "privacy",
            "Ingrid Zegel",
            region_name,
            _("See who opened a call after its time, and why."),
            _Bound(region_id=region_id),
        ),
        (
            Role.PRACTICE_MANAGER,
            "praktijk",
            "Lotte Wachtkamer",
            made.organizations[practice_organization].name,
            _("Say whether the list is open, join a round, answer households."),
            _Bound(organization_id=stored.organizations[practice_organization]),
        ),
        (
            Role.PRACTICE_MANAGER,
            "praktijk2",
            "Bas Spreekuur",
            made.organizations[made.services[second].organization].name,
            _("The practice next door: see the other side of a swap."),
            _Bound(
                organization_id=stored.organizations[made.services[second].organization]
            ),
        ),
        (
            Role.GP_COORDINATOR,
            "rho",
            "Anneke Ruilhart",
            ground.regions.names[gp_region],
            _("Run a round: who moves to which practice, and why."),
            _Bound(region_id=int(ground.regions.ids[gp_region])),
        ),
        (
            Role.ANALYST,
            "analist",
            "Sanne Cijfers",
            region_name,
            _("Where is the gap, how sure is that, and what would help."),
            _Bound(region_id=region_id),
        ),
    )
    accounts = []
    for role, mailbox, name, bound_to, to_try, bound in plans:
        email = f"{mailbox}@example.nl"
        user_id = create_user(
            email=email, name=name, password=password, is_fictional=True
        )
        grant_role(
            user_id=user_id,
            role=role,
            organization_id=bound.organization_id,
            service_id=bound.service_id,
            region_id=bound.region_id,
            valid_from=at - timedelta(days=1),
        )
        accounts.append(Account(role.value, email, name, bound_to, to_try))
    return accounts


def _issue_token(
    made: Invention, ground: Ground, stored: store.Stored, *, at: datetime
) -> tuple[str, str]:
    """Give the own system of the provider in the largest wijk a token."""
    team = _neighbourhood_service(made, _main_wijk(ground))
    provider = made.services[team].organization
    _token_id, secret = issue_token(
        organization_id=stored.organizations[provider],
        name="Planningssysteem (fictief)",
        at=at - timedelta(days=1),
        valid_until=at + timedelta(days=365),
    )
    return made.organizations[provider].name, secret
