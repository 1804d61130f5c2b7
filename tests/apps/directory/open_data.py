"""A copy of the self-made open data that a test may damage."""

import gzip
import shutil
from pathlib import Path

SOURCE = Path(__file__).parent / "data" / "open_data"
PACKED = (
    "cbs_areas/gemeenten_2022.geojson",
    "cbs_areas/wijken_2022.geojson",
    "pc4/pc4_2020.geojson",
    "pc6_5provincies/pc6_5provincies_2026.csv",
)


def copy_open_data(folder: Path) -> Path:
    """Lay the files under ``folder`` as publishers give them."""
    shutil.copytree(SOURCE, folder)
    for name in PACKED:
        plain = folder / name
        pack(folder / f"{name}.gz", plain.read_bytes())
        plain.unlink()
    return folder


def pack(path: Path, content: bytes) -> None:
    """Write a gzip file."""
    path.write_bytes(gzip.compress(content))


def edit(path: Path, old: str, new: str) -> None:
    """Replace one piece of text, packed or not; it must be there once."""
    is_packed = path.suffix == ".gz"
    content = path.read_bytes()
    text = (gzip.decompress(content) if is_packed else content).decode()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path.name}"
    content = text.replace(old, new).encode()
    path.write_bytes(gzip.compress(content) if is_packed else content)
