"""Shapes for the maps of the picture: small, and kept by the browser for a day."""

import gzip
from dataclasses import dataclass
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotFound
from wijkspil.core.kept import Kept
from wijkspil.directory.selectors.area_shapes import list_area_shapes
from wijkspil.directory.types import AreaKind
from wijkspil.directory.views.pages import professional_page
from wijkspil.insight.permissions import check_can_view_insight
from wijkspil.ui.shapes import Shape, encode_shapes

_SECONDS = 24 * 3600
#: How far a border may move on a map of the country, and of a region: half a pixel.
_COUNTRY_M, _REGION_M = 250.0, 25.0
#: With fewer areas there is room to draw every bend.
_MANY = 1_000
_KINDS = (AreaKind.WIJK.value, AreaKind.GEMEENTE.value)
#: To simplify the country takes half a second.
_KEPT = Kept(most=32, for_s=3600)


@dataclass(frozen=True, slots=True)
class _Document:
    plain: bytes
    packed: bytes
    etag: str


@require_safe
@professional_page
def send_shapes(
    request: HttpRequest, actor: Actor, kind: str, year: int, within: int = 0
) -> HttpResponse:
    """Send the shapes of wijken or gemeenten of a year; ``within`` 0 is the country.

    Shapes are open data; what they mean stands in the page that asks.
    """
    check_can_view_insight(actor)
    if kind not in _KINDS:
        raise NotFound(
            _("There are no shapes of “%(kind)s”: ask for wijk or gemeente.")
            % {"kind": kind}
        )
    document = _KEPT.get((kind, year, within), lambda: _make(kind, year, within))
    if document.etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(document.packed, content_type="application/json")
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(document.plain, content_type="application/json")
    response["ETag"] = document.etag
    patch_vary_headers(response, ("Accept-Encoding",))
    patch_cache_control(response, private=True, max_age=_SECONDS)
    return response


def _make(kind: str, year: int, within: int) -> _Document:
    rows = list_area_shapes(kind=kind, year=year, within=within or None)
    plain = encode_shapes(
        (Shape(*row) for row in rows),
        tolerance_m=_REGION_M if within or len(rows) < _MANY else _COUNTRY_M,
    )
    return _Document(
        plain=plain,
        packed=gzip.compress(plain, 6, mtime=0),
        etag=f'"{sha256(plain).hexdigest()[:20]}"',
    )
