"""What a resource is found by: each search parameter becomes a few terms.

Terms are words of a text search vector: one lookup in one index finds a token, and a
word that begins as asked finds a text. ``Terms`` says how a term is written, for who
keeps them (here) and for who asks (``selectors.criteria``).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wijkspil.fhir.mapping.moments import period_of_element
from wijkspil.fhir.mapping.parameters import PARAMETERS, Kind, Parameter
from wijkspil.fhir.mapping.paths import find_elements
from wijkspil.fhir.types import DirectoryType, Resource

#: Of which type a term is, in a few letters: it is kept millions of times.
_SHORT: Mapping[str, str] = {
    DirectoryType.ORGANIZATION: "O",
    DirectoryType.LOCATION: "L",
    DirectoryType.HEALTHCARE_SERVICE: "H",
    DirectoryType.ENDPOINT: "E",
    DirectoryType.ORGANIZATION_AFFILIATION: "A",
    DirectoryType.CARE_TEAM: "T",
    DirectoryType.PRACTITIONER: "P",
    DirectoryType.PRACTITIONER_ROLE: "R",
    DirectoryType.PROVENANCE: "V",
}

#: Characters of a value that count; a word of a vector is at most 2046 bytes.
LONGEST = 200

#: Columns of their own.
_NO_TERMS = frozenset({"_id", "_lastUpdated"})
#: Between terms where they go to the database; never in one.
BETWEEN = "\x1f"
_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Link:
    """A reference to a resource of this server."""

    parameter: str
    target_type: str
    target_id: str


@dataclass(frozen=True)
class Found:
    """What one resource is found by."""

    terms: frozenset[str]
    strings: tuple[str, ...]
    links: frozenset[Link]
    name: str
    number: float | None
    starts: int | None
    ends: int | None
    lon: float | None
    lat: float | None


def normalize(text: str) -> str:
    """Return a text as it is searched: no accents, case, or marks."""
    decomposed = unicodedata.normalize("NFKD", text[:LONGEST])
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _NOT_A_WORD.sub(" ", bare.casefold()).strip()


class Terms:
    """How the terms of one parameter of one type are written."""

    def __init__(self, type_: str, name: str) -> None:
        self.key = f"{_SHORT[type_]}.{name}"

    def present(self) -> str:
        """Return the term of having the element at all."""
        return f"{self.key}?"

    def code(self, code: str) -> str:
        """Return the term of a code in any system."""
        return f"{self.key}={code[:LONGEST].casefold()}"

    def of_system(self, system: str, code: str) -> str:
        """Return the term of a code in a system; of no system if that is empty."""
        return f"{self.key}|{system[:LONGEST]}|{code[:LONGEST].casefold()}"

    def system(self, system: str) -> str:
        """Return the term of any code in a system."""
        return f"{self.key}/{system[:LONGEST]}"

    def start(self, normalized: str) -> str:
        """Return how the terms of texts begin in which a word begins so."""
        return f"{self.key}~{normalized}"

    def exact(self, text: str) -> str:
        """Return the term of exactly this text."""
        return f"{self.key}!{text[:LONGEST]}"

    def uri(self, uri: str) -> str:
        """Return the term of an address or a reference."""
        return f"{self.key}>{uri[: 2 * LONGEST]}"

    def identifier(self) -> "Terms":
        """Return how identifiers of a reference are written."""
        return self._variant(":i")

    def _variant(self, suffix: str) -> "Terms":
        made = Terms.__new__(Terms)
        made.key = self.key + suffix
        return made


def find_terms(resource: Resource) -> Found:
    """Return what a resource is found by."""
    type_ = resource["resourceType"]
    terms: set[str] = set()
    strings: list[str] = []
    links: set[Link] = set()
    number: float | None = None
    period: tuple[int, int] | None = None
    for name, parameter in PARAMETERS.get(type_, {}).items():
        if name in _NO_TERMS:
            continue
        elements = find_elements(resource, parameter.source)
        if not elements:
            continue
        written = Terms(type_, name)
        terms.add(written.present())
        match parameter.kind:
            case Kind.TOKEN:
                for element in elements:
                    terms.update(_of_token(written, element))
            case Kind.STRING:
                for text in _texts_of(elements):
                    terms.update(_of_text(written, text))
                    strings.append(f"{written.key}|{normalize(text)}")
            case Kind.REFERENCE:
                for element in elements:
                    terms.update(_of_reference(written, element))
                    links.update(_links_of(parameter, element))
            case Kind.URI:
                terms.update(written.uri(str(element)) for element in elements)
            case Kind.DATE:
                period = period_of_element(elements[0])
            case Kind.NUMBER:
                number = float(elements[0])
            case Kind.SPECIAL:
                pass
    position = resource.get("position") or {}
    return Found(
        terms=frozenset(term for term in terms if BETWEEN not in term),
        strings=tuple(strings),
        links=frozenset(links),
        name=_name_of(resource),
        number=number,
        starts=period[0] if period else None,
        ends=period[1] if period else None,
        lon=position.get("longitude"),
        lat=position.get("latitude"),
    )


def _name_of(resource: Resource) -> str:
    name = resource.get("name", "")
    if isinstance(name, list):
        name = " ".join(
            str(part.get("family") or part.get("text") or "") for part in name
        )
    return normalize(str(name))


def _of_token(written: Terms, element: Any) -> Iterable[str]:
    """Yield terms of a Coding, CodeableConcept, Identifier, ContactPoint or code."""
    if isinstance(element, bool):
        yield from _of_code(written, "", "true" if element else "false")
    elif not isinstance(element, dict):
        yield from _of_code(written, "", str(element))
    elif "coding" in element:
        for coding in element["coding"]:
            yield from _of_token(written, coding)
    else:
        code = element.get("code", element.get("value"))
        # The system of a contact is a sort of contact, not a code system.
        is_contact = element.get("system") in {"phone", "email", "url", "fax", "sms"}
        if code is not None:
            system = "" if is_contact else element.get("system", "")
            yield from _of_code(written, system, str(code))


def _of_code(written: Terms, system: str, code: str) -> Iterable[str]:
    yield written.code(code)
    yield written.of_system(system, code)
    if system:
        yield written.system(system)


def _of_text(written: Terms, text: str) -> Iterable[str]:
    yield written.exact(text)
    words = normalize(text).split(" ")
    for place in range(len(words)):
        yield written.start(" ".join(words[place:]))


def _texts_of(elements: Iterable[Any]) -> Iterable[str]:
    """Yield the texts of strings, addresses and names of people."""
    for element in elements:
        if isinstance(element, str):
            yield element
        elif isinstance(element, list):
            yield from _texts_of(element)
        elif isinstance(element, dict):
            yield from _texts_of(
                value
                for key, value in element.items()
                if key not in {"use", "type", "period", "extension"}
            )


def _of_reference(written: Terms, element: Any) -> Iterable[str]:
    if reference := element.get("reference"):
        yield written.uri(reference)
    if identifier := element.get("identifier"):
        yield from _of_token(written.identifier(), identifier)


def _links_of(parameter: Parameter, element: Any) -> Iterable[Link]:
    type_, slash, id_ = str(element.get("reference", "")).partition("/")
    if slash and type_ in PARAMETERS and "/" not in id_ and len(id_) <= 64:
        yield Link(parameter.name, type_, id_)
