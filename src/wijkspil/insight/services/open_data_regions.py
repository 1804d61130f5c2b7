"""Which region is meant: by name or code, in any set of regions.

Codes are ``set:name``, as ``zorgkantoor:haaglanden``; gemeenten have their own code and
the country is ``NL``.
"""

import difflib
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from wijkspil.directory.importing.regions import SAFETY_REGIONS, readable_name
from wijkspil.directory.importing.scope import fold, slug
from wijkspil.insight.errors import InvalidOpenData
from wijkspil.insight.services.open_data_files import GemeenteRow
from wijkspil.insight.services.picture import AreaLabel

COUNTRY = AreaLabel(code="NL", name="Nederland", kind="country")
#: Sets in the order in which a name without a set is looked for.
SETS = (
    "zorgkantoor",
    "gemeente",
    "ggd",
    "veiligheidsregio",
    "corop",
    "provincie",
)


def region_code(kind: str, name: str) -> str:
    """Return the code of a region in a set."""
    return f"{kind}:{slug(name)}"


def label_regions(gemeenten: Iterable[GemeenteRow]) -> dict[str, AreaLabel]:
    """Return the label of each region and gemeente by its code, the country first."""
    found = {COUNTRY.code: COUNTRY}
    for row in gemeenten:
        for kind, name in row.regions.items():
            code = region_code(kind, name)
            shown = readable_name(name) if name.isupper() else name
            found.setdefault(code, AreaLabel(code=code, name=shown, kind=kind))
    for row in gemeenten:
        found[row.code] = AreaLabel(code=row.code, name=row.name, kind="gemeente")
    return found


def find_region(
    labels: Mapping[str, AreaLabel], wanted: str, *, kind: str | None = None
) -> AreaLabel:
    """Return the region meant by a code, a name or ``set:name``.

    A name that more sets have is that of the first of ``SETS``; give the set to choose.

    Raises
    ------
    InvalidOpenData
        If there is none; names those that look like it.
    """
    text = wanted.strip()
    if kind is None and ":" in text:
        kind, _colon, text = text.partition(":")
    if kind is not None and kind not in SETS:
        raise InvalidOpenData(
            _("“%(set)s” is no set of regions. Choose from: %(sets)s.")
            % {"set": kind[:40], "sets": ", ".join(SETS)},
            field="set",
        )
    if kind is None and (found := labels.get(text.upper())):
        return found
    kinds = SETS if kind is None else (kind,)
    if "veiligheidsregio" in kinds:
        text = SAFETY_REGIONS.get(text.upper(), text)
    for each in kinds:
        for label in labels.values():
            if label.kind == each and text.upper() == label.code:
                return label
            if label.kind == each and text and slug(text) == slug(label.name):
                return label
    inside = [label for label in labels.values() if label.kind in kinds]
    names = {fold(label.name): label.name for label in inside}
    near = difflib.get_close_matches(fold(text), list(names), n=5, cutoff=0.5)
    near += [key for key in names if fold(text) in key and key not in near]
    shown = [names[key] for key in near[:8]] or sorted(
        label.name for label in inside if label.kind == kinds[0]
    )
    raise InvalidOpenData(
        _("There is no region “%(region)s”. Choose from: %(names)s.")
        % {"region": wanted[:60], "names": ", ".join(shown)},
        field="region",
    )
