"""Invent everything on a ground: the one entry to the makers of rows.

Same seed, moment and ground: the same rows (see ``digest``).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.utils.translation import gettext as _

from wijkspil.core.progress import Progress
from wijkspil.directory.fictional.capacity import invent_capacity
from wijkspil.directory.fictional.ground import Ground
from wijkspil.directory.fictional.home_care import HomeCare
from wijkspil.directory.fictional.practices import (
    Practices,
    invent_practices,
)
from wijkspil.directory.fictional.rows import (
    AllianceMemberRow,
    AllianceRow,
    Invention,
)
from wijkspil.directory.fictional.workshop import Workshop
from wijkspil.directory.importing.locations import GpLocation
from wijkspil.directory.types import AllianceRole


def invent(
    ground: Ground,
    *,
    seed: int,
    at: datetime,
    supply: float,
    gp_locations: Sequence[GpLocation] | None,
    progress: Progress,
) -> Invention:
    """Return fictional providers, coverage, duty, room and alliances."""
    progress.start(_("Inventing providers"), 4)
    # Long enough ago that history pages have a past to show.
    made = Invention(valid_from=at - timedelta(days=120))
    shop = Workshop(seed=seed, at=at, ground=ground, made=made)
    home_care = HomeCare(shop)
    home_care.invent()
    progress.advance()
    practices = invent_practices(shop, gp_locations=gp_locations)
    progress.advance()
    invent_capacity(shop, home_care.team_services, supply=supply)
    progress.advance()
    _invent_alliances(shop, home_care, practices)
    progress.advance()
    return made


def digest(made: Invention) -> str:
    """Return a fingerprint of every invented row."""
    total = hashlib.sha256()
    for name, rows in made.tables().items():
        total.update(name.encode())
        for row in rows:
            total.update(repr(tuple(row)).encode())
    return total.hexdigest()


def _invent_alliances(
    shop: Workshop, home_care: HomeCare, practices: Practices
) -> None:
    """Bind GP, district nurse, pharmacist and social domain per one or two wijken."""
    ground, rng = shop.ground, shop.rng(41)
    in_wijk = {
        role: _by_wijk(services, wijken)
        for role, services, wijken in (
            (AllianceRole.GP, practices.gp, practices.gp_wijk),
            (AllianceRole.PHARMACIST, practices.pharmacy, practices.pharmacy_wijk),
            (AllianceRole.PARAMEDIC, practices.paramedical, practices.paramedical_wijk),
        )
    }
    known = [wijken for _area, wijken in ground.alliances]
    for number, group in enumerate(known or alliance_groups(shop)):
        title = " en ".join(shop.wijk_name(wijk) for wijk in group)
        shop.made.alliances.append(
            AllianceRow(
                name=f"Wijkverband {title}"[:120],
                wijken=group,
                known=number if known else None,
                complex_care_name=f"{shop.person(rng)}, wijkverpleegkundige",
                complex_care_phone=shop.phone(),
            )
        )
        chosen: list[tuple[int, AllianceRole]] = []
        for wijk in group:
            chosen.append((home_care.first_contact[wijk], AllianceRole.DISTRICT_NURSE))
            chosen.append((practices.social_of_wijk[wijk], AllianceRole.SOCIAL_DOMAIN))
        for role, most in (
            (AllianceRole.GP, 4),
            (AllianceRole.PHARMACIST, 2),
            (AllianceRole.PARAMEDIC, 3),
        ):
            chosen.extend(
                (service, role) for service in _around(shop, in_wijk[role], group, most)
            )
        shop.made.alliance_members.extend(
            AllianceMemberRow(number, service, role.value)
            for service, role in dict.fromkeys(chosen)
        )


def alliance_groups(shop: Workshop) -> list[list[int]]:
    """Return the wijken per alliance; where hardly anybody lives there is none."""
    people = shop.ground.wijken.people
    return [group for group in shop.groups() if people[group].sum() >= 500]


def _by_wijk(services: list[int], wijken: np.ndarray) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for service, wijk in zip(services, wijken.tolist(), strict=True):
        found.setdefault(wijk, []).append(service)
    return found


def _around(
    shop: Workshop, by_wijk: dict[int, list[int]], group: list[int], most: int
) -> list[int]:
    """Return services in the wijken, else in the nearest wijk that has any."""
    inside = [service for wijk in group for service in by_wijk.get(wijk, [])]
    if inside:
        return inside[:most]
    for wijk in shop.near[group[0]].tolist():
        if wijk in by_wijk:
            return by_wijk[wijk][:1]
    return []
