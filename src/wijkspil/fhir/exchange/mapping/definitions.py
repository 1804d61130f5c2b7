"""Definitions of the exchange to be served: code systems, extensions, numbers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_noop

from wijkspil.fhir.exchange.mapping import codes
from wijkspil.fhir.mapping.code_systems import Codes, Names
from wijkspil.fhir.mapping.codes import CARE_LAW
from wijkspil.fhir.mapping.extensions import Extension, Part

_REQUEST = ("ServiceRequest",)


def _codes(url: str, words: type[TextChoices], title: str, about: str) -> Codes:
    return Codes(url, title, about, words)


EXCHANGE_CODES: tuple[Codes, ...] = tuple(
    _codes(url, codes.CODE_SYSTEMS[url], title, about)
    for url, title, about in (
        (
            codes.REQUEST_STATUS,
            gettext_noop("States of a request"),
            gettext_noop("Where a request for district nursing stands."),
        ),
        (
            codes.OFFER_STATUS,
            gettext_noop("States of a question"),
            gettext_noop("What became of the question to one team."),
        ),
        (
            codes.DECLINE_REASON,
            gettext_noop("Reasons to decline"),
            gettext_noop("Why a team says no."),
        ),
        (
            codes.CLOSE_REASON,
            gettext_noop("Reasons to stop"),
            gettext_noop("Why a request stopped before or after care."),
        ),
        (
            codes.REOPEN_REASON,
            gettext_noop("Reasons to look again"),
            gettext_noop("Why a request is looked at again, or a client given back."),
        ),
        (
            codes.SAFETY_GROUND,
            gettext_noop("Safety grounds"),
            gettext_noop("On which ground a nurse stops an automatic assignment."),
        ),
        (
            codes.CHANGE_REASON,
            gettext_noop("Reasons of a change"),
            gettext_noop("Why the first visit or what is needed becomes another."),
        ),
        (
            codes.URGENCY,
            gettext_noop("Urgency"),
            gettext_noop("How soon the first visit must be."),
        ),
        (
            codes.URGENCY_REASON,
            gettext_noop("Reasons of urgency"),
            gettext_noop("Why it is that urgent."),
        ),
        (
            codes.ADMISSION_PLACE,
            gettext_noop("Places of admission"),
            gettext_noop("Where an admitted client is."),
        ),
        (
            codes.CONSENT_DECISION,
            gettext_noop("Decisions on sharing"),
            gettext_noop("What the client or representative said to sharing."),
        ),
        (
            codes.CONSENT_GIVER,
            gettext_noop("Who decides on sharing"),
            gettext_noop("Who said it: the client or the representative."),
        ),
        (
            codes.QUESTION_END,
            gettext_noop("Ends of a question"),
            gettext_noop("Why a question to a team ended without its answer."),
        ),
        (
            codes.TASK_CODE,
            gettext_noop("Tasks"),
            gettext_noop("What a Task of the exchange is for."),
        ),
        (
            codes.TASK_VALUE,
            gettext_noop("Values of a Task"),
            gettext_noop("What goes in and out of a Task."),
        ),
        (
            codes.PRESENCE,
            gettext_noop("Presence"),
            gettext_noop("Whether something the team needs is there."),
        ),
        (
            codes.REQUESTER_KIND,
            gettext_noop("Kinds of requester"),
            gettext_noop("Who asks."),
        ),
        (
            codes.OWNER_KIND,
            gettext_noop("Who has it in hand"),
            gettext_noop("In which part somebody has a request in hand."),
        ),
    )
)

EXCHANGE_NAMES: tuple[Names, ...] = (
    Names(
        codes.REQUEST_NUMBER,
        gettext_noop("Numbers of requests, as people say them: A-7K3F9Q."),
    ),
)


def _of_request(
    url: str,
    title: str,
    type_: str,
    *,
    code_system: str = "",
    targets: tuple[str, ...] = (),
    most: str = "1",
) -> Extension:
    value = Part("", type_, "", 1, code_system=code_system, targets=targets)
    return Extension(url, title, title, _REQUEST, value=value, most=most)


EXCHANGE_EXTENSIONS: tuple[Extension, ...] = (
    _of_request(
        codes.EXT_URGENCY,
        gettext_noop("How soon the first visit must be"),
        "code",
        code_system=codes.URGENCY,
    ),
    _of_request(
        codes.EXT_LANGUAGE, gettext_noop("Language of the client (ISO 639-1)"), "code"
    ),
    _of_request(codes.EXT_AGE, gettext_noop("Age of the client"), "Age"),
    _of_request(
        codes.EXT_AGE_BAND,
        gettext_noop("Ten years in which the age lies, for teams that are asked"),
        "Range",
    ),
    _of_request(
        codes.EXT_CARE_LAW,
        gettext_noop("Law that pays for the care"),
        "code",
        code_system=CARE_LAW,
    ),
    _of_request(
        codes.EXT_INSURER, gettext_noop("Insurer of the client (UZOVI)"), "Identifier"
    ),
    _of_request(
        codes.EXT_ORDER_PRESENT,
        gettext_noop("Whether the instruction for reserved acts is there"),
        "code",
        code_system=codes.PRESENCE,
    ),
    _of_request(
        codes.EXT_MATERIALS_PRESENT,
        gettext_noop("Whether materials and medicines are there"),
        "code",
        code_system=codes.PRESENCE,
    ),
    _of_request(
        codes.EXT_KNOWN,
        gettext_noop("Provider that already cares for the client"),
        "Reference",
        targets=("Organization",),
    ),
    _of_request(
        codes.EXT_REFUSED,
        gettext_noop("Provider that the client objects to"),
        "Reference",
        targets=("Organization",),
        most="*",
    ),
    _of_request(
        codes.EXT_REQUESTER_KIND,
        gettext_noop("Kind of requester, where it does not follow"),
        "code",
        code_system=codes.REQUESTER_KIND,
    ),
    _of_request(
        codes.EXT_HOURS_EXPECTED,
        gettext_noop("Hours a week expected at the review"),
        "Quantity",
    ),
    _of_request(codes.EXT_REVIEW_ON, gettext_noop("Day of the review"), "date"),
    _of_request(
        codes.EXT_ROOM_KEPT_UNTIL,
        gettext_noop("Day until which the place of an admitted client is kept"),
        "date",
    ),
    _of_request(
        codes.EXT_DISTANCE,
        gettext_noop("Distance to the team that is asked, in whole kilometers"),
        "Quantity",
    ),
    _of_request(
        codes.EXT_CHANGE_REASON,
        gettext_noop("Why an update changes the first visit or the care"),
        "CodeableConcept",
        code_system=codes.CHANGE_REASON,
    ),
    _of_request(
        codes.EXT_ADMITTED_TO,
        gettext_noop("Where the client is admitted"),
        "code",
        code_system=codes.ADMISSION_PLACE,
    ),
    _of_request(
        codes.EXT_HOME_ON,
        gettext_noop("Day on which the client is expected home"),
        "date",
    ),
    Extension(
        codes.EXT_OWNER,
        gettext_noop("Who has it in hand"),
        gettext_noop("Who has a request in hand, and until when."),
        _REQUEST,
        parts=(
            Part(
                "kind",
                "code",
                gettext_noop("In which part."),
                1,
                code_system=codes.OWNER_KIND,
            ),
            Part("name", "string", gettext_noop("Who."), 1),
            Part("until", "dateTime", gettext_noop("Something happens before it."), 1),
        ),
    ),
    Extension(
        codes.EXT_PHONE_AGREEMENT,
        gettext_noop("Agreed by phone"),
        gettext_noop("A team took the client on the phone; no other is asked."),
        _REQUEST,
        parts=(
            Part(
                "team",
                "Reference",
                gettext_noop("The team's service."),
                1,
                targets=("HealthcareService",),
            ),
            Part("spoke-with", "string", gettext_noop("Who said yes.")),
        ),
    ),
    Extension(
        codes.EXT_CLIENT_LINK,
        gettext_noop("Link for the client"),
        gettext_noop("The client's private page with its code, given once."),
        _REQUEST,
        parts=(
            Part("address", "url", gettext_noop("Address of the page."), 1),
            Part("code", "string", gettext_noop("Six digits, given apart from it."), 1),
        ),
    ),
    Extension(
        codes.EXT_GIVEN_BY,
        gettext_noop("Who decided on sharing"),
        gettext_noop("Who said it: the client or the representative."),
        ("Consent",),
        value=Part("", "code", "", 1, code_system=codes.CONSENT_GIVER),
    ),
)
