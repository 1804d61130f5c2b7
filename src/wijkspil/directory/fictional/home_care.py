"""District nursing: providers of all sizes, teams, who covers what, and the nights.

A few large providers share the country: every wijk with people has a team of the one
nearest to it, its fixed contact. Many small providers, sizes lognormal, work in the
wijk where they sit and the next ones. Back-ups come from another provider. At night
one nurse drives a route of several wijken; behind the routes stands a team for the
whole night-care region.
"""

from collections import Counter
from datetime import date, datetime, timedelta

import numpy as np

from wijkspil.directory.fictional.calibration import figure, per_inhabitant
from wijkspil.directory.fictional.hexmap import Ints
from wijkspil.directory.fictional.landscape import k_means, nearest_center
from wijkspil.directory.fictional.pairing import nearest
from wijkspil.directory.fictional.rows import DutyRow
from wijkspil.directory.fictional.workshop import (
    ALWAYS,
    EVERY_DAY,
    INSURERS,
    OFFICE,
    Workshop,
    hours,
    unique,
)
from wijkspil.directory.opening_hours import AMSTERDAM, clock_moment
from wijkspil.directory.types import (
    Audience,
    Care,
    CareLaw,
    CareTask,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    OrganizationType,
    RegionPurpose,
)

NURSING = Care.DISTRICT_NURSING
DAY_START, DAY_END = "07:00", "22:30"
ALL_DAY = hours((EVERY_DAY, DAY_START, DAY_END))
#: Fewer inhabitants, and the wijk shares the team of a neighbour.
SMALLEST_WIJK_WITH_TEAM = 1_000
#: More inhabitants, and the wijk has a second team.
PEOPLE_PER_TEAM = 9_000
DUTY_DAYS_BEFORE, DUTY_DAYS_AFTER = 7, 28

BASIC_TASKS = [
    CareTask.PERSONAL_CARE,
    CareTask.STOCKINGS,
    CareTask.MEDICATION,
    CareTask.WOUND,
    CareTask.CATHETER,
    CareTask.GUIDANCE,
]
EXTRA_TASKS = {
    CareTask.INSULIN: 0.93,
    CareTask.INJECTION: 0.9,
    CareTask.COMPLEX_WOUND: 0.55,
    CareTask.STOMA: 0.85,
    CareTask.TUBE_FEEDING: 0.45,
    CareTask.INFUSION: 0.3,
    CareTask.PALLIATIVE: 0.75,
    CareTask.DEMENTIA: 0.7,
}
LANGUAGES = {"en": 0.55, "tr": 0.06, "ar": 0.06, "de": 0.08, "pl": 0.05, "fr": 0.05}


class HomeCare:
    """The district nursing of a ground, made step by step in a workshop."""

    def __init__(self, shop: Workshop) -> None:
        self.shop, self.ground = shop, shop.ground
        self.team_services: list[int] = []  # service numbers of day teams
        self.team_home: list[int] = []  # wijk each sits in
        self.is_main: list[bool] = []
        self.main_of_wijk = np.zeros(0, dtype=np.int64)  # main organization per wijk
        self.first_contact: list[int] = []  # service per wijk
        self.main_organizations: list[int] = []
        self.regular_of_wijk: list[list[int]] = []
        self.own_teams = np.zeros(0, dtype=np.int64)  # per wijk
        self.gap_wijken: set[int] = set()
        self.first_route: int | None = None

    def invent(self) -> None:
        """Make everything, in an order that each step can build on."""
        self._choose_main_providers()
        self._make_neighbourhood_teams()
        self._make_small_providers()
        self._leave_evening_gaps()
        self._make_back_ups()
        self._make_nights()

    # -- days ---------------------------------------------------------------------

    def _choose_main_providers(self) -> None:
        ground, rng = self.ground, self.shop.rng(1)
        wijken = ground.wijken
        count = max(2, round(ground.people / figure("inhabitants_per_main_provider")))
        count = min(count, len(wijken))
        centers = k_means(rng, wijken.km, wijken.people + 1.0, count)
        # Lognormal pull: a strong provider reaches further than its own centre.
        reach = rng.lognormal(0.0, 0.45, count)
        distance = np.hypot(
            *(wijken.km[:, None, :] - centers[None, :, :]).transpose(2, 0, 1)
        )
        self.main_of_wijk = (distance / reach).argmin(axis=1)
        used = np.unique(self.main_of_wijk)
        names = self._home_care_names(rng)
        for place, main in enumerate(used.tolist()):
            name = names[place % len(names)]
            members = np.flatnonzero(self.main_of_wijk == main)
            largest = members[wijken.people[members].argmax()]
            if place >= len(names):
                name = f"{name} {self._gemeente_of(int(largest))}"
            self.main_organizations.append(
                self.shop.add_organization(OrganizationType.HOME_CARE, name)
            )
        self.main_of_wijk = np.searchsorted(used, self.main_of_wijk)

    def _home_care_names(self, rng: np.random.Generator) -> list[str]:
        parts = self.shop.names["home_care"]
        plain = [f"{a}{_joined(b)}" for a in parts["first"] for b in parts["last"]]
        order = rng.permutation(len(plain))
        return [plain[number] for number in order]

    def _gemeente_of(self, wijk: int) -> str:
        return self.ground.gemeenten.names[int(self.ground.wijk_gemeente[wijk])]

    def _make_neighbourhood_teams(self) -> None:
        shop, ground, rng = self.shop, self.ground, self.shop.rng(2)
        wijken = ground.wijken
        count = np.where(
            wijken.people >= SMALLEST_WIJK_WITH_TEAM,
            np.maximum(1, np.round(wijken.people / PEOPLE_PER_TEAM)),
            0,
        ).astype(np.int64)
        if not count.any():
            count[wijken.people.argmax()] = 1
        self.own_teams = count
        homes = np.repeat(np.arange(len(wijken)), count)
        sites = shop.sites(homes, rng)
        own: dict[int, list[int]] = {}
        for place, wijk in enumerate(homes.tolist()):
            number = len(own.setdefault(wijk, [])) + 1
            name = shop.wijk_name(wijk)
            title = f"Wijkteam {name}" + (f" {number}" if count[wijk] > 1 else "")
            organization = self.main_organizations[int(self.main_of_wijk[wijk])]
            service = self._add_nursing_team(
                rng,
                organization,
                title,
                f"Team {name}" + (f" {number}" if count[wijk] > 1 else ""),
                (sites.postcode[place], sites.lon[place], sites.lat[place]),
                wijk,
                is_main=True,
                opening_hours=ALL_DAY,
            )
            own[wijk].append(service)
        self.regular_of_wijk = [[] for _ in range(len(wijken))]
        with_team = np.flatnonzero(count)
        closest = with_team[nearest(wijken.km, wijken.km[with_team], 1)[:, 0]]
        for wijk in range(len(wijken)):
            teams = own.get(wijk) or own[int(closest[wijk])][:1]
            self.first_contact.append(teams[0])
            shop.cover(teams[0], ("wijk", wijk), NURSING, CoverageRole.FIRST_CONTACT, 1)
            for rank, service in enumerate(teams, start=1):
                shop.cover(service, ("wijk", wijk), NURSING, CoverageRole.REGULAR, rank)
                self.regular_of_wijk[wijk].append(service)
            self._add_coordinator(rng, teams[0], wijk)

    def _add_coordinator(
        self, rng: np.random.Generator, service: int, wijk: int
    ) -> None:
        """Give the wijk its coordinator for complex questions."""
        number, person = self.shop.phone(), self.shop.person(rng)
        for audience in (Audience.REFERRER, Audience.PROFESSIONAL):
            self.shop.add_contact(
                service,
                audience,
                ContactSystem.PHONE,
                number,
                purpose=ContactPurpose.COMPLEX_CARE,
                area=("wijk", wijk),
                person_name=person if audience is Audience.PROFESSIONAL else "",
            )

    def _make_small_providers(self) -> None:
        shop, ground, rng = self.shop, self.ground, self.shop.rng(3)
        wijken = ground.wijken
        teams = round(ground.people * per_inhabitant("nursing_teams"))
        organizations = round(ground.people * per_inhabitant("home_care_organizations"))
        count = max(3, organizations - len(self.main_organizations))
        sizes = np.maximum(1.0, rng.lognormal(0.0, 0.9, count))
        wanted = max(count, teams - len(self.team_services))
        team_counts = np.maximum(1, np.round(sizes / sizes.sum() * wanted))
        team_counts = team_counts.astype(np.int64)
        homes = shop.draw_wijken(
            rng, count, wijken.elderly**0.5 * wijken.people**0.5 + 1e-6
        )
        homes = rng.permutation(homes)
        stems = self._home_care_names(rng)
        names = unique(
            [
                f"{stems[place % len(stems)]} {self._gemeente_of(home)}"
                for place, home in enumerate(homes.tolist())
            ]
        )
        without = rng.random(count) < figure("share_without_contract")
        first = np.concatenate(([0], np.cumsum(team_counts)))
        # The n-th team of a provider sits in the n-th nearest wijk around its first.
        turn = np.arange(first[-1]) - np.repeat(first[:-1], team_counts)
        around = shop.near[np.repeat(homes, team_counts), turn % shop.near.shape[1]]
        sites = shop.sites(around, rng)
        reach = rng.integers(1, 6, first[-1])
        is_office = rng.random(first[-1]) < 0.4
        birds = shop.names["teams"]
        for small in range(count):
            name = names[small]
            organization = shop.add_organization(OrganizationType.HOME_CARE, name)
            insurers = (
                []
                if without[small]
                else sorted(
                    rng.choice(
                        INSURERS, int(rng.integers(3, 9)), replace=False
                    ).tolist()
                )
            )
            for place in range(int(first[small]), int(first[small + 1])):
                wijk = int(around[place])
                bird = birds[place % len(birds)]
                has_more = team_counts[small] > 1
                service = self._add_nursing_team(
                    rng,
                    organization,
                    f"{name}, team {bird}" if has_more else name,
                    f"Team {bird}",
                    (sites.postcode[place], sites.lon[place], sites.lat[place]),
                    wijk,
                    is_main=False,
                    opening_hours=OFFICE if is_office[place] else ALL_DAY,
                    insurers=insurers,
                )
                for covered in shop.near[wijk, : int(reach[place])].tolist():
                    rank = 5 if covered == wijk else 6
                    shop.cover(
                        service, ("wijk", covered), NURSING, CoverageRole.REGULAR, rank
                    )
                    self.regular_of_wijk[covered].append(service)

    def _add_nursing_team(
        self,
        rng: np.random.Generator,
        organization: int,
        name: str,
        team_name: str,
        site: tuple[str, float, float],
        home: int,
        *,
        is_main: bool,
        opening_hours: str,
        insurers: list[str] | None = None,
    ) -> int:
        shop = self.shop
        chances = rng.random(len(EXTRA_TASKS))
        extra = [
            task
            for (task, share), chance in zip(EXTRA_TASKS.items(), chances, strict=True)
            if chance < share + (0.15 if is_main else 0.0)
        ]
        spoken = rng.random(len(LANGUAGES))
        languages = [
            code
            for (code, share), chance in zip(LANGUAGES.items(), spoken, strict=True)
            if chance < share
        ]
        laws = [CareLaw.ZVW.value]
        if rng.random() < (0.95 if is_main else 0.6):
            laws.append(CareLaw.WLZ.value)
        if rng.random() < (0.5 if is_main else 0.3):
            laws.append(CareLaw.WMO.value)
        service = shop.add_service(
            organization,
            NURSING,
            name,
            site=site,
            opening_hours=opening_hours,
            is_open_on_holidays=opening_hours != OFFICE,
            tasks=[task.value for task in [*BASIC_TASKS, *extra]],
            languages=["nl", *languages],
            insurers=insurers,
            care_laws=laws,
        )
        nurses = int(rng.integers(2, 5))
        shop.add_team(
            service,
            team_name,
            {
                "district-nurse": nurses,
                "nurse": int(rng.integers(1, 4)),
                "carer": int(rng.integers(4, 10)),
                "care-assistant": int(rng.integers(0, 4)),
            },
        )
        self._add_team_contacts(service, organization, is_main=is_main)
        self.team_services.append(service)
        self.team_home.append(home)
        self.is_main.append(is_main)
        return service

    def _add_team_contacts(
        self, service: int, organization: int, *, is_main: bool
    ) -> None:
        shop, domain = self.shop, self.shop.domains[organization]
        shop.add_contact(service, Audience.RESIDENT, ContactSystem.PHONE, shop.phone())
        shop.add_contact(service, Audience.REFERRER, ContactSystem.PHONE, shop.phone())
        shop.add_contact(
            service,
            Audience.PROFESSIONAL,
            ContactSystem.PHONE,
            shop.mobile(),
            purpose=ContactPurpose.DUTY,
        )
        shop.add_contact(
            service,
            Audience.REFERRER,
            ContactSystem.EMAIL,
            f"team{service + 1}@{domain}",
        )
        if is_main:
            shop.add_contact(
                service,
                Audience.PROFESSIONAL,
                ContactSystem.FHIR,
                f"https://fhir.example.nl/{domain.removesuffix('.example.nl')}/r4",
                purpose=ContactPurpose.EXCHANGE,
            )

    def _leave_evening_gaps(self) -> None:
        """Leave a few wijken with office hours only, for the check to find."""
        shop, rng = self.shop, self.shop.rng(4)
        count = max(1, round(len(self.ground.wijken) * figure("share_evening_gaps")))
        served = Counter(self.first_contact)
        own = [
            wijk
            for wijk, service in enumerate(self.first_contact)
            if served[service] == 1 and self.own_teams[wijk] == 1
        ]
        self.gap_wijken = chosen = set(rng.permutation(own)[:count].tolist())
        services = shop.made.services
        for wijk in chosen:
            service = self.first_contact[wijk]
            services[service] = services[service]._replace(
                opening_hours=OFFICE, is_open_on_holidays=False
            )
        kept = [
            row
            for row in shop.made.coverages
            if not (
                row.area[0] == "wijk"
                and row.area[1] in chosen
                and services[row.service].opening_hours != OFFICE
            )
        ]
        shop.made.coverages[:] = kept

    def _make_back_ups(self) -> None:
        """Give each wijk two back-ups of other providers, nearest first."""
        shop, services = self.shop, self.shop.made.services
        long_hours = [
            (service, home)
            for service, home in zip(self.team_services, self.team_home, strict=True)
            if services[service].opening_hours == ALL_DAY
        ]
        homes = np.array([home for _service, home in long_hours])
        points = self.ground.wijken.km
        near = nearest(points, points[homes], 40)
        for wijk in range(len(self.ground.wijken)):
            if wijk in self.gap_wijken:
                continue
            taken = {services[self.first_contact[wijk]].organization}
            regular = set(self.regular_of_wijk[wijk])
            rank = 0
            for candidate in near[wijk].tolist():
                service = long_hours[candidate][0]
                organization = services[service].organization
                if organization in taken or service in regular:
                    continue
                taken.add(organization)
                rank += 1
                shop.cover(service, ("wijk", wijk), NURSING, CoverageRole.BACK_UP, rank)
                if rank == 2:
                    break

    # -- nights -------------------------------------------------------------------

    def _make_nights(self) -> None:
        ground, rng = self.ground, self.shop.rng(5)
        region_of = ground.region_of_wijk[RegionPurpose.NIGHT_CARE]
        for region in np.unique(region_of[region_of >= 0]).tolist():
            wijken = np.flatnonzero(region_of == region)
            people = ground.wijken.people[wijken]
            main = np.bincount(self.main_of_wijk[wijken], people).argmax()
            organization = self.main_organizations[int(main)]
            self._add_region_fallback(rng, region, organization, wijken)
            count = max(1, round(people.sum() / figure("inhabitants_per_night_route")))
            count = min(count, len(wijken))
            points = ground.wijken.km[wijken]
            centers = k_means(rng, points, people + 1.0, count)
            route = nearest_center(points, centers)
            for number in np.unique(route).tolist():
                self._add_route(rng, wijken[route == number])

    def _add_region_fallback(
        self, rng: np.random.Generator, region: int, organization: int, wijken: Ints
    ) -> None:
        shop, name = self.shop, self.ground.regions.names[region]
        sites = shop.sites(wijken[:1], rng)
        service = shop.add_service(
            organization,
            NURSING,
            f"Nachtteam regio {name}",
            site=(sites.postcode[0], sites.lon[0], sites.lat[0]),
            opening_hours=ALWAYS,
            is_open_on_holidays=True,
            tasks=[task.value for task in BASIC_TASKS],
            care_laws=[CareLaw.ZVW.value, CareLaw.WLZ.value],
        )
        shop.add_team(service, "Nachtteam regio", {"nurse": 2})
        self._add_team_contacts(service, organization, is_main=True)
        shop.cover(service, ("region", region), NURSING, CoverageRole.BACK_UP, 9)

    def _add_route(self, rng: np.random.Generator, wijken: Ints) -> None:
        shop, ground = self.shop, self.ground
        people = ground.wijken.people[wijken]
        largest = int(wijken[people.argmax()])
        main = np.bincount(self.main_of_wijk[wijken], people + 1.0).argmax()
        organization = self.main_organizations[int(main)]
        sites = shop.sites(np.array([largest]), rng)
        service = shop.add_service(
            organization,
            NURSING,
            f"Nachtzorg route {shop.wijk_name(largest)}",
            site=(sites.postcode[0], sites.lon[0], sites.lat[0]),
            # No opening hours: at night only who is on duty counts.
            opening_hours="[]",
            description="Onplanbare nachtzorg: iemand met dienst rijdt deze route.",
            tasks=[task.value for task in BASIC_TASKS],
            care_laws=[CareLaw.ZVW.value, CareLaw.WLZ.value],
        )
        shop.add_team(service, "Nachtteam", {"nurse": 3, "carer": 4})
        self._add_team_contacts(service, organization, is_main=True)
        self._add_duties(rng, service, wijken.tolist())

    def _add_duties(
        self, rng: np.random.Generator, service: int, wijken: list[int]
    ) -> None:
        """Fill the nights: the same nurse some nights in a row, a second behind."""
        shop = self.shop
        crew = [(shop.person(rng), shop.mobile()) for _ in range(5)]
        today = shop.at.astimezone(AMSTERDAM).date()
        nights = DUTY_DAYS_BEFORE + DUTY_DAYS_AFTER
        missing = rng.random(nights) < figure("share_night_gaps")
        has_second = rng.random(nights) < 0.9
        turn, stretch = int(rng.integers(5)), int(rng.integers(2, 5))
        for night in range(nights):
            if night % stretch == 0:
                turn += 1
            if missing[night] or self._is_planned_gap(service, night):
                continue
            evening = today + timedelta(days=night - DUTY_DAYS_BEFORE)
            start, end = night_of(evening)
            for rank in (1, 2) if has_second[night] else (1,):
                name, phone = crew[(turn + 2 * (rank - 1)) % 5]
                shop.made.duties.extend(
                    DutyRow(
                        service,
                        ("wijk", wijk),
                        NURSING.value,
                        rank,
                        name,
                        phone,
                        start,
                        end,
                    )
                    for wijk in wijken
                )

    def _is_planned_gap(self, service: int, night: int) -> bool:
        """Whether this is the night that the first route leaves open on purpose."""
        if self.first_route is None:
            self.first_route = service
        return service == self.first_route and night == DUTY_DAYS_BEFORE + 3


def night_of(evening: date) -> tuple[datetime, datetime]:
    """Return the moments a night begins and ends."""
    return (
        clock_moment(evening, DAY_END),
        clock_moment(evening + timedelta(days=1), DAY_START),
    )


def _joined(last: str) -> str:
    """Write Blauwzorg as one word, but Blauw thuiszorg as two."""
    return last if last == "zorg" else f" {last}"
