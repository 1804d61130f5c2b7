"""Where does the built file behind a logical name live?

The build gives every file a name with a hash of its contents and lists them in
``manifest.json``; a browser may therefore keep each of them forever.
"""

import json
from functools import lru_cache
from pathlib import Path

from django.templatetags.static import static

from wijkspil.ui.errors import FrontendNotBuilt, UnknownAsset

MANIFEST = Path(__file__).resolve().parent / "static" / "ui" / "build" / "manifest.json"


@lru_cache(maxsize=4)
def read_manifest(path: Path, changed_ns: int) -> dict[str, str]:
    """Return logical name -> file name; ``changed_ns`` renews it after a build."""
    files: dict[str, str] = json.loads(path.read_text())["files"]
    return files


def find_asset(name: str, *, manifest: Path = MANIFEST) -> str:
    """Return the address of a built file such as ``app.css``.

    Raises
    ------
    FrontendNotBuilt
        If there is no manifest.
    UnknownAsset
        If the build makes no such file.
    """
    try:
        changed_ns = manifest.stat().st_mtime_ns
    except FileNotFoundError:
        raise FrontendNotBuilt(manifest) from None
    files = read_manifest(manifest, changed_ns)
    if name not in files:
        raise UnknownAsset(name, list(files))
    return _find_address(files[name])


@lru_cache(maxsize=256)
def _find_address(file: str) -> str:
    return static(f"ui/build/{file}")
