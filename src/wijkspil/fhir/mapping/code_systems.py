"""Our code systems, made from the words of the directory, with their value sets.

English displays with Dutch designations. The naming systems say which registers the
codes of areas come from.
"""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_noop

from wijkspil.directory import types as words
from wijkspil.fhir.mapping import codes
from wijkspil.fhir.mapping.coding import dutch, english
from wijkspil.fhir.mapping.described import DATE, PUBLISHER, describe, to_name
from wijkspil.fhir.mapping.extensions import value_set_of
from wijkspil.fhir.mapping.organization import PARTNERSHIPS
from wijkspil.fhir.mapping.wording import to_dutch, to_translated
from wijkspil.fhir.types import Resource


@dataclass(frozen=True)
class Codes:
    """One code system: of words of the directory, of others, or of both.

    ``others`` are (code, English msgid).
    """

    url: str
    title: str
    about: str
    of: type[TextChoices] | None = None
    others: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[1]


CODE_SYSTEMS: tuple[Codes, ...] = (
    Codes(
        codes.CARE,
        gettext_noop("Kinds of care"),
        gettext_noop("Kinds of care a service gives."),
        words.Care,
    ),
    Codes(
        codes.CARE_TASK,
        gettext_noop("Nursing tasks"),
        gettext_noop("What a district nursing team does."),
        words.CareTask,
    ),
    Codes(
        codes.CARE_LAW,
        gettext_noop("Care laws"),
        gettext_noop("Dutch laws that pay for care."),
        words.CareLaw,
    ),
    Codes(
        codes.COVERAGE_ROLE,
        gettext_noop("Parts in an area"),
        gettext_noop("Part a service plays in an area it covers."),
        words.CoverageRole,
    ),
    Codes(
        codes.ALLIANCE_ROLE,
        gettext_noop("Roles in an alliance"),
        gettext_noop("Who a member is in a neighborhood alliance."),
        words.AllianceRole,
    ),
    Codes(
        codes.OWN_ORGANIZATION_TYPE,
        gettext_noop("Kinds of organization"),
        gettext_noop("Kinds of organization and partnership in primary care."),
        words.OrganizationType,
        tuple((code, english) for code, (english, _dutch) in PARTNERSHIPS.items()),
    ),
    Codes(
        codes.PROFESSION,
        gettext_noop("Professions in a team"),
        gettext_noop("Professions of which a team says how many it has."),
        None,
        (
            ("district-nurse", gettext_noop("District nurses")),
            ("nurse", gettext_noop("Nurses")),
            ("carer", gettext_noop("Carers")),
            ("care-assistant", gettext_noop("Care assistants")),
            ("social-worker", gettext_noop("Social workers")),
        ),
    ),
    Codes(
        codes.PART_OF_DAY,
        gettext_noop("Parts of the day"),
        gettext_noop("Parts of the day a visit can fall in."),
        words.PartOfDay,
    ),
    Codes(
        codes.SIZE_BAND,
        gettext_noop("Sizes of care"),
        gettext_noop("Largest care a new client may need, in hours a week."),
        words.SizeBand,
    ),
    Codes(
        codes.NO_ROOM_REASON,
        gettext_noop("Reasons for no room"),
        gettext_noop("Why a team has no room."),
        words.NoRoomReason,
    ),
    Codes(
        codes.CAPACITY_STATUS,
        gettext_noop("Room or not"),
        gettext_noop(
            "Whether a service has room. “unknown” is never sent: it is what a reader "
            "finds when the report is too old, and what can be searched for."
        ),
        None,
        (
            ("capacity", gettext_noop("Has room")),
            ("no-capacity", gettext_noop("Has no room")),
            ("unknown", gettext_noop("Unknown")),
        ),
    ),
    Codes(
        codes.CAPACITY_UNIT,
        gettext_noop("Units of room"),
        gettext_noop("What the number of room counts."),
        None,
        (("clients", gettext_noop("New clients")),),
    ),
    Codes(
        codes.AUDIENCE,
        gettext_noop("Audiences"),
        gettext_noop("For whom a contact is meant."),
        words.Audience,
    ),
    Codes(
        codes.CONTACT_PURPOSE,
        gettext_noop("Purposes of contacts"),
        gettext_noop("What a contact is for."),
        words.ContactPurpose,
    ),
)


def _concepts(system: Codes) -> list[Resource]:
    named = [
        (word.value, english(word), dutch(word))
        for word in (list(system.of) if system.of else [])
    ]
    named += [
        (
            code,
            msgid,
            PARTNERSHIPS[code][1] if code in PARTNERSHIPS else to_dutch(msgid),
        )
        for code, msgid in system.others
    ]
    return [
        {
            "code": code,
            "display": display,
            "designation": [{"language": "nl", "value": in_dutch}],
        }
        for code, display, in_dutch in named
    ]


def to_code_system(system: Codes) -> Resource:
    """Return the CodeSystem with all its codes."""
    concepts = _concepts(system)
    return {
        "language": "en",
        **describe(
            "CodeSystem",
            system.id,
            title=system.title,
            about=system.about,
            caseSensitive=True,
            valueSet=value_set_of(system.url),
            content="complete",
            count=len(concepts),
            concept=concepts,
        ),
    }


def to_value_set(system: Codes) -> Resource:
    """Return the ValueSet of all codes of a code system."""
    return describe(
        "ValueSet",
        system.id,
        title=system.title,
        about=system.about,
        immutable=False,
        compose={"include": [{"system": system.url}]},
    )


@dataclass(frozen=True)
class Names:
    """One naming system: where identifiers come from."""

    url: str
    about: str

    @property
    def id(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[1]


NAMING_SYSTEMS: tuple[Names, ...] = (
    Names(
        codes.DIRECTORY_ID,
        gettext_noop("Logical ids of this directory, as identifiers."),
    ),
    Names(
        codes.CBS_AREA,
        gettext_noop(
            "Codes of municipalities, districts and neighborhoods of Statistics "
            "Netherlands (CBS)."
        ),
    ),
    Names(codes.PC4, gettext_noop("Dutch postcodes of 4 digits.")),
    Names(codes.PC6, gettext_noop("Dutch postcodes of 4 digits and 2 letters.")),
    *(
        Names(
            f"{codes.REGION}-{purpose.value}",
            gettext_noop("Codes of regions made of municipalities, by purpose."),
        )
        for purpose in words.RegionPurpose
    ),
)


def to_naming_system(names: Names) -> Resource:
    """Return the NamingSystem (it has no url of its own in R4)."""
    return {
        "resourceType": "NamingSystem",
        "id": names.id,
        "name": to_name(names.id),
        "status": "active",
        "kind": "identifier",
        "date": DATE,
        "publisher": PUBLISHER,
        **to_translated("description", names.about),
        "uniqueId": [{"type": "uri", "value": names.url, "preferred": True}],
    }
