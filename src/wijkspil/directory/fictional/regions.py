"""Fictional regions for the purposes that no loaded file covers.

Open files tell which gemeente lies in which zorgkantoor region, but not who shares a
GP out-of-hours post or a night team. Those regions are then made here, of gemeenten
that lie together, and marked fictional.
"""

import numpy as np

from wijkspil.core.progress import Progress
from wijkspil.directory.fictional.calibration import figure
from wijkspil.directory.fictional.ground import read_ground
from wijkspil.directory.fictional.hexmap import Floats
from wijkspil.directory.fictional.landscape import k_means, nearest_center
from wijkspil.directory.fictional.store import extend_within, store_regions
from wijkspil.directory.types import RegionPurpose

_PEOPLE_PER_REGION = {
    RegionPurpose.ZORGKANTOOR: 560_000.0,
    RegionPurpose.RESV: 250_000.0,
    RegionPurpose.GP_OUT_OF_HOURS: figure("inhabitants_per_gp_post"),
    RegionPurpose.NIGHT_CARE: 100_000.0,
}
_TITLES = {
    RegionPurpose.ZORGKANTOOR: "Zorgkantoorregio {} (fictief)",
    RegionPurpose.RESV: "Eerstelijnssamenwerking {} (fictief)",
    RegionPurpose.GP_OUT_OF_HOURS: "Huisartsenspoedpost {} (fictief)",
    RegionPurpose.NIGHT_CARE: "Nachtzorg {} (fictief)",
}


def complete_regions(*, seed: int, progress: Progress) -> None:
    """Make regions for every purpose that has none, named after their largest town."""
    ground = read_ground()
    gemeenten = ground.gemeenten
    people: Floats = np.bincount(
        ground.wijk_gemeente, ground.wijken.people, len(gemeenten)
    ).astype(np.float64)
    made: list[int] = []
    for stage, (purpose, per_region) in enumerate(_PEOPLE_PER_REGION.items()):
        if (ground.region_of_wijk[purpose] >= 0).any():
            continue
        rng = np.random.default_rng([seed, 51, stage])
        count = min(max(1, round(people.sum() / per_region)), len(gemeenten))
        centers = k_means(rng, gemeenten.km, people + 1.0, count)
        near = nearest_center(gemeenten.km, centers)
        regions: list[tuple[str, str, list[int], int]] = []
        for number in np.unique(near).tolist():
            members = np.flatnonzero(near == number)
            town = gemeenten.names[int(members[people[members].argmax()])]
            regions.append(
                (
                    f"FICTIEF-{len(regions) + 1}",
                    _TITLES[purpose].format(town),
                    gemeenten.ids[members].tolist(),
                    int(people[members].sum()),
                )
            )
        made += store_regions(purpose, regions, progress)
    if made:
        extend_within(made)
