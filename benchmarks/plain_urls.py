"""The product's addresses and a plain-text view that reads one row by random key."""

from functools import cache

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.urls import path

from wijkspil.config.urls import urlpatterns as product_urls
from wijkspil.directory.models import Organization

_RNG = np.random.default_rng()


@cache
def _keys() -> list[int]:
    return list(Organization.objects.values_list("pk", flat=True))


def plain(request: HttpRequest) -> HttpResponse:
    """Answer the name of a random organization as plain text."""
    keys = _keys()
    row = Organization.objects.get(pk=keys[int(_RNG.integers(len(keys)))])
    return HttpResponse(row.name, content_type="text/plain")


urlpatterns = [*product_urls, path("plain", plain)]
