"""Record what ``access`` says of a small country, for the tests of our own numbers.

.venv-bench/bin/python -m benchmarks.access_record tests/engines/access/recorded
"""

import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from benchmarks.access_region import Country, draw_country
from benchmarks.access_worker import by_access, frames_of

MEASURES = {
    "2sfca": ("2sfca", 0), "e2sfca": ("e2sfca", 0), "gaussian": ("gaussian", 0),
    "3sfca": ("3sfca", 0), "raam_10": ("raam", 10), "raam_150": ("raam", 150),
}  # fmt: skip


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    drawn = draw_country(n_areas=60, n_sites=25, minutes=15, seed=7)
    # Further apart than in a country, so that thresholds and steps matter.
    country = Country(
        drawn.area_ids,
        drawn.people,
        drawn.site_ids,
        drawn.fte.round(2),
        drawn.area,
        drawn.site,
        (3.0 * drawn.minutes).round(4),
    )
    frames = frames_of(country)
    for name, frame in zip(("demand", "supply", "costs"), frames, strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False)
    values = pd.DataFrame({"area_id": frames[0]["area_id"]})
    for name, (what, cycles) in MEASURES.items():
        values[name] = by_access(frames, what, cycles)
    number = version("access").replace(".", "_")
    values.to_csv(folder / f"access_{number}.csv", index=False, float_format="%.17g")


if __name__ == "__main__":
    main()
