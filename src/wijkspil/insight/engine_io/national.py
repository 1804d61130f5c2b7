"""National rates where a region has none of its own: derived figures, with sources.

Bands are ``types.AGE_BANDS``; rows are men and women. Nothing here is a copy of a
publisher's table: each is fitted to one, and says how. Mortality is fitted so that the
engine, in single years and with the mortality improvement of the shipped base (1.5 % a
year), gives the number of people by age that the UN projects for the Netherlands (2025
to 2040; need of care by age within 1.2 %).
"""

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.insight.types import Assumption

Floats = NDArray[np.float64]


def _fixed(values: list[list[float]] | list[float]) -> Floats:
    made = np.array(values, dtype=np.float64)
    made.flags.writeable = False
    return made


#: (2, 20) chance a year to die, fitted to UN World Population Prospects 2019.
MORTALITY = _fixed(
    [
        [
            0.0007, 0.0001, 0.0001, 0.0002, 0.0002, 0.00029, 0.00047, 0.00076,
            0.00122, 0.00198, 0.00314, 0.00501, 0.00821, 0.01281, 0.02088, 0.04034,
            0.06663, 0.14076, 0.20038, 0.38373,
        ],
        [
            0.0007, 0.0001, 0.0001, 0.0002, 0.0002, 0.0002, 0.00028, 0.00045,
            0.00072, 0.00117, 0.00189, 0.00305, 0.00487, 0.00778, 0.01355, 0.02947,
            0.05098, 0.12725, 0.16275, 0.36539,
        ],
    ]
)  # fmt: skip

#: (20,) children a year per woman; level of UN 2020-2025, ages assumed.
FERTILITY = _fixed(
    [0, 0, 0, 0.0031, 0.0311, 0.0985, 0.1296, 0.0622, 0.0124, *([0.0] * 11)]
)

#: (2, 20) people a year who come from abroad (net), per inhabitant of that sex and age:
#: 80,000 a year in the country, by the age at which cohorts grow in the UN's table.
ARRIVALS = _fixed(
    [
        [
            0.0052, 0.00253, 0.00636, 0.01389, 0.01652, 0.01346, 0.00875, 0.00422,
            *([0.0] * 12),
        ],
        [
            0.00551, 0.00281, 0.00774, 0.01673, 0.01894, 0.01482, 0.00939, 0.00474,
            *([0.0] * 12),
        ],
    ]
)  # fmt: skip


def list_assumptions() -> tuple[Assumption, ...]:
    """Return what is supposed of births, deaths and moves."""
    return (
        Assumption(
            key="national-rates",
            text=gettext_noop(
                "Mortality, births and migration are national rates, the same in every "
                "area; moves between areas are not projected."
            ),
            source=gettext_noop(
                "UN World Population Prospects 2019, fitted (CC BY 3.0 IGO)"
            ),
            status="assumed",
        ),
        Assumption(
            key="net-migration",
            text=gettext_noop(
                "80,000 people a year come to live in the country, net: between the "
                "projection of the UN (about 16,000) and the growth CBS counted from "
                "2021 to 2024 (about 157,000 a year)."
            ),
            source=gettext_noop(
                "UN WPP 2019; CBS, inhabitants per postcode 2021 and KWB 2024"
            ),
            status="assumed",
        ),
    )
