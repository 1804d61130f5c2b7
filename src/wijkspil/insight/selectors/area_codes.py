"""Which area does a code mean? The newest division in use."""

from collections.abc import Iterable

from wijkspil.directory.selectors.maps import list_areas_of_codes


def list_area_ids(codes: Iterable[str]) -> dict[str, int]:
    """Return code -> id of the area (one query)."""
    return list_areas_of_codes(codes)
