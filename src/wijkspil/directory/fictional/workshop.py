"""What every maker of fictional rows needs: names, numbers, places to sit.

Numbers cannot belong to anybody, each for a reason given in
``docs/algorithms/fictional-region.md``: area code 0119 and mobile numbers from 06-0
are not in the numbering plan; AGB and URA from 99 and KvK from 00 are not given out.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from wijkspil.directory.fictional.geography import load_names
from wijkspil.directory.fictional.ground import Ground, to_km
from wijkspil.directory.fictional.hexmap import Floats, Ints
from wijkspil.directory.fictional.pairing import nearest, pair_wijken
from wijkspil.directory.fictional.rows import (
    AreaPlace,
    ContactRow,
    CoverageRow,
    Invention,
    OrganizationRow,
    ServiceRow,
    TeamRow,
)
from wijkspil.directory.types import (
    WEEKDAYS,
    Audience,
    Care,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    OrganizationType,
)

EVERY_DAY = list(WEEKDAYS)
WORKING_DAYS = list(WEEKDAYS[:5])
WEEKEND = list(WEEKDAYS[5:])

#: Insurers in the fictional region, by UZOVI-like codes.
INSURERS = ("9981", "9982", "9983", "9984", "9985", "9986", "9987", "9988")

#: Nearest wijken looked at for coverage and back-ups.
NEAREST = 10


def hours(*lines: tuple[Sequence[str], str, str]) -> str:
    """Return opening hours as JSON from (days, from, until) lines."""
    return json.dumps(
        [{"days": list(days), "from": a, "until": b} for days, a, b in lines]
    )


OFFICE = hours((WORKING_DAYS, "08:00", "17:00"))
ALWAYS = hours((EVERY_DAY, "00:00", "24:00"))


def slug(text: str) -> str:
    """Return text as it can stand in a host name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:50]


@dataclass(frozen=True, eq=False)
class Sites:
    """Where services sit: postcode and point per service."""

    postcode: list[str]
    lon: list[float]
    lat: list[float]


@dataclass(eq=False)
class Workshop:
    """Collects rows in ``made`` and hands out names, numbers and places."""

    seed: int
    at: datetime
    ground: Ground
    made: Invention
    near: Ints = field(init=False)  # (n_wijken, k) nearest wijken, itself first
    names: dict[str, Any] = field(init=False)
    domains: list[str] = field(init=False, default_factory=list)
    _numbers: dict[str, int] = field(init=False, default_factory=dict)
    _used_domains: set[str] = field(init=False, default_factory=set)
    _sites: tuple[Ints, Ints] = field(init=False)

    def __post_init__(self) -> None:
        self.names = load_names()
        self.near = nearest(self.ground.wijken.km, self.ground.wijken.km, NEAREST)
        count = np.arange(len(self.ground.wijken) + 1)
        order = np.argsort(self.ground.pc6_wijk, kind="stable")
        self._sites = (order, np.searchsorted(self.ground.pc6_wijk[order], count))

    def groups(self) -> list[list[int]]:
        """Return the wijken by one or two, as they share a team or an alliance."""
        return list(
            pair_wijken(
                near=self.near,
                people=self.ground.wijken.people,
                gemeente=self.ground.wijk_gemeente,
            )
        )

    def rng(self, *stage: int) -> np.random.Generator:
        """Return a stream of its own per stage: one stage never shifts another."""
        return np.random.default_rng([self.seed, *stage])

    # -- numbers ------------------------------------------------------------------

    def _next(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def phone(self) -> str:
        """Return the next land line number."""
        return f"0119-{self._next('phone') % 1_000_000:06d}"

    def mobile(self) -> str:
        """Return the next mobile number."""
        return f"06-0{self._next('mobile') % 10_000_000:07d}"

    def wijk_name(self, wijk: int) -> str:
        """Return a wijk's name without the number that CBS writes before some."""
        name = self.ground.wijken.names[wijk]
        return re.sub(r"^Wijk \d+ (?=\S)", "", name)

    def person(self, rng: np.random.Generator) -> str:
        """Return an invented name."""
        given, family = self.names["given_names"], self.names["family_names"]
        return (
            f"{given[int(rng.integers(len(given)))]} "
            f"{family[int(rng.integers(len(family)))]}"
        )

    # -- places -------------------------------------------------------------------

    def sites(self, wijken: Ints, rng: np.random.Generator) -> Sites:
        """Return a postcode and a point in each of the wijken."""
        ground = self.ground
        order, first = self._sites
        known = first[wijken + 1] - first[wijken]
        chance = rng.random(len(wijken))
        pick = first[wijken] + (chance * known).astype(np.int64)
        pc6 = order[np.minimum(pick, max(len(order) - 1, 0))] if len(order) else pick
        spread = rng.normal(0, 0.003, (2, len(wijken)))
        postcode: list[str] = []
        lon: list[float] = []
        lat: list[float] = []
        for place, wijk in enumerate(wijken.tolist()):
            if known[place]:
                number = int(pc6[place])
                postcode.append(ground.pc6.codes[number])
                lon.append(float(ground.pc6.lon[number]))
                lat.append(float(ground.pc6.lat[number]))
            else:
                postcode.append("")
                lon.append(round(float(ground.wijken.lon[wijk] + spread[0, place]), 5))
                lat.append(
                    round(float(ground.wijken.lat[wijk] + 0.6 * spread[1, place]), 5)
                )
        return Sites(postcode, lon, lat)

    def draw_wijken(
        self, rng: np.random.Generator, count: int, weights: Floats
    ) -> Ints:
        """Return ``count`` wijken, evenly by weight (systematic sampling)."""
        total = np.cumsum(weights) / weights.sum()
        marks = (np.arange(count) + rng.random()) / count
        return np.searchsorted(total, marks).clip(0, len(weights) - 1)

    # -- rows ---------------------------------------------------------------------

    def add_organization(
        self, kind: OrganizationType, name: str, *, has_agb: bool = True
    ) -> int:
        """Add an organization and return its number."""
        number = self._next("organization")
        domain = slug(name)
        if domain in self._used_domains:
            domain = f"{domain}-{number}"
        self._used_domains.add(domain)
        self.domains.append(f"{domain}.example.nl")
        self.made.organizations.append(
            OrganizationRow(
                name=name,
                type=kind.value,
                agb_code=f"99{number:06d}" if has_agb else "",
                ura=f"99{number:06d}" if has_agb else "",
                kvk_number=f"00{number:06d}",
            )
        )
        return len(self.made.organizations) - 1

    def add_service(
        self,
        organization: int,
        care: Care,
        name: str,
        *,
        site: tuple[str, float, float],
        opening_hours: str,
        is_open_on_holidays: bool = False,
        description: str = "",
        specialty: str = "",
        tasks: list[str] | None = None,
        languages: list[str] | None = None,
        insurers: list[str] | None = None,
        care_laws: list[str] | None = None,
    ) -> int:
        """Add a service and return its number."""
        self.made.services.append(
            ServiceRow(
                organization=organization,
                care=care.value,
                name=name,
                description=description,
                specialty=specialty,
                tasks=tasks or [],
                languages=languages or ["nl"],
                insurers=list(INSURERS) if insurers is None else insurers,
                care_laws=care_laws or [],
                opening_hours=opening_hours,
                is_open_on_holidays=is_open_on_holidays,
                postcode=site[0],
                lon=site[1],
                lat=site[2],
            )
        )
        return len(self.made.services) - 1

    def add_team(self, service: int, name: str, composition: dict[str, int]) -> None:
        """Add the team of a service."""
        self.made.teams.append(TeamRow(service, name, json.dumps(composition)))

    def cover(
        self, service: int, area: AreaPlace, care: Care, role: CoverageRole, rank: int
    ) -> None:
        """Give a service a part in an area."""
        self.made.coverages.append(
            CoverageRow(service, area, care.value, role.value, rank)
        )

    def add_contact(
        self,
        service: int,
        audience: Audience,
        system: ContactSystem,
        value: str,
        *,
        purpose: ContactPurpose = ContactPurpose.GENERAL,
        area: AreaPlace | None = None,
        person_name: str = "",
    ) -> None:
        """Add a number or address."""
        self.made.contacts.append(
            ContactRow(
                service,
                area,
                audience.value,
                purpose.value,
                system.value,
                value,
                person_name,
            )
        )


def unique(titles: Sequence[str]) -> list[str]:
    """Number titles that occur more than once: De Linde, De Linde 2, ..."""
    seen: dict[str, int] = {}
    result = []
    for title in titles:
        seen[title] = seen.get(title, 0) + 1
        result.append(title if seen[title] == 1 else f"{title} {seen[title]}")
    return result


def points_km(sites: Sites) -> Floats:
    """Return the points of sites on a flat map."""
    return to_km(np.array(sites.lon), np.array(sites.lat))
