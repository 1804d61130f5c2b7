"""The signposts as the pages use them: read once, found by question, set by theme."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from wijkspil.core.errors import NotFound
from wijkspil.directory.selectors.signposts import (
    get_signpost_catalog,
    list_signpost_hits,
)
from wijkspil.directory.signposts.types import Profession, Signpost, SignpostHit
from wijkspil.directory.types import Care
from wijkspil.portal.tiles import FIND_GP, Tile, find_url
from wijkspil.portal.who_helps import CARE_WORDS

MOST_HITS = 5


class UnknownSignpost(NotFound):
    """There is no signpost with this name."""

    code = "unknown-signpost"


@dataclass(frozen=True, slots=True)
class Theme:
    """Signposts or professions that belong together, under one heading."""

    key: str
    title: object
    signposts: Sequence[Signpost] = ()
    professions: Sequence[Profession] = ()


def find_signposts(words: str) -> Sequence[SignpostHit]:
    """Return at most five signposts for a question in own words, best first."""
    return list_signpost_hits(words, limit=MOST_HITS)


def get_signpost(slug: str) -> Signpost:
    """Return one signpost.

    Raises
    ------
    UnknownSignpost
        If there is none with this name.
    """
    for signpost in get_signpost_catalog().signposts:
        if signpost.id == slug:
            return signpost
    raise UnknownSignpost(
        _("This question is not in the list. Search again with your own words.")
    )


#: Signposts whose question this site answers itself.
OWN_PAGES = {"find-a-gp": FIND_GP}


def find_own_page(signpost: Signpost, postcode: str) -> Tile | None:
    """Return the page of this site that answers the question, if it has one."""
    page = OWN_PAGES.get(signpost.id)
    url = find_url(page.url_name) if page is not None else ""
    if page is None or not url:
        return None
    query = f"?{urlencode({'postcode': postcode})}" if postcode else ""
    return Tile(page.label, page.note, f"{url}{query}")


def list_signpost_themes() -> list[Theme]:
    """Return all signposts by the kind of care that leads, empty themes left out."""
    signposts = get_signpost_catalog().signposts
    return [
        Theme(
            key=key or "other",
            title=title,
            signposts=[s for s in signposts if (s.leads.kind_of_care or "") == key],
        )
        for key, title in _themes()
        if any((s.leads.kind_of_care or "") == key for s in signposts)
    ]


def list_profession_themes() -> list[Theme]:
    """Return all professions by kind of care, empty themes left out."""
    professions = get_signpost_catalog().professions.values()
    return [
        Theme(
            key=key or "other",
            title=title,
            professions=[p for p in professions if (p.kind_of_care or "") == key],
        )
        for key, title in _themes()
        if any((p.kind_of_care or "") == key for p in professions)
    ]


def _themes() -> list[tuple[str, object]]:
    return [
        *((care.value, CARE_WORDS[care]) for care in CARE_WORDS),
        (Care.COORDINATION.value, Care.COORDINATION.label),
        ("", _("Other help")),
    ]
