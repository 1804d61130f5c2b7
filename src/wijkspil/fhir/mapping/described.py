"""What every conformance resource of ours starts with: address, version, words."""

from typing import Any

from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.mapping.wording import to_translated
from wijkspil.fhir.types import Resource

#: Of our definitions; raise it when what one of them means changes.
VERSION = "1.0.0"
DATE = "2026-11-22"
PUBLISHER = "Wijkspil"


def describe(
    type_: str, id_: str, *, title: str, about: str, url: str = "", **rest: Any
) -> Resource:
    """Return a conformance resource; ``title`` and ``about`` are English msgids."""
    return {
        "resourceType": type_,
        "id": id_,
        "url": url or f"{OWN}/{type_}/{id_}",
        "version": VERSION,
        "name": to_name(id_),
        **to_translated("title", title),
        "status": "active",
        "experimental": False,
        "date": DATE,
        "publisher": PUBLISHER,
        **to_translated("description", about),
        "jurisdiction": [
            {"coding": [{"system": "urn:iso:std:iso:3166", "code": "NL"}]}
        ],
        **rest,
    }


def to_name(id_: str) -> str:
    """Return an id as machines name it: Wijkspil before it, words with capitals."""
    return "Wijkspil" + "".join(word.capitalize() for word in id_.split("-"))
