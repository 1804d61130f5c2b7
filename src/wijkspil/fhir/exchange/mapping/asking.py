"""What another system asks: from ServiceRequest, Patient and Consent to our words.

Nothing is guessed: what cannot be read is refused with its place. References to
organizations and services are resolved by ``Directory``, which the caller gives.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_noop

from wijkspil.directory.types import Care, CareLaw, CareTask, PartOfDay
from wijkspil.fhir.errors import FhirError, Issue
from wijkspil.fhir.exchange.mapping.codes import (
    CONSENT_DECISION,
    EXT_CARE_LAW,
    EXT_GIVEN_BY,
    EXT_INSURER,
    EXT_KNOWN,
    EXT_LANGUAGE,
    EXT_MATERIALS_PRESENT,
    EXT_ORDER_PRESENT,
    EXT_PHONE_AGREEMENT,
    EXT_REFUSED,
    EXT_REQUESTER_KIND,
    EXT_URGENCY,
    PRIORITY_OF,
    REQUEST_NUMBER,
    URGENCY_REASON,
    WHEN_OF,
)
from wijkspil.fhir.mapping.codes import CARE_TASK
from wijkspil.fhir.mapping.coding import find_care
from wijkspil.fhir.types import Resource
from wijkspil.referrals.types import (
    ConsentDecision,
    ConsentGiven,
    ConsentGiver,
    Need,
    PatientDetails,
    Presence,
    Requester,
    RequesterKind,
    Urgency,
    UrgencyReason,
)

#: Reference -> our number of that organization or service, or None if unknown.
Resolve = Callable[[Mapping[str, Any]], int | None]

#: Where each field of the services stands in what was sent.
EXPRESSIONS: Mapping[str, str] = {
    "postcode": "Patient.address.postalCode",
    "tasks": "ServiceRequest.orderDetail",
    "parts_of_day": "ServiceRequest.occurrenceTiming.repeat.when",
    "first_visit_on": "ServiceRequest.occurrenceTiming.repeat.boundsPeriod.start",
    "urgency": "ServiceRequest.priority",
    "urgency_reason": "ServiceRequest.reasonCode",
    "language": "Patient.communication.language",
    "insurer": "ServiceRequest.extension('insurer')",
    "care_law": "ServiceRequest.extension('care-law')",
    "order_present": "ServiceRequest.extension('order-present')",
    "materials_present": "ServiceRequest.extension('materials-present')",
    "preferred_organization": "ServiceRequest.performer",
    "refused_organizations": "ServiceRequest.extension('refused-provider')",
    "note": "ServiceRequest.note",
    "requester_kind": "ServiceRequest.extension('requester-kind')",
    "kind": "ServiceRequest.extension('requester-kind')",
    "requester_name": "ServiceRequest.requester",
    "requester_phone": "ServiceRequest.requester",
    "name": "Patient.name",
    "birth_date": "Patient.birthDate",
    "address": "Patient.address",
    "phone": "Patient.telecom",
    "consent": "Consent",
    "decision": "Consent.policyRule",
    "given_by": "Consent.performer",
    "service_ids": "ServiceRequest.performer",
    "reason": "statusReason",
    "hours_per_week": "Task.output",
    "hours_expected": "Task.output",
    "review_on": "Task.output",
}


@dataclass
class Faults:
    """What is wrong in what came in, gathered to be refused at once."""

    issues: list[Issue] = field(default_factory=list)

    def add(self, expression: str, message: str, **values: object) -> None:
        """Add one; ``message`` is an English msgid."""
        self.issues.append(
            Issue(
                code="value",
                message=message,
                expression=expression,
                values=tuple((name, str(value)) for name, value in values.items()),
            )
        )

    def check(self) -> None:
        """Raise FhirError (422) with all of them, if there are any."""
        if self.issues:
            raise FhirError(HTTPStatus.UNPROCESSABLE_ENTITY, self.issues)


@dataclass(frozen=True)
class Asked:
    """A request as it was sent, in our words."""

    need: Need
    requester: Requester
    phone_service_id: int | None = None
    phone_spoke_with: str = ""
    identifiers: Sequence[tuple[str, str]] = ()


def read_asked(
    request: Resource,
    patient: Resource | None,
    *,
    organization: Resolve,
    service: Resolve,
    refused_by_consent: Iterable[Mapping[str, Any]] = (),
) -> Asked:
    """Return what is asked. ``patient`` gives the place and the language.

    Raises
    ------
    FhirError
        422 with everything that cannot be read.
    """
    faults = Faults()
    extensions = request.get("extension") or []
    repeat = (request.get("occurrenceTiming") or {}).get("repeat") or {}
    _check_kind(request, faults)
    need = Need(
        postcode=_postcode(request, patient, faults),
        tasks=read_tasks(request, faults),
        parts_of_day=read_parts(repeat, faults),
        first_visit_on=read_first_visit(request, faults) or date.min,
        urgency=_urgency(request, extensions, faults),
        urgency_reason=_coded(
            request.get("reasonCode") or [],
            URGENCY_REASON,
            UrgencyReason,
            "ServiceRequest.reasonCode",
            faults,
        ),
        language=_language(extensions, patient),
        insurer=_insurer(request, extensions),
        care_law=_choice(extensions, EXT_CARE_LAW, CareLaw, faults) or CareLaw.ZVW,
        order_present=_presence(extensions, EXT_ORDER_PRESENT, faults),
        materials_present=_presence(extensions, EXT_MATERIALS_PRESENT, faults),
        preferred_organization_id=_only(
            _resolved(
                request.get("performer") or [],
                organization,
                "ServiceRequest.performer",
                faults,
            )
        ),
        known_organization_id=_only(
            _resolved(
                _values(extensions, EXT_KNOWN, "valueReference"),
                organization,
                EXPRESSIONS["preferred_organization"],
                faults,
            )
        ),
        refused_organization_ids=_resolved(
            [*_values(extensions, EXT_REFUSED, "valueReference"), *refused_by_consent],
            organization,
            EXPRESSIONS["refused_organizations"],
            faults,
        ),
        note=" ".join(str(note["text"]) for note in request.get("note") or []),
    )
    requester = _requester(request, extensions, faults)
    phone_id, spoke_with = _phone_agreement(extensions, service, faults)
    faults.check()
    return Asked(
        need=need,
        requester=requester,
        phone_service_id=phone_id,
        phone_spoke_with=spoke_with,
        identifiers=[
            (str(one.get("system", "")), str(one["value"]))
            for one in request.get("identifier") or []
            if one.get("value") and one.get("system") != REQUEST_NUMBER
        ],
    )


def read_patient(patient: Resource) -> PatientDetails:
    """Return who the client is.

    Raises
    ------
    FhirError
        422 for a date of birth that is no whole day.
    """
    faults = Faults()
    born = _day(patient.get("birthDate"), "Patient.birthDate", faults)
    faults.check()
    contact = _first(patient.get("contact"))
    doctor = _first(patient.get("generalPractitioner"))
    return PatientDetails(
        name=_name(_first(patient.get("name"))),
        birth_date=born or date.min,
        address=_address(_first(patient.get("address"))),
        phone=_phone(patient.get("telecom")),
        representative_name=_name(contact.get("name") or {}),
        representative_phone=_phone(contact.get("telecom")),
        gp_name=str(doctor.get("display", "")),
    )


def read_consent(consent: Resource) -> ConsentGiven:
    """Return what was said to sharing, and by whom.

    The decision is the code of ``policyRule``; without one a permit is “agreed” and a
    deny “objected”. Who said it: the extension, or a performer that is not the Patient.

    Raises
    ------
    FhirError
        422 if it does not say what was decided.
    """
    faults = Faults()
    decision = _code_in(consent.get("policyRule") or {}, CONSENT_DECISION)
    provision = (consent.get("provision") or {}).get("type")
    if not decision:
        decision = {
            "permit": ConsentDecision.AGREED.value,
            "deny": ConsentDecision.OBJECTED.value,
        }.get(str(provision), "")
    if provision == "deny" and decision != ConsentDecision.OBJECTED:
        decision = ConsentDecision.OBJECTED.value
    if decision not in ConsentDecision.values:
        faults.add(
            "Consent.policyRule",
            gettext_noop("Say what was decided: %(known)s."),
            known=", ".join(ConsentDecision.values),
        )
    faults.check()
    return ConsentGiven(decision=decision, given_by=read_giver(consent))


def read_giver(consent: Resource) -> str:
    """Return who said it: the client, or a representative."""
    said = _values(consent.get("extension") or [], EXT_GIVEN_BY, "valueCode")
    if said:
        return str(said[0])
    performer = _first(consent.get("performer"))
    target = str(performer.get("reference", performer.get("type", "")))
    if target.startswith("RelatedPerson") or performer.get("type") == "RelatedPerson":
        return ConsentGiver.REPRESENTATIVE.value
    return ConsentGiver.CLIENT.value


def refused_in(consent: Resource) -> list[Mapping[str, Any]]:
    """Return the organizations to which a Consent denies what it permits others."""
    provision = consent.get("provision") or {}
    return [
        actor["reference"]
        for inner in provision.get("provision") or []
        if inner.get("type") == "deny"
        for actor in inner.get("actor") or []
        if actor.get("reference")
    ]


def read_tasks(request: Resource, faults: Faults) -> list[str]:
    """Return what has to be done."""
    found = []
    for place, concept in enumerate(request.get("orderDetail") or []):
        code = _code_in(concept, CARE_TASK)
        if code not in CareTask.values:
            faults.add(
                f"ServiceRequest.orderDetail[{place}]",
                gettext_noop("A code of %(system)s is expected: %(known)s."),
                system=CARE_TASK,
                known=", ".join(CareTask.values),
            )
        else:
            found.append(code)
    return found


def read_parts(repeat: Mapping[str, Any], faults: Faults) -> list[str]:
    """Return the parts of the day."""
    part_of = {when: part for part, when in WHEN_OF.items()}
    found = []
    for when in repeat.get("when") or []:
        if when not in part_of:
            faults.add(
                EXPRESSIONS["parts_of_day"],
                gettext_noop("Choose from: %(known)s."),
                known=", ".join(part_of),
            )
        else:
            found.append(part_of[when])
    return [part for part in PartOfDay.values if part in found]


def read_first_visit(request: Resource, faults: Faults) -> date | None:
    """Return the day of the first visit: of the timing, period or moment."""
    repeat = (request.get("occurrenceTiming") or {}).get("repeat") or {}
    text = (
        (repeat.get("boundsPeriod") or {}).get("start")
        or (request.get("occurrencePeriod") or {}).get("start")
        or request.get("occurrenceDateTime")
    )
    return _day(str(text or "")[:10], EXPRESSIONS["first_visit_on"], faults)


def _check_kind(request: Resource, faults: Faults) -> None:
    concepts = [*(request.get("category") or []), request.get("code") or {}]
    coded = [concept for concept in concepts if concept.get("coding")]
    care = find_care(coded)
    if coded and care != Care.DISTRICT_NURSING:
        faults.add(
            "ServiceRequest.code",
            gettext_noop("Only district nursing can be asked here."),
        )


def _postcode(request: Resource, patient: Resource | None, faults: Faults) -> str:
    places = (patient or {}).get("address") or []
    codes = [
        str(address["postalCode"])
        for use in ("temp", "home", None)
        for address in places
        if address.get("postalCode") and address.get("use") in {use}
    ]
    codes += [str(a["postalCode"]) for a in places if a.get("postalCode")]
    codes += [
        str(coding["code"])
        for concept in request.get("locationCode") or []
        for coding in concept.get("coding") or []
        if coding.get("code")
    ]
    if not codes:
        faults.add(
            EXPRESSIONS["postcode"],
            gettext_noop("Give the postcode where the care is given."),
        )
        return ""
    return codes[0].replace(" ", "").upper()


def _urgency(request: Resource, extensions: Sequence[Resource], faults: Faults) -> str:
    exact = _choice(extensions, EXT_URGENCY, Urgency, faults)
    if exact:
        return exact
    priority = request.get("priority")
    if not priority:
        faults.add(
            "ServiceRequest.priority",
            gettext_noop("Say how soon the first visit must be: %(known)s."),
            known="stat, asap, urgent, routine",
        )
        return ""
    # Two of ours are “routine”; the sooner is meant unless the exact one is given.
    return next(ours for ours, theirs in PRIORITY_OF.items() if theirs == priority)


def _language(extensions: Sequence[Resource], patient: Resource | None) -> str:
    said = _values(extensions, EXT_LANGUAGE, "valueCode")
    if said:
        return str(said[0])
    spoken = (patient or {}).get("communication") or []
    chosen = next((one for one in spoken if one.get("preferred")), _first(spoken))
    coding = _first((chosen.get("language") or {}).get("coding"))
    return str(coding.get("code", "nl")).partition("-")[0]


def _insurer(request: Resource, extensions: Sequence[Resource]) -> str:
    found = _values(extensions, EXT_INSURER, "valueIdentifier")
    for contained in request.get("contained") or []:
        if contained.get("resourceType") == "Coverage":
            found += [
                payor["identifier"]
                for payor in contained.get("payor") or []
                if payor.get("identifier")
            ]
    return str(found[0].get("value", "")) if found else ""


def _presence(extensions: Sequence[Resource], url: str, faults: Faults) -> str:
    return _choice(extensions, url, Presence, faults) or Presence.NOT_NEEDED.value


def _choice(
    extensions: Sequence[Resource],
    url: str,
    words: type[TextChoices],
    faults: Faults,
) -> str:
    found = _values(extensions, url, "valueCode")
    if not found:
        return ""
    if found[0] not in words.values:
        faults.add(
            f"ServiceRequest.extension('{url.rpartition('/')[2]}')",
            gettext_noop("Choose from: %(known)s."),
            known=", ".join(words.values),
        )
    return str(found[0])


def _coded(
    concepts: Sequence[Resource],
    system: str,
    words: type[TextChoices],
    expression: str,
    faults: Faults,
) -> str:
    for concept in concepts:
        code = _code_in(concept, system)
        if code in words.values:
            return code
    faults.add(
        expression,
        gettext_noop("A code of %(system)s is expected: %(known)s."),
        system=system,
        known=", ".join(words.values),
    )
    return ""


def code_of(concept: Any, system: str) -> str:
    """Return the code of one of our code systems in a concept, or ""."""
    return _code_in(concept if isinstance(concept, dict) else {}, system)


def _code_in(concept: Mapping[str, Any], system: str) -> str:
    for coding in concept.get("coding") or []:
        if coding.get("system") == system:
            return str(coding.get("code", ""))
    return ""


def _requester(
    request: Resource, extensions: Sequence[Resource], faults: Faults
) -> Requester:
    reference = request.get("requester") or {}
    found = contained_in(request, str(reference.get("reference", ""))) or {}
    person = found.get("practitioner") or {}
    name = (
        person.get("display")
        or (found.get("name") if isinstance(found.get("name"), str) else "")
        or (_name(_first(found.get("name"))) if found.get("name") else "")
        or reference.get("display", "")
    )
    return Requester(
        kind=_choice(extensions, EXT_REQUESTER_KIND, RequesterKind, faults),
        name=str(name),
        phone=_phone(found.get("telecom")),
    )


def _phone_agreement(
    extensions: Sequence[Resource], service: Resolve, faults: Faults
) -> tuple[int | None, str]:
    for one in extensions:
        if one.get("url") == EXT_PHONE_AGREEMENT:
            parts = one.get("extension") or []
            team = _resolved(
                _values(parts, "team", "valueReference"),
                service,
                "ServiceRequest.extension('phone-agreement')",
                faults,
            )
            spoke_with = _values(parts, "spoke-with", "valueString")
            return _only(team), str(spoke_with[0]) if spoke_with else ""
    return None, ""


def contained_in(holder: Resource, reference: str) -> Resource | None:
    """Return the contained resource that ``#id`` refers to, or None."""
    for one in holder.get("contained") or []:
        if reference == f"#{one.get('id')}":
            return dict(one)
    return None


def _resolved(
    references: Iterable[Any], resolve: Resolve, expression: str, faults: Faults
) -> list[int]:
    found = []
    for reference in references:
        pk = resolve(reference)
        if pk is None:
            faults.add(
                expression,
                gettext_noop("“%(reference)s” is not in the directory."),
                reference=str(reference.get("reference", "identifier"))[:80],
            )
        else:
            found.append(pk)
    return found


def _only(found: Sequence[int]) -> int | None:
    return found[0] if found else None


def _values(extensions: Iterable[Mapping[str, Any]], url: str, name: str) -> list[Any]:
    return [one[name] for one in extensions if one.get("url") == url and name in one]


def _day(text: Any, expression: str, faults: Faults) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        faults.add(expression, gettext_noop("Give a whole day, as in 2026-11-22."))
        return None


def _first(found: Any) -> Any:
    return found[0] if found else {}


def _name(name: Mapping[str, Any]) -> str:
    if name.get("text"):
        return str(name["text"])
    parts = [
        *(name.get("prefix") or []),
        *(name.get("given") or []),
        name.get("family", ""),
    ]
    return " ".join(str(part) for part in parts if part)


def _address(address: Mapping[str, Any]) -> str:
    if address.get("text"):
        return str(address["text"])
    parts = [*(address.get("line") or []), address.get("city", "")]
    return ", ".join(str(part) for part in parts if part)


def _phone(telecom: Any) -> str:
    for point in telecom or []:
        if point.get("system") in {"phone", "sms", None} and point.get("value"):
            return str(point["value"])
    return ""
