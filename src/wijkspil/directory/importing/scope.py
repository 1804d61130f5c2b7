"""Which gemeenten and postcodes belong to the region a load is limited to."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from wijkspil.core.progress import Silent
from wijkspil.directory.importing.errors import UnknownRegion, UnreadableFile
from wijkspil.directory.importing.reading import PublisherFile
from wijkspil.directory.importing.values import Row

REGIONS_FILE = "regions/gemeente_regios_2022.csv"
PC4_FILE = "pc4/pc4_2021.csv"
OVERLAY_FILE = "pc4/pc4_wijk_overlay_2020_2022.csv"


@dataclass(frozen=True)
class Scope:
    """A care office region with its gemeenten and PC4, or (None) the country."""

    region: str | None = None
    gemeenten: frozenset[str] | None = None
    pc4s: frozenset[str] | None = None

    def has_gemeente(self, code: str) -> bool:
        """Return whether a gemeente takes part."""
        return self.gemeenten is None or code in self.gemeenten

    def has_pc4(self, pc4: str) -> bool:
        """Return whether a PC4 takes part."""
        return self.pc4s is None or pc4 in self.pc4s


def gemeente_of(code: str) -> str:
    """Return the gemeente in a wijk or buurt code: WK051801 lies in GM0518."""
    return f"GM{code[2:6]}"


def fold(name: str) -> str:
    """Return a name without accents and capitals, to compare publishers' spellings."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def slug(name: str) -> str:
    """Return a name as a code: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")


def read_scope(folder: Path, region: str | None) -> Scope:
    """Find the gemeenten of a care office region (zorgkantoor) and their PC4.

    A PC4 belongs to the gemeente of the wijk with most of its ground; where the
    overlay does not know it, the care office in the PC4 file decides. Rows that break
    a rule are passed over here: loading their file reports them.

    Raises
    ------
    UnreadableFile
        If a file needed for the choice cannot be read.
    UnknownRegion
        If there is no such region; the message lists those that look like it.
    """
    if region is None:
        return Scope()
    rows = list(
        _peek(folder, REGIONS_FILE, ("code", "gemeente", "zorgkantoor", "afgeleid"))
    )
    name = _find_region(region, sorted({row.raw("zorgkantoor") for row in rows} - {""}))
    members = [row for row in rows if row.raw("zorgkantoor") == name]
    known = {row.raw("code") for row in rows}
    gemeenten = {row.raw("code") for row in members}
    # A gemeente merged after 2022 is named only as the successor of these.
    for row in members:
        if successor := re.search(r"opvolger (GM[0-9]{4})", row.raw("afgeleid")):
            gemeenten |= {successor[1]} - known
    return Scope(name, frozenset(gemeenten), _find_pc4s(folder, name, gemeenten))


def _find_region(region: str, names: Sequence[str]) -> str:
    by_fold = {key: name for name in names for key in (fold(name), slug(name))}
    if found := by_fold.get(fold(region.strip())):
        return found
    near = difflib.get_close_matches(fold(region), list(by_fold), n=5, cutoff=0.5)
    near += [key for key in by_fold if fold(region) in key and key not in near]
    found_names = list(dict.fromkeys(by_fold[key] for key in near)) or list(names)
    raise UnknownRegion(
        _("There is no region “%(region)s” in %(file)s. Choose from: %(names)s.")
        % {
            "region": region[:60],
            "file": REGIONS_FILE,
            "names": ", ".join(found_names),
        },
        field="region",
    )


def _find_pc4s(folder: Path, region: str, gemeenten: set[str]) -> frozenset[str]:
    most: dict[str, tuple[float, str]] = {}
    if (folder / OVERLAY_FILE).exists():
        for row in _peek(
            folder, OVERLAY_FILE, ("pc4", "wk_code_2022", "aandeel_van_pc4")
        ):
            try:
                share = float(row.raw("aandeel_van_pc4"))
            except ValueError:
                continue
            pc4 = row.raw("pc4")
            most[pc4] = max(most.get(pc4, (-1.0, "")), (share, row.raw("wk_code_2022")))
    inside = {pc4 for pc4, (_s, wijk) in most.items() if gemeente_of(wijk) in gemeenten}
    for row in _peek(folder, PC4_FILE, ("pc4", "zorgkantoor")):
        if row.raw("pc4") not in most and row.raw("zorgkantoor") == region:
            inside.add(row.raw("pc4"))
    return frozenset(inside)


def _peek(folder: Path, name: str, columns: Sequence[str]) -> Iterator[Row]:
    file = PublisherFile(folder, name, Silent())
    for row in file.rows(columns):
        if len(row.cells) == len(file.header):
            yield row


def read_accented_names(folder: Path) -> dict[str, str]:
    """Return gemeente names with their accents, by their plain form.

    The 2022 files lost the accents of "Súdwest-Fryslân"; the PC4 file kept them.
    """
    try:
        names = {row.raw("gemeente") for row in _peek(folder, PC4_FILE, ("gemeente",))}
    except UnreadableFile:
        return {}
    return {fold(name): name for name in sorted(names) if not name.isascii()}
