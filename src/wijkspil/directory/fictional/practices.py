"""Everyone around district nursing: GP practices, pharmacies, social teams and others.

Practices sit where people live; GP practices at given locations where those are
known. How many there are follows ``calibration.yaml``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from wijkspil.directory.fictional.calibration import (
    figure,
    load_calibration,
    per_inhabitant,
)
from wijkspil.directory.fictional.ground import to_km
from wijkspil.directory.fictional.hexmap import Floats, Ints
from wijkspil.directory.fictional.landscape import k_means, nearest_center
from wijkspil.directory.fictional.pairing import nearest
from wijkspil.directory.fictional.rows import AreaPlace, DutyRow
from wijkspil.directory.fictional.workshop import (
    ALWAYS,
    EVERY_DAY,
    INSURERS,
    OFFICE,
    WEEKEND,
    WORKING_DAYS,
    Sites,
    Workshop,
    hours,
    points_km,
    unique,
)
from wijkspil.directory.importing.locations import GpLocation
from wijkspil.directory.opening_hours import AMSTERDAM, clock_moment, dutch_holidays
from wijkspil.directory.types import (
    Audience,
    Care,
    CareLaw,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    OrganizationType,
    RegionPurpose,
)

REGULAR = CoverageRole.REGULAR
PHARMACY_HOURS = hours((WORKING_DAYS, "08:00", "18:00"), (["sat"], "09:00", "13:00"))
PARAMEDICAL_HOURS = hours((WORKING_DAYS, "08:00", "18:00"))
EVENING_HOURS = hours(
    (["mon", "wed", "fri"], "08:00", "18:00"), (["tue", "thu"], "08:00", "21:00")
)
#: Evenings, nights and weekends; holidays by day are kept as duty periods.
POST_HOURS = hours(
    (WORKING_DAYS, "00:00", "08:00"),
    (WORKING_DAYS, "17:00", "24:00"),
    (WEEKEND, "00:00", "24:00"),
)
#: Kind of a listed location that is an out-of-hours post rather than a practice.
POST_KIND = "mogelijk_huisartsenpost"
DESK_HOURS = hours((WORKING_DAYS, "08:00", "18:00"), (WEEKEND, "09:00", "17:00"))


@dataclass(frozen=True)
class Practices:
    """Service numbers by kind, with the wijk each sits in."""

    gp: list[int]
    gp_wijk: Ints
    pharmacy: list[int]
    pharmacy_wijk: Ints
    paramedical: list[int]
    paramedical_wijk: Ints
    social_of_wijk: list[int]
    coordination: list[int]
    temporary_stay: list[int]


def invent_practices(
    shop: Workshop, *, gp_locations: Sequence[GpLocation] | None
) -> Practices:
    """Make all practices and desks and what they cover."""
    gp, gp_wijk = _gp_practices(shop, gp_locations)
    pharmacy, pharmacy_wijk = _pharmacies(shop)
    social = _social_teams(shop)
    _hospitals(shop)
    posts = _gp_posts(shop)
    stay = _temporary_stay(shop)
    coordination = _coordination(shop)
    paramedical, paramedical_wijk = _paramedical(shop)
    _pharmacy_duty(shop, posts, pharmacy, pharmacy_wijk)
    return Practices(
        gp=gp,
        gp_wijk=gp_wijk,
        pharmacy=pharmacy,
        pharmacy_wijk=pharmacy_wijk,
        paramedical=paramedical,
        paramedical_wijk=paramedical_wijk,
        social_of_wijk=social,
        coordination=coordination,
        temporary_stay=stay,
    )


def _titles(
    shop: Workshop, words: Sequence[str], rng: np.random.Generator, count: int
) -> list[str]:
    order = [rng.permutation(len(words)) for _ in range(count // len(words) + 1)]
    return [words[int(n)] for turn in order for n in turn][:count]


def _gemeente_name(shop: Workshop, wijk: int) -> str:
    return shop.ground.gemeenten.names[int(shop.ground.wijk_gemeente[wijk])]


def _gp_practices(
    shop: Workshop, gp_locations: Sequence[GpLocation] | None
) -> tuple[list[int], Ints]:
    ground, rng = shop.ground, shop.rng(11)
    if gp_locations:
        wijken, sites = _known_sites(shop, gp_locations)
    else:
        count = max(1, round(ground.people / figure("inhabitants_per_gp_practice")))
        wijken = shop.draw_wijken(rng, count, ground.wijken.people + 1e-6)
        sites = shop.sites(wijken, rng)
    count = len(wijken)
    names = unique(
        [
            f"Huisartsenpraktijk {word} {_gemeente_name(shop, wijk)}"
            for word, wijk in zip(
                _titles(shop, shop.names["gp_practice"], rng, count),
                wijken.tolist(),
                strict=True,
            )
        ]
    )
    areas = _areas_around(shop, points_km(sites), wijken)
    services = []
    for place, name in enumerate(names):
        organization = shop.add_organization(OrganizationType.GP_PRACTICE, name)
        service = shop.add_service(
            organization,
            Care.GP_CARE,
            name,
            site=_site(sites, place),
            opening_hours=OFFICE,
            languages=["nl", "en"] if rng.random() < 0.7 else ["nl"],
            care_laws=[CareLaw.ZVW.value],
        )
        _front_desk(shop, service, organization, "praktijk")
        for rank, area in enumerate(areas[place], start=1):
            shop.cover(service, area, Care.GP_CARE, REGULAR, rank)
        services.append(service)
    return services, wijken


def _known_sites(
    shop: Workshop, gp_locations: Sequence[GpLocation]
) -> tuple[Ints, Sites]:
    """Sit practices where they are; those outside the ground are left out."""
    ground = shop.ground
    wijk_of_pc4 = dict(zip(ground.pc4.codes, ground.pc4_wijk.tolist(), strict=True))
    wijk_of_pc6 = dict(zip(ground.pc6.codes, ground.pc6_wijk.tolist(), strict=True))
    here = [
        (wijk_of_pc6.get(at.pc6, wijk_of_pc4.get(at.pc4)), at)
        for at in gp_locations
        if at.kind != POST_KIND
    ]
    kept = [(wijk, at) for wijk, at in here if wijk is not None]
    # Most points are that of the PC4: without a spread practices hide each other.
    spread = shop.rng(20).normal(0, 0.003, (len(kept), 2))
    points = [
        (at.lon, at.lat)
        if at.is_exact
        else (round(at.lon + float(east), 5), round(at.lat + 0.6 * float(north), 5))
        for (_wijk, at), (east, north) in zip(kept, spread, strict=True)
    ]
    return np.array([wijk for wijk, _at in kept], dtype=np.int64), Sites(
        [at.pc6 or at.pc4 for _wijk, at in kept],
        [lon for lon, _lat in points],
        [lat for _lon, lat in points],
    )


def _areas_around(
    shop: Workshop, points: Floats, wijken: Ints
) -> list[list[AreaPlace]]:
    """Return what a practice serves: its PC4 and those next to it, else wijken."""
    ground = shop.ground
    known = np.flatnonzero(np.isfinite(ground.pc4.lon))
    if not len(known):
        return [
            [("wijk", near) for near in shop.near[wijk, :3].tolist()]
            for wijk in wijken.tolist()
        ]
    pc4_km = to_km(ground.pc4.lon[known], ground.pc4.lat[known])
    near = nearest(points, pc4_km, 4)
    away = np.hypot(*(pc4_km[near] - points[:, None, :]).transpose(2, 0, 1))
    return [
        [
            ("pc4", int(known[pc4]))
            for rank, (pc4, km) in enumerate(zip(row, kms, strict=True))
            if rank == 0 or km < 4.0
        ]
        for row, kms in zip(near.tolist(), away.tolist(), strict=True)
    ]


def _site(sites: Sites, place: int) -> tuple[str, float, float]:
    return sites.postcode[place], sites.lon[place], sites.lat[place]


def _front_desk(shop: Workshop, service: int, organization: int, mailbox: str) -> None:
    """Give a practice its number for residents, for referrers, and its mailbox."""
    domain = shop.domains[organization]
    for audience, system, value in (
        (Audience.RESIDENT, ContactSystem.PHONE, shop.phone()),
        (Audience.REFERRER, ContactSystem.PHONE, shop.phone()),
        (Audience.RESIDENT, ContactSystem.WEB, f"https://www.{domain}/"),
        (Audience.REFERRER, ContactSystem.EMAIL, f"{mailbox}@{domain}"),
    ):
        shop.add_contact(service, audience, system, value)


def _pharmacies(shop: Workshop) -> tuple[list[int], Ints]:
    ground, rng = shop.ground, shop.rng(12)
    count = max(1, round(ground.people * per_inhabitant("pharmacies")))
    wijken = shop.draw_wijken(rng, count, ground.wijken.people + 1e-6)
    sites = shop.sites(wijken, rng)
    names = unique(
        [
            f"Apotheek {word} {_gemeente_name(shop, wijk)}"
            for word, wijk in zip(
                _titles(shop, shop.names["pharmacy"], rng, count),
                wijken.tolist(),
                strict=True,
            )
        ]
    )
    services = []
    for place, name in enumerate(names):
        organization = shop.add_organization(OrganizationType.PHARMACY, name)
        service = shop.add_service(
            organization,
            Care.PHARMACY,
            name,
            site=_site(sites, place),
            opening_hours=PHARMACY_HOURS,
            care_laws=[CareLaw.ZVW.value],
        )
        _front_desk(shop, service, organization, "apotheek")
        services.append(service)
    _cover_nearest(shop, services, points_km(sites), wijken, Care.PHARMACY, own=3)
    return services, wijken


def _cover_nearest(
    shop: Workshop,
    services: list[int],
    points: Floats,
    wijken: Ints,
    care: Care,
    *,
    own: int,
) -> None:
    """Let each service cover its own and the next wijken, and leave no wijk without."""
    covered = np.zeros(len(shop.ground.wijken), dtype=bool)
    for service, wijk in zip(services, wijken.tolist(), strict=True):
        for rank, near in enumerate(shop.near[wijk, :own].tolist(), start=1):
            shop.cover(service, ("wijk", near), care, REGULAR, rank)
            covered[near] = True
    bare = np.flatnonzero(~covered)
    if len(bare):
        closest = nearest(shop.ground.wijken.km[bare], points, 1)[:, 0]
        for wijk, place in zip(bare.tolist(), closest.tolist(), strict=True):
            shop.cover(services[place], ("wijk", wijk), care, REGULAR, own + 1)


def _pharmacy_duty(
    shop: Workshop, posts: "list[_Post]", services: list[int], wijken: Ints
) -> None:
    """Give the gemeenten around every GP post a pharmacy for the weekend, in turn."""
    ground, rng = shop.ground, shop.rng(13)
    today = shop.at.astimezone(AMSTERDAM).date()
    monday = today - timedelta(days=today.weekday() + 7)
    fridays = [monday + timedelta(days=7 * week + 4) for week in range(6)]
    of_gemeente: dict[int, list[int]] = {}
    for service, wijk in zip(services, wijken.tolist(), strict=True):
        of_gemeente.setdefault(int(ground.wijk_gemeente[wijk]), []).append(service)
    for post in posts:
        here = [
            service
            for gemeente in post.gemeenten
            for service in of_gemeente.get(gemeente, [])
        ]
        if not here:
            continue
        people = [(shop.person(rng), shop.mobile()) for _ in here[:8]]
        for turn, friday in enumerate(fridays):
            chosen = turn % len(people)
            name, phone = people[chosen]
            shop.made.duties.extend(
                DutyRow(
                    here[chosen],
                    ("gemeente", gemeente),
                    Care.PHARMACY.value,
                    1,
                    name,
                    phone,
                    clock_moment(friday, "18:00"),
                    clock_moment(friday + timedelta(days=3), "08:00"),
                )
                for gemeente in post.gemeenten
            )


def _social_teams(shop: Workshop) -> list[int]:
    """One organization per gemeente, one team per one or two wijken."""
    ground, rng = shop.ground, shop.rng(14)
    of_wijk = [-1] * len(ground.wijken)
    organizations: dict[int, int] = {}
    for group in shop.groups():
        gemeente = int(ground.wijk_gemeente[group[0]])
        if gemeente not in organizations:
            organizations[gemeente] = shop.add_organization(
                OrganizationType.SOCIAL_TEAM,
                f"Sociaal wijkteam {ground.gemeenten.names[gemeente]}",
                has_agb=False,
            )
        title = " en ".join(shop.wijk_name(wijk) for wijk in group)
        sites = shop.sites(np.array(group[:1]), rng)
        service = shop.add_service(
            organizations[gemeente],
            Care.SOCIAL_SUPPORT,
            f"Sociaal wijkteam {title}",
            site=_site(sites, 0),
            opening_hours=OFFICE,
            insurers=[],
            care_laws=[CareLaw.WMO.value],
        )
        shop.add_team(
            service,
            f"Sociaal team {title}"[:120],
            {"social-worker": int(rng.integers(3, 9))},
        )
        _front_desk(shop, service, organizations[gemeente], "wijkteam")
        for wijk in group:
            of_wijk[wijk] = service
            for role in (CoverageRole.FIRST_CONTACT, REGULAR):
                shop.cover(service, ("wijk", wijk), Care.SOCIAL_SUPPORT, role, 1)
    return of_wijk


def _hospitals(shop: Workshop) -> None:
    ground, rng = shop.ground, shop.rng(15)
    count = max(1, round(ground.people * per_inhabitant("hospital_transfer_desks")))
    count = min(count, len(ground.gemeenten))
    order = np.argsort(-ground.gemeenten.people, kind="stable")[:count]
    homes = np.array(
        [
            np.flatnonzero(ground.wijk_gemeente == gemeente)[0]
            for gemeente in order.tolist()
        ]
    )
    sites = shop.sites(homes, rng)
    words = _titles(shop, shop.names["hospital"], rng, count)
    services = []
    for place, gemeente in enumerate(order.tolist()):
        name = words[place]
        if count > 1:
            name = f"{name} {ground.gemeenten.names[gemeente]}"
        organization = shop.add_organization(OrganizationType.HOSPITAL, name)
        service = shop.add_service(
            organization,
            Care.HOSPITAL_TRANSFER,
            f"Transferbureau {name}",
            site=_site(sites, place),
            opening_hours=DESK_HOURS,
            is_open_on_holidays=True,
            care_laws=[CareLaw.ZVW.value],
        )
        _front_desk(shop, service, organization, "transfer")
        services.append(service)
    near = nearest(ground.gemeenten.km, points_km(sites), min(2, count))
    for gemeente, row in enumerate(near.tolist()):
        for rank, place in enumerate(row, start=1):
            shop.cover(
                services[place],
                ("gemeente", gemeente),
                Care.HOSPITAL_TRANSFER,
                REGULAR,
                rank,
            )


def _region_wijken(shop: Workshop, purpose: RegionPurpose) -> list[tuple[int, Ints]]:
    region_of = shop.ground.region_of_wijk[purpose]
    return [
        (region, np.flatnonzero(region_of == region))
        for region in np.unique(region_of[region_of >= 0]).tolist()
    ]


@dataclass(frozen=True)
class _Post:
    """A GP out-of-hours post and the gemeenten it is for."""

    service: int
    gemeenten: list[int]


def _gp_posts(shop: Workshop) -> list[_Post]:
    """Make one cooperative per region, with a post per 150,000 inhabitants."""
    ground, rng = shop.ground, shop.rng(16)
    posts: list[_Post] = []
    for region, wijken in _region_wijken(shop, RegionPurpose.GP_OUT_OF_HOURS):
        name = ground.regions.names[region]
        organization = shop.add_organization(
            OrganizationType.GP_COOPERATIVE, f"Huisartsencoöperatie {name}"
        )
        gemeenten = np.unique(ground.wijk_gemeente[wijken])
        people = ground.gemeenten.people[gemeenten]
        count = max(1, round(people.sum() / figure("inhabitants_per_gp_post")))
        points = ground.gemeenten.km[gemeenten]
        centers = k_means(rng, points, people + 1.0, min(count, len(gemeenten)))
        near = nearest_center(points, centers)
        for number in np.unique(near).tolist():
            here = gemeenten[near == number]
            town = int(here[people[near == number].argmax()])
            members = wijken[ground.wijk_gemeente[wijken] == town]
            home = members[[ground.wijken.people[members].argmax()]]
            sites = shop.sites(home, rng)
            service = shop.add_service(
                organization,
                Care.GP_OUT_OF_HOURS,
                f"Huisartsenspoedpost {ground.gemeenten.names[town]}",
                site=_site(sites, 0),
                opening_hours=POST_HOURS,
                is_open_on_holidays=True,
                languages=["nl", "en"],
                care_laws=[CareLaw.ZVW.value],
            )
            _front_desk(shop, service, organization, "spoedpost")
            posts.append(_Post(service, here.tolist()))
            # By gemeente rather than by region: it is the regular post there, not a
            # fallback for a region.
            for gemeente in here.tolist():
                shop.cover(
                    service, ("gemeente", gemeente), Care.GP_OUT_OF_HOURS, REGULAR, 1
                )
            _holiday_duties(shop, rng, posts[-1])
    return posts


def _holiday_duties(shop: Workshop, rng: np.random.Generator, post: _Post) -> None:
    """Open the post by day on holidays, which its weekly hours cannot say."""
    for day in coming_holidays(shop.at.astimezone(AMSTERDAM).date()):
        person, phone = shop.person(rng), shop.mobile()
        shop.made.duties.extend(
            DutyRow(
                post.service,
                ("gemeente", gemeente),
                Care.GP_OUT_OF_HOURS.value,
                1,
                person,
                phone,
                clock_moment(day, "08:00"),
                clock_moment(day, "17:00"),
            )
            for gemeente in post.gemeenten
        )


def coming_holidays(today: date) -> list[date]:
    """Return the public holidays on weekdays in the weeks that have duties."""
    days = [today + timedelta(days=number) for number in range(-7, 29)]
    feasts = dutch_holidays({day.year for day in days})
    return [day for day in days if day in feasts and day.weekday() < 5]


def _temporary_stay(shop: Workshop) -> list[int]:
    ground, rng = shop.ground, shop.rng(17)
    count = max(1, round(ground.people * per_inhabitant("temporary_stay")))
    wijken = shop.draw_wijken(rng, count, ground.wijken.elderly + 1e-6)
    sites = shop.sites(wijken, rng)
    names = unique(
        [
            f"{word}, {_gemeente_name(shop, wijk)}"
            for word, wijk in zip(
                _titles(shop, shop.names["care_home"], rng, count),
                wijken.tolist(),
                strict=True,
            )
        ]
    )
    services = []
    for place, name in enumerate(names):
        organization = shop.add_organization(OrganizationType.CARE_HOME, name)
        service = shop.add_service(
            organization,
            Care.TEMPORARY_STAY,
            f"Tijdelijk verblijf {name}",
            site=_site(sites, place),
            opening_hours=hours((EVERY_DAY, "08:00", "20:00")),
            is_open_on_holidays=True,
            care_laws=[CareLaw.ZVW.value, CareLaw.WLZ.value],
        )
        _front_desk(shop, service, organization, "opname")
        services.append(service)
    near = nearest(ground.gemeenten.km, points_km(sites), min(3, count))
    for gemeente, row in enumerate(near.tolist()):
        for rank, place in enumerate(row, start=1):
            shop.cover(
                services[place],
                ("gemeente", gemeente),
                Care.TEMPORARY_STAY,
                REGULAR,
                rank,
            )
    return services


def _coordination(shop: Workshop) -> list[int]:
    ground, rng = shop.ground, shop.rng(18)
    services = []
    for region, wijken in _region_wijken(shop, RegionPurpose.ZORGKANTOOR):
        name = ground.regions.names[region]
        organization = shop.add_organization(
            OrganizationType.COORDINATION, f"Zorgcoördinatie {name}", has_agb=False
        )
        sites = shop.sites(wijken[[ground.wijken.people[wijken].argmax()]], rng)
        service = shop.add_service(
            organization,
            Care.COORDINATION,
            f"Coördinatiepunt {name}",
            site=_site(sites, 0),
            opening_hours=ALWAYS,
            is_open_on_holidays=True,
            languages=["nl", "en"],
            insurers=list(INSURERS),
        )
        _front_desk(shop, service, organization, "coordinatie")
        shop.add_contact(
            service,
            Audience.PROFESSIONAL,
            ContactSystem.PHONE,
            shop.mobile(),
            purpose=ContactPurpose.DUTY,
        )
        shop.cover(service, ("region", region), Care.COORDINATION, REGULAR, 1)
        services.append(service)
    return services


_PARAMEDICAL_TITLES = {
    "physiotherapy": "Fysiotherapie",
    "speech-therapy": "Logopedie",
    "dietetics": "Diëtistenpraktijk",
    "occupational-therapy": "Ergotherapie",
    "exercise-therapy": "Oefentherapie",
    "podiatry": "Podotherapie",
}


def _paramedical(shop: Workshop) -> tuple[list[int], Ints]:
    """Fill up to the known number of organizations with paramedical practices."""
    ground, rng = shop.ground, shop.rng(19)
    wanted = round(ground.people * per_inhabitant("organizations"))
    count = max(3, wanted - len(shop.made.organizations))
    shares = load_calibration()["paramedical_specialties"]["value"]
    kinds = list(shares)
    weights = np.array(list(shares.values()))
    kind = rng.choice(len(kinds), count, p=weights / weights.sum())
    wijken = shop.draw_wijken(rng, count, ground.wijken.people + 1e-6)
    sites = shop.sites(wijken, rng)
    words = _titles(shop, shop.names["paramedical"], rng, count)
    names = unique(
        [
            f"{_PARAMEDICAL_TITLES[kinds[k]]} {word} {_gemeente_name(shop, wijk)}"
            for k, word, wijk in zip(kind.tolist(), words, wijken.tolist(), strict=True)
        ]
    )
    reach = rng.integers(1, 4, count)
    late = rng.random(count) < 0.3
    services = []
    for place, name in enumerate(names):
        organization = shop.add_organization(
            OrganizationType.PARAMEDICAL_PRACTICE, name
        )
        service = shop.add_service(
            organization,
            Care.PARAMEDICAL_CARE,
            name,
            site=_site(sites, place),
            specialty=kinds[int(kind[place])],
            opening_hours=EVENING_HOURS if late[place] else PARAMEDICAL_HOURS,
            care_laws=[CareLaw.ZVW.value],
        )
        _front_desk(shop, service, organization, "praktijk")
        home = int(wijken[place])
        for rank, wijk in enumerate(
            shop.near[home, : int(reach[place])].tolist(), start=1
        ):
            shop.cover(service, ("wijk", wijk), Care.PARAMEDICAL_CARE, REGULAR, rank)
        services.append(service)
    return services, wijken
