"""Composition: what is told of a client before and after a team takes it."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from django.db.models import TextChoices

from wijkspil.directory.types import CareLaw, CareTask, PartOfDay
from wijkspil.fhir.exchange.mapping.codes import ADVANCE_NOTICE, NURSING_HANDOFF
from wijkspil.fhir.exchange.mapping.service_request import PSEUDONYM
from wijkspil.fhir.mapping.coding import Concept, dutch
from wijkspil.fhir.types import Resource, instant_of, tick_of
from wijkspil.referrals.selectors.inbox import Profile, Question
from wijkspil.referrals.types import Presence, Urgency, UrgencyReason


def to_advance_notice(
    question: Question, *, version: int, changed_at: datetime
) -> Resource:
    """Return the advance notice (aanmeldbericht): a profile, without identity."""
    return {
        **_head(
            f"{question.number}.{question.id}",
            ADVANCE_NOTICE,
            "Aanmeldbericht",
            version,
            changed_at,
        ),
        "subject": {"type": "Patient", "display": PSEUDONYM},
        "section": [
            {
                "title": "Gevraagde zorg",
                "text": _table(_lines(question.profile)),
                "entry": [{"reference": f"ServiceRequest/{question.number}"}],
            }
        ],
    }


def to_nursing_handoff(
    request: Resource, patient: Resource, *, version: int, changed_at: datetime
) -> Resource:
    """Return the hand-over (overdrachtsbericht): identity, and what is asked.

    ``request`` and ``patient`` as who reads may see them.
    """
    contact = patient.get("contact") or [{}]
    doctor = patient.get("generalPractitioner") or [{}]
    requester = request["contained"][0]
    person = [
        ("Naam", patient["name"][0]["text"]),
        ("Geboortedatum", patient["birthDate"]),
        ("Adres", patient["address"][0]["text"]),
        ("Telefoon", _phone(patient)),
        ("Vertegenwoordiger", contact[0].get("name", {}).get("text", "")),
        ("Telefoon vertegenwoordiger", _phone(contact[0])),
        ("Huisarts", doctor[0].get("display", "")),
    ]
    care = [
        ("Wat", ", ".join(one["text"] for one in request["orderDetail"])),
        ("Waarom nu", request["reasonCode"][0]["text"]),
        (
            "Eerste bezoek",
            request["occurrenceTiming"]["repeat"]["boundsPeriod"]["start"],
        ),
        ("Aanvrager", requester["practitioner"]["display"]),
        ("Telefoon aanvrager", _phone(requester)),
        ("Opmerking", " ".join(n["text"] for n in request.get("note") or [])),
    ]
    return {
        **_head(
            request["id"], NURSING_HANDOFF, "Overdrachtsbericht", version, changed_at
        ),
        "subject": request["subject"],
        "section": [
            {
                "title": "Cliënt",
                "text": _table(person),
                "entry": [request["subject"]],
            },
            {
                "title": "Gevraagde zorg",
                "text": _table(care),
                "entry": [{"reference": f"ServiceRequest/{request['id']}"}],
            },
        ],
    }


def _head(
    id_: str, type_: Concept, title: str, version: int, changed_at: datetime
) -> Resource:
    moment = instant_of(tick_of(changed_at))
    return {
        "resourceType": "Composition",
        "id": id_,
        "meta": {"versionId": str(version), "lastUpdated": moment},
        "language": "nl",
        "status": "final",
        "type": {"coding": [type_.to_coding()]},
        "date": moment,
        "author": [{"display": "Wijkspil"}],
        "title": title,
    }


def _lines(profile: Profile) -> list[tuple[str, str]]:
    ages = profile.ages
    return [
        ("Gebied", profile.area_name or profile.region_name),
        ("Leeftijd", f"{ages[0]} tot {ages[1]} jaar" if ages else ""),
        ("Wat", _words(CareTask, profile.tasks)),
        ("Wanneer op de dag", _words(PartOfDay, profile.parts_of_day)),
        ("Eerste bezoek", profile.first_visit_on.isoformat()),
        ("Hoe snel", _words(Urgency, [profile.urgency])),
        ("Waarom nu", _words(UrgencyReason, [profile.urgency_reason])),
        ("Uren per week", f"{profile.hours_low:f} tot {profile.hours_high:f}"),
        ("Taal", profile.language),
        ("Wet", _words(CareLaw, [profile.care_law])),
        ("Uitvoeringsverzoek", _words(Presence, [profile.order_present])),
        ("Materialen", _words(Presence, [profile.materials_present])),
        ("Opmerking", profile.note),
    ]


def _words(words: type[TextChoices], values: Iterable[str]) -> str:
    return ", ".join(dutch(words(value)) for value in values if value in words)


def _table(lines: Iterable[tuple[str, str]]) -> Resource:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in lines
        if text
    )
    return {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><table><tbody>'
        f"{rows}</tbody></table></div>",
    }


def _phone(holder: Resource) -> str:
    telecom = holder.get("telecom") or [{}]
    return str(telecom[0].get("value", ""))
