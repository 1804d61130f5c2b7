"""Codes of care, organizations and areas: ours beside the national and HL7 ones.

Both ways: from our words to codings, and from the codings another system sends to
our words. Texts are Dutch, displays of our own codes English, as in our CodeSystems.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import TextChoices
from django.utils import translation

from wijkspil.directory.types import AreaKind, Care, OrganizationType
from wijkspil.fhir.mapping.codes import (
    CARE,
    CBS_AREA,
    OWN_ORGANIZATION_TYPE,
    PC4,
    PC6,
    REGION,
    SBI,
    SERVICE_TYPE,
    ZORGVRAAG,
)
from wijkspil.fhir.types import Resource


@dataclass(frozen=True)
class Concept:
    """One code of a code system, with its official display."""

    system: str
    code: str
    display: str

    def to_coding(self) -> Resource:
        """Return the Coding."""
        return {"system": self.system, "code": self.code, "display": self.display}


def _service(code: str, display: str) -> Concept:
    return Concept(SERVICE_TYPE, code, display)


def _zorgvraag(code: str, display: str) -> Concept:
    return Concept(ZORGVRAAG, code, display)


def _sbi(code: str, display: str) -> Concept:
    return Concept(SBI, code, display)


_SBI_NURSING = _sbi("86942", "Nursing and personal care at home and maternity care")
_SBI_GP = _sbi("86210", "General medical practice activities")
_SBI_PHARMACY = _sbi("47730", "Retail sale of pharmaceutical products")
_SBI_SOCIAL = _sbi("88992", "Social welfare work")
_SBI_PARAMEDICAL = _sbi("86994", "Other paramedical care")
_SBI_HOSPITAL = _sbi("86102", "General hospital care")
_SBI_CARE_HOME = _sbi("87100", "Residential nursing care activities")
_SBI_COORDINATION = _sbi(
    "86970",
    "Intermediation service activities for medical, dental and other human health "
    "services",
)
#: Umbrella organizations; what the Dutch guide gives a regional partnership.
SBI_PARTNERSHIP = _sbi(
    "94995",
    "Activities of umbrella organisations, collaborative and advisory bodies (not "
    "for sports and recreation)",
)

#: HL7 and national codes of each kind of care.
SERVICE_CODES: Mapping[str, tuple[Concept, ...]] = {
    Care.DISTRICT_NURSING: (
        _service("322", "District Nursing"),
        _zorgvraag("verpleging-verzorging-en-thuiszorg.verpleging", "Nursing"),
    ),
    Care.GP_CARE: (_service("124", "General Practice"),),
    Care.PHARMACY: (_service("64", "Pharmacy"),),
    Care.SOCIAL_SUPPORT: (_service("443", "Social Support"),),
    Care.PARAMEDICAL_CARE: (_service("461", "Therapy"),),
    Care.HOSPITAL_TRANSFER: (_service("425", "Referral"),),
    Care.GP_OUT_OF_HOURS: (_service("349", "General Practitioner"),),
    Care.TEMPORARY_STAY: (
        _service("429", "Residential Respite"),
        _zorgvraag("verblijf-en-wonen.kortdurend-verblijf", "Short-term stay"),
    ),
    Care.COORDINATION: (_service("302", "Coordinating Bodies"),),
}

#: Trade of the place where a kind of care is given.
PLACE_CODES: Mapping[str, Concept] = {
    Care.DISTRICT_NURSING: _SBI_NURSING,
    Care.GP_CARE: _SBI_GP,
    Care.PHARMACY: _SBI_PHARMACY,
    Care.SOCIAL_SUPPORT: _SBI_SOCIAL,
    Care.PARAMEDICAL_CARE: _SBI_PARAMEDICAL,
    Care.HOSPITAL_TRANSFER: _SBI_HOSPITAL,
    Care.GP_OUT_OF_HOURS: _SBI_GP,
    Care.TEMPORARY_STAY: _SBI_CARE_HOME,
    Care.COORDINATION: _SBI_COORDINATION,
}

ORGANIZATION_CODES: Mapping[str, Concept] = {
    OrganizationType.HOME_CARE: _SBI_NURSING,
    OrganizationType.GP_PRACTICE: _SBI_GP,
    OrganizationType.PHARMACY: _SBI_PHARMACY,
    OrganizationType.SOCIAL_TEAM: _SBI_SOCIAL,
    OrganizationType.PARAMEDICAL_PRACTICE: _SBI_PARAMEDICAL,
    OrganizationType.HOSPITAL: _SBI_HOSPITAL,
    OrganizationType.GP_COOPERATIVE: _SBI_GP,
    OrganizationType.CARE_HOME: _SBI_CARE_HOME,
    OrganizationType.COORDINATION: _SBI_COORDINATION,
}

#: What other systems send besides what we send ourselves, to our care.
_CARE_OF: Mapping[tuple[str, str], str] = {
    **{
        (concept.system, concept.code): care
        for care, concepts in SERVICE_CODES.items()
        for concept in concepts
    },
    (SERVICE_TYPE, "358"): Care.DISTRICT_NURSING,
    (SERVICE_TYPE, "59"): Care.DISTRICT_NURSING,
    (SERVICE_TYPE, "612"): Care.DISTRICT_NURSING,
    (SERVICE_TYPE, "405"): Care.PHARMACY,
    (SERVICE_TYPE, "470"): Care.SOCIAL_SUPPORT,
    (SERVICE_TYPE, "580"): Care.SOCIAL_SUPPORT,
    (SERVICE_TYPE, "65"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "61"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "68"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "53"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "66"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "446"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "334"): Care.PARAMEDICAL_CARE,
    (SERVICE_TYPE, "156"): Care.TEMPORARY_STAY,
}
_NURSING_BRANCH = "verpleging-verzorging-en-thuiszorg"

_ORGANIZATION_OF: Mapping[str, str] = {
    "86942": OrganizationType.HOME_CARE,
    "86943": OrganizationType.HOME_CARE,
    "8621": OrganizationType.GP_PRACTICE,
    "86210": OrganizationType.GP_PRACTICE,
    "4773": OrganizationType.PHARMACY,
    "47730": OrganizationType.PHARMACY,
    "88992": OrganizationType.SOCIAL_TEAM,
    "86950": OrganizationType.PARAMEDICAL_PRACTICE,
    "86994": OrganizationType.PARAMEDICAL_PRACTICE,
    "8610": OrganizationType.HOSPITAL,
    "86101": OrganizationType.HOSPITAL,
    "86102": OrganizationType.HOSPITAL,
    "86103": OrganizationType.HOSPITAL,
    "87100": OrganizationType.CARE_HOME,
    "87302": OrganizationType.CARE_HOME,
    "86970": OrganizationType.COORDINATION,
}
_SBI_SYSTEMS = frozenset(
    {
        SBI,
        "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-sbi-2025-cs",
    }
)


@cache
def english(word: TextChoices) -> str:
    """Return the English wording of one of our words."""
    with translation.override("en"):
        return str(word.label)


@cache
def dutch(word: TextChoices) -> str:
    """Return the Dutch wording of one of our words."""
    with translation.override("nl"):
        return str(word.label)


def to_concept(
    system: str, words: type[TextChoices], value: str, *others: Concept
) -> Resource:
    """Return a CodeableConcept: other systems' codings first, ours last."""
    concept: Resource = {"coding": [other.to_coding() for other in others]}
    if value in words:
        word = words(value)
        concept["coding"].append(
            {"system": system, "code": word.value, "display": english(word)}
        )
        concept["text"] = dutch(word)
    else:
        concept["coding"].append({"system": system, "code": value})
    return concept


def find_care(types: Iterable[Mapping[str, Any]]) -> str:
    """Return our kind of care for the types of a service, or "" if there is none."""
    found = list(_codings(types))
    for system, code in found:
        if system == CARE and code in Care:
            return code
    for key in found:
        if key in _CARE_OF:
            return _CARE_OF[key]
    for system, code in found:
        if system == ZORGVRAAG and code.split(".")[0] == _NURSING_BRANCH:
            return Care.DISTRICT_NURSING
    return ""


def find_organization_type(types: Iterable[Mapping[str, Any]]) -> str:
    """Return our kind of organization for its types, or "" if there is none."""
    found = list(_codings(types))
    for system, code in found:
        if system == OWN_ORGANIZATION_TYPE and code in OrganizationType:
            return code
    for system, code in found:
        if system in _SBI_SYSTEMS and code in _ORGANIZATION_OF:
            return _ORGANIZATION_OF[code]
    return ""


def _codings(concepts: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for concept in concepts:
        for coding in concept.get("coding") or ():
            yield str(coding.get("system", "")), str(coding.get("code", ""))


def area_system(kind: str, purpose: str) -> str:
    """Return the identifier system of an area's code."""
    if kind == AreaKind.PC4:
        return PC4
    if kind == AreaKind.PC6:
        return PC6
    return f"{REGION}-{purpose}" if kind == AreaKind.REGION else CBS_AREA


def to_area_identifier(area: Mapping[str, Any]) -> Resource:
    """Return the identifier of an area: ``area``, ``area_kind``, ``area_purpose``."""
    return {
        "system": area_system(area["area_kind"], area.get("area_purpose") or ""),
        "value": area["area"],
    }
