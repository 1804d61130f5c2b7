"""Find signposts by a question in own words; the index is built once per process."""

from collections.abc import Sequence
from functools import lru_cache

from wijkspil.directory.signposts.load import load_signpost_catalog
from wijkspil.directory.signposts.search import SignpostIndex
from wijkspil.directory.signposts.types import SignpostCatalog, SignpostHit

#: A longer question says nothing more, and costs more to search.
LONGEST_QUESTION = 300


@lru_cache(maxsize=1)
def get_signpost_catalog() -> SignpostCatalog:
    """Return everything in the data files; read once per process."""
    return load_signpost_catalog()


@lru_cache(maxsize=1)
def get_signpost_index() -> SignpostIndex:
    """Return the index over all signposts (read-only, shared by threads)."""
    catalog = get_signpost_catalog()
    return SignpostIndex.build(catalog.signposts, language=catalog.language)


def list_signpost_hits(question: str, *, limit: int = 5) -> Sequence[SignpostHit]:
    """Return at most ``limit`` signposts, best first (no query)."""
    return get_signpost_index().search(question[:LONGEST_QUESTION], limit=limit)
