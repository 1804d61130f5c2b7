"""What a report and its data files are made of.

A ``Picture`` is everything about one region at one moment: figures now, projections
per scenario, comparisons, assumptions. Report and data files are made from it and
from nothing else, whether it came from the database or from open data files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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


def gather_assumptions(
    general: Iterable[Assumption], projections: Mapping[str, Projection]
) -> tuple[Assumption, ...]:
    """Return what was supposed, each once; where a scenario differs, also its own.

    The first projection is the one others are told apart from.
    """
    found = {one.key: [one] for one in general}
    for projection in projections.values():
        for one in projection.assumptions:
            known = found.setdefault(one.key, [one])
            supposed = {(each.text, each.low, each.high) for each in known}
            if (one.text, one.low, one.high) not in supposed:
                known.append(replace(one, only_in=projection.title))
    return tuple(one for each in found.values() for one in each)
