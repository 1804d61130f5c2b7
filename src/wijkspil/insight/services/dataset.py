"""What a report is made of, and the files that hold all its data.

A ``Picture`` is everything about one region at one moment: figures now, projections
per scenario, comparisons, assumptions. Report and data files are made from it and
from nothing else, whether it came from the database or from open data files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from wijkspil.insight.engine_io.results import Comparison, Projection
from wijkspil.insight.types import Assumption, FigureRow, Ground


@dataclass(frozen=True, slots=True)
class AreaLabel:
    """The name of an area that figures are about.

    ``kind`` is pc4, wijk, gemeente, one of the region sets (zorgkantoor, corop, ggd,
    veiligheidsregio, provincie, region) or country.
    """

    code: str
    name: str
    kind: str


@dataclass(frozen=True, eq=False)
class Picture:
    """Everything a report says about one region.

    ``subject`` is the area it is about. ``figures`` are what was measured or counted
    (``area_code`` is in ``areas``). ``projections`` by name of the scenario, "base"
    first; ``comparisons`` by name of the scenario that is laid beside the base.
    ``versions`` names each engine and product with its version; ``input_hashes`` what
    was read (file or table) with its SHA-256.
    """

    subject: AreaLabel
    ground: Ground
    areas: Mapping[str, AreaLabel]
    figures: list[FigureRow]
    projections: Mapping[str, Projection]
    comparisons: Mapping[str, Comparison]
    assumptions: tuple[Assumption, ...]
    seed: int
    draws: int
    horizon_year: int
    versions: Mapping[str, str]
    input_hashes: Mapping[str, str]
    made_on: date
